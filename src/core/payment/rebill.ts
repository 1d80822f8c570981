/** Rebill: charges the card of an order again, or asks its bank again, for goods that were added. It is a payment of its own, linked to the first. */

import { rebillAtBank } from '../bank/authorize.ts';
import type { CredentialUse } from '../instrument/agreement.ts';
import { refuseInactive } from '../merchant/activation.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseAmount } from '../money/refuse-money.ts';
import { orderedId } from '../ordered-id.ts';
import type { NewPayment } from '../ports/new-operation.ts';
import { type Refusal, refusal, refused } from '../refusals.ts';
import type { ReviewCause } from '../risk/rule.ts';
import { screen } from '../risk/screen.ts';
import { isIssuerAsked, waitingForIssuer } from './await-issuer.ts';
import type { Waiting } from './await-shopper.ts';
import { firstReferenceOf } from './credential-use.ts';
import type { ActResult, Engine } from './engine.ts';
import { heldForReview } from './hold-for-review.ts';
import { repeatOf } from './idempotency.ts';
import { keyOf, type OperateCommand, refuseUnsuccessful } from './operate.ts';
import { isCharge, isChargedBack, type OperationNode, type PaymentTree } from './operation.ts';
import { capturesIn } from './refund.ts';
import { refuseWhenUnavailable } from './store-failure.ts';
import { type PaymentCard, submit } from './submit.ts';

/** Runs the new payment to a certain outcome, or to "not answered". It needs an amount and its currency. */
export function rebill(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return refuseWhenUnavailable(engine, async () => {
    const { channel, operationId } = command;
    const { merchantId, channelId } = channel;
    const key = await keyOf(engine, 'rebill', command);
    const repeat = await repeatOf(engine, { merchantId, channelId, ...key });
    if (repeat !== undefined) return repeat;
    const tree = await engine.store.findTree({ merchantId, operationId });
    const named = tree?.operations.find((operation) => operation.operationId === operationId);
    if (tree === undefined || named === undefined) return refused('operation_unknown');
    const amount = decideRebill(tree, named, command);
    if (typeof amount !== 'number') return { kind: 'refused', refusal: amount };
    const { cardId, card, bank } = named;
    if (bank !== undefined) return rebillAtBank(engine, { command, tree, use: bank, amount, key });
    if (card === undefined || cardId === undefined) return refused('card_gone', 'card');
    const inactive = refuseInactive(channel, { brand: card.brand });
    if (inactive !== undefined) return { kind: 'refused', refusal: inactive };
    const kept = { cardId, summary: card };
    const { idempotencyKey } = command;
    // Nobody is there who could come from somewhere.
    const asked = { channel, kind: 'rebill', origin: {}, card: kept, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) } as const;
    const verdict = channel.riskRules === undefined ? undefined : await screen(engine, asked);
    const rejection = verdict?.action === 'block' ? verdict.reason : undefined;
    const cause = verdict?.action === 'review' ? verdict.cause : undefined;
    const payable = { ...kept, ...(rejection === undefined ? {} : { rejection }) };
    const use = useUnder(tree);
    const waits = rejection === undefined ? await waitingOf(engine, channel, { tree, card: kept, use }) : undefined;
    const row = await newPayment(engine, command, { tree, named, card: payable, amount, use, isSent: waits === undefined, cause });
    return submit(engine, { channel, tokenize: false, ...(waits === undefined ? {} : { waits }) }, payable, { ...row, ...key });
  });
}

/** Whether its issuer is asked first; nothing is looked up where the channel does not want it. */
async function waitingOf(
  engine: Engine,
  channel: Channel,
  { tree, card, use }: { readonly tree: PaymentTree; readonly card: PaymentCard; readonly use: CredentialUse },
): Promise<Waiting | undefined> {
  if (!isIssuerAsked({ channel, use, wish: undefined })) return undefined;
  const { cardId, summary } = card;
  const pan = await engine.vault.reveal({ merchantId: channel.merchantId, cardId });
  if (pan === undefined) return undefined;
  const first = firstOf(tree);
  return waitingForIssuer(engine, {
    ...{ channel, use, wish: undefined, summary, pan, tokenize: false },
    ...(first === undefined ? {} : { initial: { operationId: first.operationId } }),
  });
}

function firstOf({ operations }: PaymentTree): OperationNode | undefined {
  return operations.find(({ targetId }) => targetId === undefined);
}

/** The amount to charge, or why not: any amount, for an order that was processed and not called off. */
export function decideRebill(tree: PaymentTree, named: OperationNode, command: OperateCommand): number | Refusal {
  const { channel, amount, currency } = command;
  if (tree.channelId !== channel.channelId) return refusal('operation_of_other_channel');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  const charges = chargesOf(tree, named);
  if (charges.length === 0) return refusal('wrong_kind');
  if (currency !== undefined && currency !== tree.currency) return refusal('currency_mismatch', 'currency');
  if (charges.every((charge) => charge.reversed === charge.amount)) return refusal('nothing_left');
  if (charges.every(isChargedBack)) return refusal('charged_back');
  return amount === undefined ? refusal('amount_too_low', 'amount') : (refuseAmount(amount) ?? amount);
}

/** What of the order was charged. Merchants often name the authorization, whose id they kept: then its captures are meant. */
function chargesOf(tree: PaymentTree, named: OperationNode): readonly OperationNode[] {
  if (named.kind === 'preauthorization') return capturesIn(tree);
  return isCharge(named) ? [named] : [];
}

interface Rebilled {
  readonly tree: PaymentTree;
  readonly named: OperationNode;
  readonly card: PaymentCard;
  readonly amount: number;
  readonly use: CredentialUse;
  /** It is sent at once, unless its card is rejected. */
  readonly isSent: boolean;
  /** An operator is to look at it first. */
  readonly cause: ReviewCause | undefined;
}

async function newPayment(
  engine: Engine,
  command: OperateCommand,
  { tree, named, card, amount, use, isSent, cause }: Rebilled,
): Promise<NewPayment> {
  const { channel, merchantReference, dialectData } = command;
  const held = cause === undefined ? undefined : heldForReview(engine, { cause, after: 'rebill', dialectData });
  const kind = 'rebill';
  return {
    ...{
      merchantId: channel.merchantId,
      channelId: channel.channelId,
      paymentId: orderedId(engine.clock),
      operationId: orderedId(engine.clock),
    },
    ...{ kind, amount, currency: tree.currency, cardId: card.cardId, card: card.summary, dialectData },
    referenceId: named.operationId,
    agreement: use,
    ...(card.rejection === undefined ? {} : { rejection: card.rejection }),
    ...(card.rejection === undefined && isSent ? { trace: await engine.acquirer.prepare({ channel, kind: held?.kind ?? kind }) } : {}),
    createdAtMs: engine.clock.businessNow(),
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...held,
  };
}

/** The shopper is not there: the merchant starts it, under the first payment's transaction id. */
function useUnder(tree: PaymentTree): CredentialUse {
  const first = firstOf(tree);
  const networkReference = first === undefined ? undefined : firstReferenceOf(first);
  return {
    ...{ initiator: 'merchant', sequence: 'subsequent', type: 'unscheduled' },
    ...(networkReference === undefined ? {} : { networkReference }),
  };
}
