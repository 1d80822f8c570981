/** From what a merchant asks for to how a payment uses its stored card: finds the agreement that it acts under. */
import { type AgreementRequest, type CredentialUse, keptForLater } from '../instrument/agreement.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

/** Acts that a shopper can have agreed in. */
const payments = ['preauthorization', 'debit', 'capture', 'rebill'] as const;

export interface CardUse {
  readonly merchantId: string;
  readonly agreement?: AgreementRequest;
  /** The token that is paid with. */
  readonly token?: string;
  /** The card is to be kept under a token. */
  readonly isKept: boolean;
}

/**
 * Undefined for a payment that has nothing to do with stored cards. Refuses an agreement whose first payment is not here or did not succeed;
 * one that names none, and whose token has none, goes without: it may have been made elsewhere, long ago.
 */
export async function credentialUseOf(engine: Engine, card: CardUse): Promise<CredentialUse | Refusal | undefined> {
  const request = card.agreement ?? (card.isKept ? keptForLater : undefined);
  if (request === undefined) return undefined;
  const { initial, ...use } = request;
  if (use.sequence === 'initial') return use;
  const networkReference = await referenceOf(engine, card, request);
  if (typeof networkReference === 'object') return networkReference;
  return { ...use, ...(networkReference === undefined ? {} : { networkReference }) };
}

async function referenceOf(
  engine: Engine,
  { merchantId, token }: CardUse,
  { initial, type }: AgreementRequest,
): Promise<string | Refusal | undefined> {
  if (initial === undefined) {
    return token === undefined ? undefined : engine.store.findAgreementReference({ merchantId, token, type });
  }
  if ('networkReference' in initial) return initial.networkReference;
  const operation = await engine.store.findOperation({ merchantId, operationId: initial.operationId });
  if (operation?.state !== 'approved' || !payments.some((kind) => kind === operation.kind))
    return refusal('agreement_unknown', 'agreement');
  return firstReferenceOf(operation);
}

/** The transaction id of the payment that made the agreement: its own, or the one that this payment was itself tied to. */
export function firstReferenceOf({ agreement, networkReference }: OperationView): string | undefined {
  return agreement?.networkReference ?? networkReference;
}
