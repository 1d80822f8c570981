/** What the operators' console API works with. */
import type { ConsoleParts } from '../console-api/parts.ts';
import type { DueWork } from '../core/due/work.ts';
import type { Engine } from '../core/payment/engine.ts';
import { dialects } from '../dialects/registry.ts';
import type { Door } from '../http/limits/door.ts';
import type { Outbound } from '../http/outbound.ts';
import { sendTestMail } from '../mail/test-mail.ts';
import type { MailTransport } from '../mail/transport.ts';
import { createOperatorStore } from '../store/operator-store.ts';
import { verify } from '../store/verify.ts';
import { dataKeyStates, masterKeyStates } from '../vault/key-states.ts';
import { emailFields } from './by-dialect.ts';
import type { Foundation } from './foundation.ts';

export interface ConsoleNeeds {
  readonly door: Door;
  /** Whether an error means that the database is away. */
  readonly isUnavailable: (error: unknown) => boolean;
  readonly engine: Engine;
  readonly works: readonly DueWork[];
  readonly outbound: Outbound;
  readonly mail: MailTransport | undefined;
}

export function consolePartsOf(foundation: Foundation, { door, isUnavailable, engine, works, outbound, mail }: ConsoleNeeds): ConsoleParts {
  const { config, databases, databaseUrl, log, clock, vault, keyProvider } = foundation;
  return {
    logins: door.loginsOf({ name: 'console' }),
    keys: { operator: config.operatorKey, viewer: config.viewerKey },
    store: createOperatorStore(databases.general, { emailFields }),
    ...{ log, isUnavailable, mode: config.mode, clock, works, dialects, engine, outbound },
    ...(mail === undefined ? {} : { sendTestMail: (endpoint) => sendTestMail(mail, endpoint) }),
    readKeys: async () => ({ master_keys: await masterKeyStates(vault.keys, keyProvider), data_keys: await dataKeyStates(vault.keys) }),
    verify: () => verify({ databaseUrl }),
  };
}
