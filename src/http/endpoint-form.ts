/** What an operator may say of a webhook endpoint, read by the dialect's own form; and a test message, to see whether it takes what it is sent. */
import { holdsCardNumber } from '../core/instrument/mask.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { KeptEndpoint } from '../core/operator/operator-store.ts';
import type { Vault } from '../core/ports/vault.ts';
import type { DialectCallbacks, Mode } from '../dialects/dialect.ts';
import type { Outbound } from './outbound.ts';

/** Settings that are given, and the standard of those that are not. Throws {@link OperatorError}. */
export function readSettings({ form }: DialectCallbacks, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(form.settings, name) ? form.settings[name] : undefined;
    const field = `settings.${name}`;
    if (known === undefined) {
      const names = Object.keys(form.settings).join(', ') || 'none';
      throw new OperatorError(`There is no setting "${name}" here; there are: ${names}.`, { kind: 'invalid', field });
    }
    if (!known.pattern.test(value)) {
      throw new OperatorError(`The setting ${name} is "${value}"; expected ${known.expected}.`, { kind: 'invalid', field });
    }
  }
  return { ...Object.fromEntries(Object.entries(form.settings).map(([name, { standard }]) => [name, standard])), ...given };
}

/** The secret that is given, or a new one; undefined where the dialect needs none. Throws {@link OperatorError}. */
export function readSecret({ form }: DialectCallbacks, given: string | undefined): string | undefined {
  if (form.secret === undefined) {
    if (given !== undefined)
      throw new OperatorError('Endpoints of this dialect have no secret; leave it out.', { kind: 'invalid', field: 'secret' });
    return undefined;
  }
  if (given !== undefined && !form.secret.pattern.test(given))
    throw new OperatorError(`The secret cannot be used; expected ${form.secret.expected}.`, { kind: 'invalid', field: 'secret' });
  return given ?? form.secret.make();
}

/** Throws {@link OperatorError} for a URL that is never called, or not kept. */
export function assertUrl(outbound: Pick<Outbound, 'problemOf'>, url: string): void {
  const wrong = outbound.problemOf(url) ?? (holdsCardNumber(url) ? 'it holds what looks like a card number' : undefined);
  if (wrong !== undefined) throw new OperatorError(`The URL cannot be used: ${wrong}.`, { kind: 'invalid', field: 'url' });
}

export interface TestParts {
  readonly callbacks: DialectCallbacks;
  readonly outbound: Outbound;
  readonly vault: Pick<Vault, 'openSecret'>;
  readonly mode: Mode;
}

/** `acknowledged` with HTTP 2xx; else why not, for people. */
export type Tested =
  | { readonly acknowledged: true; readonly status: number; readonly durationMs: number }
  | { readonly acknowledged: false; readonly problem: string };

/** Throws {@link OperatorError} when it has no URL of its own. */
export async function sendTest(
  { callbacks, outbound, vault, mode }: TestParts,
  { merchantId, endpointId, url, secret, settings }: KeptEndpoint,
): Promise<Tested> {
  if (url === null) throw new OperatorError('This endpoint stands for URLs that requests name; there is none to test.');
  const opened = secret === null ? {} : { secret: vault.openSecret({ merchantId, secretId: endpointId, sealed: secret }) };
  const message = callbacks.writeTest({ address: { url, settings, ...opened }, mode, nowMs: Date.now() });
  const answer = await outbound.send({ ...message, timeoutMs: callbacks.timeoutMs });
  if (answer.kind !== 'answered') return { acknowledged: false, problem: answer.problem };
  const { status, excerpt, durationMs } = answer;
  if (status >= 200 && status <= 299) return { acknowledged: true, status, durationMs };
  return { acknowledged: false, problem: `it answered HTTP ${status}, ${JSON.stringify(excerpt.slice(0, 200))}` };
}
