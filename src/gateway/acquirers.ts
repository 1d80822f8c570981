/** The links to those who move the money: the acquirer, and the bank where there is one. What they tell by themselves goes to the engine. */
import type { RunningAcquirer } from '../acquirers/acquirer.ts';
import { openAcquirer, openBank, type RunningBank } from '../acquirers/registry.ts';
import { takeBankNotice } from '../core/bank/take-report.ts';
import { takeDisputeNotice } from '../core/dispute/take-notice.ts';
import type { Engine } from '../core/payment/engine.ts';
import { takeLateAnswer } from '../core/payment/resolve.ts';
import { bankNotificationPath } from '../http/notifications/routes.ts';
import { createTraceNumbers } from '../store/trace-numbers.ts';
import type { Foundation } from './foundation.ts';
import { publicUrlOf } from './public-url.ts';

/** `engineOf`: the engine is built upon its acquirer, and is there before the acquirer tells anything. */
type EngineOf = () => Engine;

/** Connects in the background; see {@link RunningAcquirer.isReady}. */
export function startAcquirer({ config, databases, directory, clock, log, metrics }: Foundation, engineOf: EngineOf): RunningAcquirer {
  return openAcquirer(
    {
      iso8583: {
        ...config.acquirerAddress,
        connections: config.acquirerConnections,
        timeoutMs: config.acquirerTimeoutMs,
        institutionId: config.acquirerInstitutionId,
        privateText: config.mode === 'sandbox',
        addressChecks: config.addressChecks === 'on',
      },
    },
    {
      account: directory.account,
      numbers: createTraceNumbers(databases.general),
      clock,
      log,
      async onDispute(notice) {
        const taken = await takeDisputeNotice(engineOf(), notice);
        metrics.countDispute(notice.stage, taken.outcome);
        return taken;
      },
      onLateAnswer: (original, read) => takeLateAnswer(engineOf(), original, read),
    },
  );
}

/** Undefined where the settings name no bank. */
export function startBank({ config, clock, log }: Foundation, engineOf: EngineOf): RunningBank | undefined {
  const { bankUrl: url, bankSecret: secret, bankTimeoutMs: timeoutMs } = config;
  if (url === undefined || secret === undefined) return undefined;
  return openBank(
    { url, secret, timeoutMs, notificationUrl: `${publicUrlOf(config)}${bankNotificationPath}` },
    { log, wallNow: clock.wallNow, onReport: (report) => takeBankNotice(engineOf(), report) },
  );
}
