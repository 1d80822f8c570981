/** The webhook catcher of the sandbox as a test looks at it, and the OPP messages that it caught, decrypted. */
import { createDecipheriv } from 'node:crypto';
import { eventually } from './processes.ts';

export interface CaughtHook {
  readonly name: string;
  readonly received_ms: number;
  readonly method: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

export interface Hooks {
  readonly url: (name: string) => string;
  list(name: string): Promise<readonly CaughtHook[]>;
  /** Waits until `count` have come that were answered with 2xx, and that hold the text `about`, if one is given. */
  acknowledged(name: string, count: number, about?: string): Promise<readonly CaughtHook[]>;
  /** What the next deliveries are answered. */
  order(name: string, order: { readonly status?: number; readonly delay_ms?: number; readonly times?: number }): Promise<void>;
  clear(name: string): Promise<void>;
}

export function createHooks(sandboxUrl: string): Hooks {
  const call = async (path: string, options?: RequestInit): Promise<unknown> => {
    const response = await fetch(`${sandboxUrl}/control/hooks${path}`, options);
    if (!response.ok) throw new Error(`the catcher answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const list = async (name: string) => ((await call(`?name=${name}`)) as { readonly hooks: readonly CaughtHook[] }).hooks;
  return {
    url: (name) => `${sandboxUrl}/hooks/${name}`,
    list,
    async acknowledged(name, count, about = '') {
      let found: readonly CaughtHook[] = [];
      const enough = async () => {
        found = (await list(name)).filter(({ status, body }) => status < 300 && body.includes(about));
        return found.length >= count;
      };
      await eventually(enough, `${count} acknowledged webhooks at ${name}`);
      return found;
    },
    async order(name, order) {
      await call(`/${name}`, { method: 'POST', body: JSON.stringify(order) });
    },
    async clear(name) {
      await call(`?name=${name}`, { method: 'DELETE' });
    },
  };
}

/** Published with the sandbox. */
export const demoWebhookKey = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

export interface OppMessage {
  readonly type: string;
  readonly action?: string;
  // Read as deeply nested text; a leaf that is not there reads as undefined.
  readonly payload: Nested;
}

interface Nested {
  readonly [name: string]: Nested & string;
}

/** Throws when it is not what was encrypted under the key. */
export function decryptOpp({ headers, body }: CaughtHook, key = demoWebhookKey): OppMessage {
  const hex = body.startsWith('{') ? (JSON.parse(body) as { readonly encryptedBody: string }).encryptedBody : body;
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), Buffer.from(headers['x-initialization-vector'] ?? '', 'hex'));
  decipher.setAuthTag(Buffer.from(headers['x-authentication-tag'] ?? '', 'hex'));
  return JSON.parse(decipher.update(hex, 'hex', 'utf8') + decipher.final('utf8')) as OppMessage;
}

/** Whatever waits to be told is due now, whatever pause it is in. */
export async function hurryDeliveries(database: { query(text: string): Promise<unknown> }): Promise<void> {
  // What the gateway has locked it is working at already; to wait for it could be to wait for each other.
  await database.query(`update polygate.delivery set due_at = now() where ctid in (
    select ctid from polygate.delivery where state = 'pending' and lease is null for update skip locked)`);
  await database.query(`update polygate.endpoint set wake_at = now() where ctid in (
    select ctid from polygate.endpoint where wake_at > now() for update skip locked)`);
}
