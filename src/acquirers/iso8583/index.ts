/** The ISO 8583 acquirer: the core's port over a link, a layout and a source of traces. */
import type { AcquirerAnswer, AcquirerRequest, CardSecrets } from '../../core/ports/acquirer.ts';
import type { Iso8583Message } from '../../protocols/iso8583/codec.ts';
import { repeatOf } from '../../protocols/iso8583/messages.ts';
import type { AcquirerContext, RunningAcquirer } from '../acquirer.ts';
import { disputeAnswer, readDispute } from './disputes.ts';
import { type ExchangeResult, openLink, type RequestAnswer } from './link.ts';
import { isAnswerTo, type MessageParty, mtiOf, operationMessage, readAnswer, readUndoAnswer, undoMessage } from './messages.ts';
import { readReconciliationAnswer, reconciliationMessage } from './reconciliation.ts';
import { createTraceSource, routingNumberOf } from './trace-numbers.ts';
import { createUnawaitedAnswers } from './unawaited-answers.ts';

export interface Iso8583Settings {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly timeoutMs: number;
  /** DE32, up to eleven digits. */
  readonly institutionId: string;
  /** Whether the host reads DE127; the sandbox's does. */
  readonly privateText: boolean;
  /** Whether the host takes the holder's address in DE123. */
  readonly addressChecks: boolean;
}

const echoAfterMs = 30_000;
const connectTimeoutMs = 10_000;

export function openIso8583Acquirer(settings: Iso8583Settings, context: AcquirerContext): RunningAcquirer {
  const traces = createTraceSource(context);
  const unawaited = createUnawaitedAnswers({ lookUp, log: context.log });
  const link = openLink({
    ...settings,
    echoAfterMs,
    connectTimeoutMs,
    businessNow: context.clock.businessNow,
    log: context.log,
    onUnawaited: unawaited.take,
    onRequest: takeRequest,
  });

  /** The trace names the operation, whoever has sent it and however long ago. */
  async function lookUp(message: Iso8583Message): Promise<boolean> {
    const { 37: rrn = '' } = message.fields;
    const routingNumber = routingNumberOf(rrn);
    if (routingNumber === undefined) return false;
    return context.onLateAnswer({ routingNumber, rrn }, (request) =>
      isAnswerTo(message, request) ? readAnswer(message, request) : undefined,
    );
  }

  /** Disputes are answered when they are recorded. Whatever else the host asks is not agreed on this link. */
  async function takeRequest(message: Iso8583Message): Promise<RequestAnswer> {
    const notice = readDispute(message);
    switch (notice) {
      case 'other':
        return { responseCode: '12' };
      case 'malformed':
        context.log.error({ mti: message.mti, rrn: message.fields[37] }, 'the acquirer told of a dispute in a form that cannot be read');
        return { responseCode: '30' };
      default:
        return disputeAnswer(await context.onDispute(notice));
    }
  }

  async function partyOf(accountId: string): Promise<MessageParty> {
    const account = await context.account(accountId);
    if (account === undefined) throw new Error(`no acquirer account ${accountId}`);
    const { institutionId, privateText, addressChecks } = settings;
    return { account, institutionId, privateText, addressChecks };
  }

  /** Sends, or repeats. Errors come from building or packing only, before the first byte: "not sent". */
  async function exchange(build: () => Promise<Iso8583Message>): Promise<ExchangeResult> {
    try {
      return await link.exchange(await build());
    } catch (error) {
      context.log.error({ error: String(error) }, 'a message could not be made');
      return { kind: 'not_sent', cause: String(error) };
    }
  }

  async function operate(request: AcquirerRequest, secrets: CardSecrets, isRepeat: boolean): Promise<AcquirerAnswer> {
    const result = await exchange(async () => {
      const message = operationMessage(request, secrets, await partyOf(request.trace.accountId));
      return isRepeat ? { ...message, mti: repeatOf(message.mti) } : message;
    });
    switch (result.kind) {
      case 'answer':
        return readAnswer(result.message, request);
      case 'not_sent':
        return { outcome: 'not_sent', cause: result.cause };
      case 'lost':
        return { outcome: 'unknown', cause: result.cause };
    }
  }

  return {
    timeoutMs: settings.timeoutMs,
    deduplicates: true,
    isReady: link.isReady,
    readyConnections: link.readyConnections,
    async close() {
      await link.close();
      await unawaited.close();
    },
    async prepare({ channel, kind, terminal }) {
      const { account } = await partyOf(channel.accountId);
      const number = await traces.next({ scope: channel, account, ...(terminal === undefined ? {} : { terminal }) });
      return { accountId: account.accountId, mti: mtiOf(kind), ...number };
    },
    send: (request, secrets) => operate(request, secrets, false),
    repeat: (request, secrets) => operate(request, secrets, true),
    undoTrace: (trace) => ({ ...trace, mti: '0420' }),
    async undo(request, secrets, attempt) {
      const result = await exchange(async () => {
        const message = undoMessage(request, secrets, await partyOf(request.trace.accountId));
        return attempt > 1 ? { ...message, mti: repeatOf(message.mti) } : message;
      });
      if (result.kind === 'answer') return readUndoAnswer(result.message);
      return { outcome: result.kind === 'lost' ? 'unknown' : 'not_sent', cause: result.cause };
    },
    async prepareReconciliation(accountId) {
      const { account } = await partyOf(accountId);
      // No merchant has the number 0: the message is about the account, and is nobody's payment.
      return { accountId, mti: '0500', ...(await traces.next({ scope: { accountId, routingNumber: 0 }, account })) };
    },
    async reconcile(request, attempt) {
      const result = await exchange(async () => {
        const message = reconciliationMessage(request, await partyOf(request.trace.accountId));
        return attempt > 1 ? { ...message, mti: repeatOf(message.mti) } : message;
      });
      if (result.kind === 'answer') return readReconciliationAnswer(result.message);
      return { outcome: result.kind === 'lost' ? 'unknown' : 'not_sent', cause: result.cause };
    },
  };
}
