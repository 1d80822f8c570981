/** The bank adapter: the core's port over the bank's HTTP API, and the bank's signed notifications. */
import { randomBytes } from 'node:crypto';
import { type Bank, type BankAct, type BankActAnswer, type BankAnswer, type BankReport, transfersAccountId } from '../../core/bank/bank.ts';
import type { ReportOutcome } from '../../core/bank/take-report.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { EngineLog } from '../../core/payment/engine.ts';
import type { Trace } from '../../core/payment/operation.ts';
import { type Answer, exchange } from './exchange.ts';
import { readReport } from './report.ts';
import { isSigned } from './signature.ts';
import { type Ask, askForTotals, orderTransfer } from './transfers.ts';

export interface BankSettings {
  /** Where its API is, without a slash at the end. */
  readonly url: string;
  /** Lets the gateway in, and signs what the bank sends. */
  readonly secret: string;
  readonly timeoutMs: number;
  /** Where the bank sends its notifications. Known to it with each order. */
  readonly notificationUrl: string;
}

export interface BankContext {
  readonly log: EngineLog;
  /** Wall time, epoch ms. */
  readonly wallNow: () => number;
  /** Resolves when the report is recorded, or certainly concerns nothing here; rejects when the bank has to tell it again. */
  readonly onReport: (report: BankReport) => Promise<ReportOutcome>;
}

/** The answer to a notification: an HTTP status and what is wrong. */
export interface NotificationAnswer {
  readonly status: 200 | 400 | 401 | 503;
  readonly error?: string;
}

export interface RunningBank extends Bank {
  /** Takes a notification as it came. Whatever is not signed by the bank, or too old, changes nothing. */
  takeNotification(request: { readonly signature: string | undefined; readonly body: Buffer }): Promise<NotificationAnswer>;
}

/** The name under which messages to the bank are recorded. */
const accountId = 'bank';
/** 36^20 references: two alike will not be made. */
const randomDigits = 20;

export function openBank(settings: BankSettings, { log, wallNow, onReport }: BankContext): RunningBank {
  const ask = (method: 'GET' | 'POST', path: string, body?: object) =>
    exchange(settings, { method, path, ...(body === undefined ? {} : { body }) });
  const pathOf = ({ accountId: kind, rrn }: Trace) => `/bank/${kind === transfersAccountId ? 'transfers' : 'payments'}/${rrn}`;
  const newTrace = (kind: string, routingNumber: number, nowMs: number): Trace => {
    const reference = `${randomText()}${routingNumber.toString(36).padStart(4, '0')}`;
    return { accountId: kind, mti: 'bank', terminal: kind, stan: reference, rrn: reference, transmittedAtMs: nowMs };
  };
  return {
    timeoutMs: settings.timeoutMs,
    prepare: ({ routingNumber, nowMs }) => newTrace(accountId, routingNumber, nowMs),
    prepareTransfer: ({ routingNumber, nowMs }) => newTrace(transfersAccountId, routingNumber, nowMs),
    prepareReconciliation: () => Promise.resolve(newTrace(transfersAccountId, 0, wallNow())),
    reconcile: (request) => askForTotals(request, ask),
    transfer: async (order) => reported(await orderTransfer(order, settings.notificationUrl, ask)),
    async start({ trace, amount, currency, method, creditor, returnUrl, unattended }) {
      const decimals = currencyOf(currency)?.decimals ?? 2;
      const { notificationUrl } = settings;
      return reported(
        await ask('POST', '/bank/payments', {
          reference: trace.rrn,
          amount,
          currency,
          decimals,
          method,
          creditor,
          returnUrl,
          notificationUrl,
          ...(unattended === undefined ? {} : { unattended }),
        }),
      );
    },
    look: async (trace) => reported(await ask('GET', pathOf(trace))),
    cancel: async (trace) => reported(await ask('POST', `${pathOf(trace)}/cancel`, {})),
    act: (act) => perform(act, ask),
    async takeNotification({ signature, body }) {
      if (!isSigned({ signature, body, secret: settings.secret, nowMs: wallNow() })) {
        log.warn({ bytes: body.length }, 'a notification was not signed by the bank, or is too old; it changes nothing');
        return { status: 401, error: 'the signature is wrong, or its time is too far from now' };
      }
      const report = readReport(parsed(body));
      if (report === undefined) return { status: 400, error: 'the notification cannot be read' };
      try {
        await onReport(report);
        return { status: 200 };
      } catch (error) {
        log.warn({ reference: report.reference, error: String(error) }, 'a notification of the bank could not be recorded yet');
        return { status: 503, error: 'try again' };
      }
    },
  };
}

/** Money is sent back under the act's own reference; an order is called off as a whole. */
async function perform({ kind, trace, original, amount }: BankAct, ask: Ask): Promise<BankActAnswer> {
  if (kind === 'refund') {
    const answer = await ask('POST', `/bank/payments/${original.rrn}/refunds`, { refundReference: trace.rrn, amount });
    if (answer.kind !== 'answer') return { outcome: answer.kind, cause: answer.cause };
    if (answer.status >= 400) return { outcome: 'refused', responseCode: String(answer.status) };
    return stateOf(answer.body) === 'refunded'
      ? { outcome: 'done', responseCode: 'refunded' }
      : { outcome: 'refused', responseCode: 'refused' };
  }
  const answer = await ask('POST', `/bank/payments/${original.rrn}/cancel`, {});
  if (answer.kind !== 'answer') return { outcome: answer.kind, cause: answer.cause };
  const state = stateOf(answer.body) ?? String(answer.status);
  return { outcome: state === 'canceled' ? 'done' : 'refused', responseCode: state };
}

function stateOf(body: unknown): string | undefined {
  const { state } = (body ?? {}) as { readonly state?: unknown };
  return typeof state === 'string' ? state : undefined;
}

function reported(answer: Answer): BankAnswer {
  if (answer.kind !== 'answer') return { outcome: answer.kind, cause: answer.cause };
  if (answer.status === 404) return { outcome: 'not_found' };
  if (answer.status >= 400) return { outcome: 'refused', cause: `the bank answered ${answer.status}` };
  const report = readReport(answer.body);
  return report === undefined ? { outcome: 'unknown', cause: 'the answer cannot be read' } : { outcome: 'report', report };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Letters and digits, each of the 36 as likely as any other. */
function randomText(): string {
  let text = '';
  while (text.length < randomDigits) {
    for (const byte of randomBytes(randomDigits)) if (byte < 252 && text.length < randomDigits) text += (byte % 36).toString(36);
  }
  return text;
}
