/** What a merchant asks for with a new payment by card, whatever protocol it was said in, and what is refused without looking at any card. */
import { type AgreementRequest, isConsistent } from '../instrument/agreement.ts';
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseMoney } from '../money/refuse-money.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { Origin } from '../risk/rule.ts';
import type { Exemption } from '../three-d-secure/authentication.ts';
import type { ExternalAuthentication } from '../three-d-secure/external.ts';
import type { ShopperlessWish } from './await-issuer.ts';
import type { Shopper } from './await-shopper.ts';
import type { PaymentNames } from './merchant-names.ts';
import type { RejectionReason } from './operation.ts';

/**
 * What is paid with. `rejected`: the request names a card that no acquirer would be asked about; it is recorded with its reason, and
 * without the number.
 */
export type Instrument =
  | { readonly type: 'card'; readonly pan: Pan; readonly cvc?: Cvc; readonly summary: CardSummary }
  | { readonly type: 'token'; readonly token: string; readonly cvc?: Cvc }
  /** The card of an earlier payment of the same merchant. */
  | { readonly type: 'kept'; readonly cardId: string; readonly summary: CardSummary }
  | { readonly type: 'rejected'; readonly summary: CardSummary; readonly reason: RejectionReason };

export interface AuthorizeCommand extends PaymentNames {
  readonly channel: Channel;
  readonly kind: 'preauthorization' | 'debit' | 'payout';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly instrument: Instrument;
  /** From the merchant's own 3-D Secure server. */
  readonly authentication?: ExternalAuthentication;
  /** Of strong customer authentication, asked for. */
  readonly exemption?: Exemption;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  /** Under which agreement a stored card is used, or that one is made. */
  readonly agreement?: AgreementRequest;
  /** Where it comes from; what is not said is taken from the shopper. */
  readonly origin?: Origin;
  /** The shopper has ordered by mail or telephone, and the merchant has typed the card: no authentication of theirs is called for. */
  readonly isByMailOrPhone?: true;
  /** Present: the shopper is there, and may be sent to the issuer to authenticate. */
  readonly shopper?: Shopper;
  /** Of a payment that the merchant starts: whether its issuer is asked before, and what it is told. */
  readonly withoutShopper?: ShopperlessWish;
  /** Of a preauthorization: all of it is captured at once. */
  readonly thenCapture?: true;
  /** Of a preauthorization: all that is left of it by then is captured; in ms from now, or at a business time in epoch ms. */
  readonly captureLater?: { readonly afterMs: number } | { readonly atMs: number };
  /** Of that capture: its dialect data. */
  readonly captureData?: Readonly<Record<string, string>>;
}

/** What is wrong with a command whatever card it names. */
export function refuseTerms({
  amount,
  currency,
  channel,
  agreement,
}: Pick<AuthorizeCommand, 'amount' | 'currency' | 'channel' | 'agreement'>): Refusal | undefined {
  const refused = refuseMoney(channel, amount, currency);
  if (refused !== undefined) return refused;
  if (agreement !== undefined && !isConsistent(agreement)) return refusal('agreement_inconsistent', 'agreement');
  return undefined;
}
