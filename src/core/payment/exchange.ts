/** The exchange of a first operation with the acquirer, and what its answer makes of it; a card that is to be kept gets its token in between. */
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { Cvc, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { purgeTime } from '../merchant/retention.ts';
import type { AcquirerAnswer } from '../ports/acquirer.ts';
import type { NewPayment } from '../ports/new-operation.ts';
import type { CardTesting, Tried } from '../risk/card-testing.ts';
import { judgeChecks } from '../risk/judge-checks.ts';
import { isHeldForChecks } from '../risk/review.ts';
import type { AuthenticationEvidence, Exemption } from '../three-d-secure/authentication.ts';
import { conclude, type OpenOperation } from './conclude.ts';
import { type DeclineReason, isDeclineReason } from './decline.ts';
import type { Engine } from './engine.ts';
import type { OperationView, Trace } from './operation.ts';
import { passChecks } from './pass-checks.ts';
import { noteDecline } from './retry-limits.ts';
import { giveUpApproval } from './unwanted-approval.ts';

type Declined = Extract<AcquirerAnswer, { readonly outcome: 'declined' }>;

/** What of a new payment its exchange needs. */
export type Sent = Pick<
  NewPayment,
  'merchantId' | 'operationId' | 'kind' | 'amount' | 'currency' | 'cardId' | 'card' | 'agreement' | 'createdAtMs'
>;

export interface Exchange {
  readonly channel: Channel;
  readonly open: OpenOperation;
  readonly row: Sent;
  readonly trace: Trace;
  readonly pan: Pan;
  readonly cvc?: Cvc;
  readonly authentication?: AuthenticationEvidence;
  /** The proof that belongs to it, base64. */
  readonly authenticationValue?: string;
  readonly exemption?: Exemption;
  readonly isByMailOrPhone?: true;
  /** Of the holder: the issuer compares it with the one that it knows. */
  readonly address?: BillingAddress;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  /** Of the shopper. */
  readonly ip?: string;
  readonly email?: string;
  /** Told of a decline before it is recorded; what it returns stands instead. */
  readonly onDecline?: (answer: Declined) => Promise<OperationView | undefined>;
}

export async function exchange(engine: Engine, { channel, open: begun, row, trace, tokenize, ...more }: Exchange): Promise<OperationView> {
  const { merchantId, operationId, kind, amount, currency, card, agreement } = row;
  const { pan, authentication, authenticationValue, exemption, isByMailOrPhone, address } = more;
  // The schemes forbid the code in what the merchant starts: the shopper is not there to give it.
  const cvc = agreement?.initiator === 'merchant' ? undefined : more.cvc;
  const request = {
    ...{ reference: { merchantId, operationId }, kind, trace, amount, currency, card },
    ...(agreement === undefined ? {} : { agreement }),
    ...(authentication === undefined ? {} : { authentication }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(isByMailOrPhone === undefined ? {} : { isByMailOrPhone }),
    ...(address === undefined ? {} : { address }),
  };
  const secrets = { pan, ...(cvc === undefined ? {} : { cvc }), ...(authenticationValue === undefined ? {} : { authenticationValue }) };
  const answer = await engine.acquirer.send(request, secrets);
  const isPart = answer.outcome === 'partly_approved';
  const isTaken = answer.outcome === 'approved' || isPart;
  const met = isTaken ? judgeChecks(channel.riskRules, answer.checks) : undefined;
  const told = met?.action === 'decline' ? met.reason : answer.outcome === 'declined' ? answer.reason : answer.outcome;
  if (engine.cardTesting !== undefined) noteAnswer(engine.cardTesting, { ...row, pan, ip: more.ip, email: more.email }, told);
  if (isPart && channel.acceptsPartialApproval !== true) {
    return giveUpApproval(engine, begun, answer, { reason: 'partly_approved', request, secrets });
  }
  if (isTaken && met?.action === 'decline') return giveUpApproval(engine, begun, answer, { reason: met.reason, request, secrets });
  const open = isPart ? { view: { ...begun.view, amount: answer.approvedAmount, requestedAmount: amount } } : begun;
  const instead = answer.outcome === 'declined' ? await more.onDecline?.(answer) : undefined;
  if (instead !== undefined) return instead;
  const keep = (kept: OpenOperation) => record(engine, kept, answer, { channel, row, tokenize, pan });
  return isTaken && isHeldForChecks(open.view) && met === undefined ? passChecks(engine, { open, channel }, keep) : keep(open);
}

/** The answer is recorded; a card that is to be kept gets its token before. */
async function record(
  engine: Engine,
  open: OpenOperation,
  answer: AcquirerAnswer,
  { channel, row, tokenize, pan }: Pick<Exchange, 'channel' | 'row' | 'tokenize' | 'pan'>,
): Promise<OperationView> {
  const { merchantId, operationId, cardId, card } = row;
  if ((answer.outcome !== 'approved' && answer.outcome !== 'partly_approved') || !tokenize) {
    const operation = await conclude(engine, open, answer);
    if (answer.outcome === 'declined') await noteDecline(engine, row, pan, answer);
    return operation;
  }
  try {
    const purgeAtMs = purgeTime(row.createdAtMs, channel, engine.settings);
    const token = await engine.vault.tokenize({ merchantId, cardId, summary: card, purgeAtMs });
    return await conclude(engine, { ...open, token }, answer);
  } catch (error) {
    engine.log.error({ operationId, error: String(error) }, 'the payment was approved, but its card could not be kept under a token');
    return conclude(engine, open, answer);
  }
}

/** Whoever tries out cards is known by the answers; an unknown outcome says nothing of a card, and what a merchant initiates nobody has typed in. */
function noteAnswer(
  cardTesting: CardTesting,
  { kind, merchantId, amount, currency, agreement, pan, ip, email }: Sent & Pick<Tried, 'pan' | 'ip' | 'email'>,
  told: AcquirerAnswer['outcome'] | DeclineReason,
): void {
  if (kind === 'payout' || agreement?.initiator === 'merchant') return;
  if (told !== 'approved' && (told === 'partly_approved' || !isDeclineReason(told))) return;
  cardTesting.note({ merchantId, ip, email, pan, amount, currency, answer: told });
}
