/**
 * The stored-credential contract: a shopper lets a merchant keep the card, in a payment that the shopper starts; later payments use it,
 * started by either. The schemes tie them together by the transaction id that the first one was answered with (Visa's stored credential
 * framework, Mastercard's credential-on-file rules).
 */
import { maskCardNumbers } from './mask.ts';

/** How a payment uses a stored card. */
export interface CredentialUse {
  readonly initiator: 'customer' | 'merchant';
  /** `initial`: this payment makes the agreement. `subsequent`: it acts under one. */
  readonly sequence: 'initial' | 'subsequent';
  /** `recurring`: at fixed times without an end; `installment`: one purchase in parts; `unscheduled`: whenever something is due. */
  readonly type: 'recurring' | 'installment' | 'unscheduled';
  /** Of recurring payments: the same amount each time, or what the consumption comes to. Absent: a subscription. */
  readonly schedule?: 'subscription' | 'standing_order';
  /** The scheme's transaction id of the payment that made the agreement, as the acquirer is told it. */
  readonly networkReference?: string;
}

/** What a merchant asks for: like a use, but its agreement may be named in several ways. Unnamed, it is that of the token, if it has one. */
export interface AgreementRequest extends Omit<CredentialUse, 'networkReference'> {
  readonly initial?: { readonly operationId: string } | { readonly networkReference: string };
}

/** A card that is kept without a word about its use may be used when something is due. */
export const keptForLater: AgreementRequest = { initiator: 'customer', sequence: 'initial', type: 'unscheduled' };

/**
 * Whether the parts fit together: a shopper makes the agreement; what comes at fixed times or in parts is started by the merchant. What makes
 * an agreement cannot name another.
 */
export function isConsistent({ initiator, sequence, type, schedule, initial }: AgreementRequest): boolean {
  if (schedule !== undefined && type !== 'recurring') return false;
  if (sequence === 'initial') return initiator === 'customer' && initial === undefined;
  return initiator === 'merchant' || type === 'unscheduled';
}

/** Visa's transaction ids have fifteen digits, and every tenth of those that begin like one could be an American Express number. */
const visaIdLength = 15;

/** Whether somebody has put a card number where the transaction id of a scheme belongs. */
export function isCardInPlaceOfReference(text: string): boolean {
  return text.length !== visaIdLength && maskCardNumbers(text) !== text;
}

/** Whether a text can be the transaction id that a scheme gave to a payment: letters and digits, and no card number. */
export function isNetworkReference(text: string): boolean {
  return /^[A-Za-z0-9]{4,36}$/.test(text) && !isCardInPlaceOfReference(text);
}
