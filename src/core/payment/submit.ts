/**
 * A new payment's way through its two transactions, with one exchange with the acquirer between them; the card goes to the vault beside the first one,
 * and nothing is sent before both are durable.
 */
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { purgeTime } from '../merchant/retention.ts';
import type { NewPayment, Submission } from '../ports/new-operation.ts';
import { refused } from '../refusals.ts';
import { inReview } from '../risk/review.ts';
import type { Exemption } from '../three-d-secure/authentication.ts';
import { evidenceOf, shiftsLiability } from '../three-d-secure/external.ts';
import type { AuthorizeCommand } from './authorize-command.ts';
import type { Waiting } from './await-shopper.ts';
import { conclude } from './conclude.ts';
import { isTooLateToSend } from './deadline.ts';
import type { ActResult, Engine } from './engine.ts';
import { exchange } from './exchange.ts';
import { resultOfFailure, resultOfHolder } from './idempotency.ts';
import type { OperationView, RejectionReason } from './operation.ts';
import { blockOf } from './retry-limits.ts';
import { isCertainlyNotRecorded } from './store-failure.ts';

/** What of a command the exchange needs beside the rows. */
type Conduct = Pick<
  AuthorizeCommand,
  'channel' | 'tokenize' | 'authentication' | 'exemption' | 'isByMailOrPhone' | 'origin' | 'shopper'
> & {
  readonly waits?: Waiting;
};

/** The card a payment uses: a new one to be stored under `cardId`, or the one behind a token. */
export interface PaymentCard {
  readonly cardId: string;
  readonly summary: CardSummary;
  readonly pan?: Pan;
  readonly cvc?: Cvc;
  readonly token?: string;
  readonly rejection?: RejectionReason;
}

/** First transaction and vault side by side; then the exchange; then the second transaction. */
export async function submit(engine: Engine, command: Conduct, card: PaymentCard, row: NewPayment): Promise<ActResult> {
  const startedMs = performance.now();
  const { waits } = command;
  const recording = waits === undefined || row.rejection !== undefined ? engine.store.submitPayment(row) : waits.record(row);
  const [submission, pan] = await Promise.allSettled([recording, panInVault(engine, card, row, command.channel)]);
  if (submission.status === 'rejected') {
    if (isCertainlyNotRecorded(submission.reason) && pan.status === 'fulfilled') discardOrphan(engine, card, row);
    return resultOfFailure(engine, submission.reason, row, viewOf(row));
  }
  if (submission.value === 'card_blocked') {
    const reason = pan.status === 'rejected' || pan.value === undefined ? undefined : await blockOf(engine, row, pan.value);
    return reason === undefined
      ? submit(engine, command, stored(card), { ...row, blocksChecked: true })
      : reject(engine, command, card, row, reason);
  }
  const lost = await lostRace(engine, card, row, submission.value);
  if (lost !== undefined) return lost;
  const { trace } = row;
  if (trace === undefined) {
    const stands = row.rejection !== undefined || waits === undefined;
    const inVault = pan.status === 'fulfilled' ? pan.value : undefined;
    return { kind: 'recorded', operation: stands ? viewOf(row) : await waits.begin(row, viewOf(row), inVault), repeat: false };
  }
  if (isTooLateToSend(startedMs)) {
    engine.log.warn({ operationId: row.operationId }, 'recording took too long; the payment is not sent and its resolution will close it');
    return { kind: 'recorded', operation: viewOf(row), repeat: false };
  }
  const open = { view: viewOf(row) };
  if (pan.status === 'rejected' || pan.value === undefined) {
    engine.log.error({ operationId: row.operationId }, 'the card could not be stored; the payment is not sent');
    const operation = await conclude(engine, open, {
      outcome: 'not_sent',
      cause: 'the card is not in the vault',
      reason: pan.status === 'rejected' ? 'card_not_stored' : 'card_purged',
    });
    return { kind: 'recorded', operation, repeat: false };
  }
  const { channel, tokenize, authentication, isByMailOrPhone } = command;
  const exemption = exemptionOf(command, row);
  const ip = command.origin?.ip ?? command.shopper?.browser.ip;
  const email = command.origin?.email ?? command.shopper?.email;
  const address = command.origin?.address;
  const { cvc } = card;
  const operation = await exchange(engine, {
    ...{ channel, tokenize, open, row, trace, pan: pan.value },
    ...(cvc === undefined ? {} : { cvc }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(isByMailOrPhone === undefined ? {} : { isByMailOrPhone }),
    ...(ip === undefined ? {} : { ip }),
    ...(email === undefined ? {} : { email }),
    ...(address === undefined ? {} : { address }),
    ...(authentication === undefined ? {} : { authentication: evidenceOf(authentication) }),
    ...(authentication?.authenticationValue === undefined ? {} : { authenticationValue: authentication.authenticationValue }),
  });
  return { kind: 'recorded', operation, repeat: false };
}

/** What the merchant claims; but an authentication that it brings along is worth more, and an order by mail or telephone needs no exemption. */
function exemptionOf(
  { authentication, exemption, isByMailOrPhone }: Conduct,
  { card: { brand }, agreement }: NewPayment,
): Exemption | undefined {
  if (isByMailOrPhone === true) return undefined;
  if (exemption === undefined || authentication === undefined) return exemption;
  return shiftsLiability(authentication, { brand, isLater: agreement?.initiator === 'merchant' }) ? undefined : exemption;
}

/** A card that is in the vault by now. */
function stored({ pan, ...card }: PaymentCard): PaymentCard {
  return card;
}

/** Recorded instead of sent, like what no acquirer would be asked about. */
function reject(engine: Engine, command: Conduct, card: PaymentCard, row: NewPayment, rejection: RejectionReason): Promise<ActResult> {
  discardOrphan(engine, card, row);
  const { trace, ...unsent } = row;
  return submit(engine, command, { ...stored(card), rejection }, { ...unsent, rejection, blocksChecked: true });
}

/** Stores a new card, or reads one that is kept, which then stays until this payment does not need it any more. */
async function panInVault(engine: Engine, card: PaymentCard, row: NewPayment, channel: Channel): Promise<Pan | undefined> {
  const { merchantId, cardId } = row;
  if (card.rejection !== undefined) return undefined;
  const purgeAtMs = purgeTime(row.createdAtMs, channel, engine.settings);
  if (card.pan === undefined) return engine.vault.reveal({ merchantId, cardId, neededUntilMs: purgeAtMs });
  await engine.vault.store({ merchantId, cardId, pan: card.pan, purgeAtMs });
  return card.pan;
}

async function lostRace(engine: Engine, card: PaymentCard, row: NewPayment, submission: Submission): Promise<ActResult | undefined> {
  if (submission === 'submitted') return undefined;
  discardOrphan(engine, card, row);
  if (submission === 'guard_failed') return refused('balance_too_low', 'amount');
  return resultOfHolder(engine, row);
}

/** A card stored for a payment that does not exist; its purge date would take it later anyway. */
function discardOrphan(engine: Engine, card: PaymentCard, { merchantId, cardId }: NewPayment): void {
  if (card.pan === undefined) return;
  engine.vault.discard({ merchantId, cardId }).catch((error: unknown) => {
    engine.log.warn({ cardId, error: String(error) }, 'an unused card stays in the vault until its purge date');
  });
}

function viewOf(row: NewPayment): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, card, dialectData, createdAtMs } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind, amount, currency, card, dialectData, createdAtMs },
    state: row.rejection !== undefined ? 'rejected' : row.trace === undefined ? 'awaiting' : 'submitted',
    ...(row.trace === undefined ? {} : { trace: row.trace }),
    ...(row.token === undefined ? {} : { token: row.token }),
    ...(row.referenceId === undefined ? {} : { referenceId: row.referenceId }),
    ...(row.agreement === undefined ? {} : { agreement: row.agreement }),
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
    ...reasonOf(row),
  };
}

/** The reason that a new payment is recorded with. */
function reasonOf({ rejection, review }: NewPayment): Pick<OperationView, 'reason'> {
  if (rejection !== undefined) return { reason: rejection };
  return review === undefined ? {} : { reason: inReview };
}
