/** From a payment's present state to the answer; pure. A payment that is asked for twice shows what is true the second time. */
import type { CardSummary } from '../../core/instrument/card.ts';
import type { TokenAct } from '../../core/instrument/token.ts';
import { spentWith } from '../../core/payment/kept-card.ts';
import { calledOff, capturing, inReview, screened } from '../../core/risk/review.ts';
import { isRiskReason } from '../../core/risk/rule.ts';
import type { AuthenticationView } from '../../core/three-d-secure/authentication.ts';
import { toGuid, toWireId } from './ids.ts';
import { productOfBrand, productOfMethod } from './products.ts';
import { errorsOf, reattemptOf } from './refusals.ts';
import { chargesIn, codeOfOperation, codeOfPayment, heldIn, justAsked, refundableIn, type StatusCode, statusOf } from './states.ts';
import { firstOf, isCharge, isChargedBack, leftOf, type OperationNode, type PaymentTree } from './tree.ts';

export type Json = { readonly [name: string]: unknown };

export const money = (amount: number, currencyCode: string): Json => ({ amount, currencyCode });

/** The product that the merchant named, or that the card tells. */
export function productIdOf({ card, bank, dialectData }: OperationNode): number {
  if (dialectData.paymentProductId !== undefined) return Number(dialectData.paymentProductId);
  if (bank !== undefined) return productOfMethod(bank.method)?.id ?? 0;
  return card === undefined ? 0 : (productOfBrand(card.brand)?.id ?? 0);
}

const methodOf = ({ bank }: OperationNode): string => (bank === undefined ? 'card' : 'redirect');

/** Asterisks and the last four digits, as long as the number. */
export function maskedNumber({ brand, last4 }: Pick<CardSummary, 'brand' | 'last4'>): string {
  return last4.padStart(brand === 'amex' ? 15 : brand === 'diners' ? 14 : 16, '*');
}

/** MMYY. */
export function writeExpiry({ expiry: { month, year } }: CardSummary): string {
  return `${String(month).padStart(2, '0')}${String(year % 100).padStart(2, '0')}`;
}

function writeStatus(code: StatusCode, flags: { readonly a?: boolean; readonly c?: boolean; readonly r?: boolean }, more: Json = {}): Json {
  const { status, category } = statusOf(code);
  const { a = false, c = false, r = false } = flags;
  return {
    status,
    statusOutput: { isAuthorized: a, isCancellable: c, isRefundable: r, statusCategory: category, statusCode: code, ...more },
  };
}

function errorsIn(operation: OperationNode): Json {
  const errors = errorsOf(operation);
  return errors.length === 0 ? {} : { errors };
}

/** Of the payment as a whole. */
function writePaymentStatus(tree: PaymentTree): Json {
  const code = codeOfPayment(tree);
  const held = heldIn(tree) > 0;
  const flags = { a: code === 5, c: code === 5 && held && tree.releasePending === 0, r: refundableIn(tree) > 0 };
  return writeStatus(code, flags, errorsIn(firstOf(tree)));
}

/** Of one act. `code`: as it is told. */
function writeOperationStatus(operation: OperationNode, code: StatusCode): Json {
  const canRefund = code === 9 && isCharge(operation) && !isChargedBack(operation) && leftOf(operation) > 0;
  return writeStatus(code, { a: code === 5 || code === 61, c: code === 5, r: canRefund }, errorsIn(operation));
}

/** What stands at the acquirer: what was approved and not given up. */
function acquiredIn(tree: PaymentTree): number {
  return firstOf(tree).kind === 'preauthorization' ? Math.max(tree.authorized - tree.released, 0) : tree.captured;
}

function writeReferences({ merchantReference, dialectData }: OperationNode): Json {
  const { merchantParameters, operationGroupReference } = dialectData;
  return {
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...(merchantParameters === undefined ? {} : { merchantParameters }),
    ...(operationGroupReference === undefined ? {} : { operationGroupReference }),
  };
}

/** Those of the payment, and of an act its own. */
function writeOperationReferences(operation: OperationNode): Json {
  const own = writeReferences(operation);
  return Object.keys(own).length === 0 ? {} : { operationReferences: own };
}

function writeCard({ card }: OperationNode): Json {
  if (card === undefined) return {};
  return {
    card: { cardNumber: maskedNumber(card), expiryDate: writeExpiry(card), bin: card.bin, countryCode: '99' },
  };
}

/** What the checks have found, here and at the issuer, and that there was none: nobody was asked about what was not sent. */
function writeFraud(operation: OperationNode): Json {
  const { state, reason, checks: { address, cvc } = {} } = operation;
  const withoutLetter = reason === 'invalid_cvc' ? 'N' : state === 'rejected' ? 'P' : '0';
  const cvvResult = cvc !== undefined && /^[MNPSUY]$/.test(cvc.code) ? cvc.code : withoutLetter;
  return { fraudServiceResult: fraudServiceResultOf(operation), avsResult: address?.code ?? '0', cvvResult };
}

function fraudServiceResultOf({ reason, dialectData }: OperationNode): 'accepted' | 'challenged' | 'denied' | 'no-advice' {
  const isLetThrough = reason === 'review_accepted' || reason === capturing || reason === 'review_uncaptured';
  const isFailedCheck = reason === 'address_check_failed' || reason === 'cvc_check_failed';
  if (reason === 'suspected_fraud' || isFailedCheck || (isRiskReason(reason) && !isLetThrough)) return 'denied';
  if (reason === inReview || reason === calledOff) return 'challenged';
  return isLetThrough || dialectData[screened] !== undefined ? 'accepted' : 'no-advice';
}

function writeAuthentication(authentication: AuthenticationView | undefined): Json {
  if (authentication?.transStatus === undefined) return {};
  const { version, transStatus, eci, acsUrl, acsTransactionId, dsTransactionId, shiftsLiability } = authentication;
  return {
    threeDSecureResults: {
      version,
      flow: acsUrl === undefined ? 'frictionless' : 'challenge',
      authenticationStatus: transStatus,
      ...(eci === undefined ? {} : { eci: String(Number(eci)), schemeEci: eci }),
      ...(acsTransactionId === undefined ? {} : { acsTransactionId }),
      ...(dsTransactionId === undefined ? {} : { dsTransactionId }),
      liability: shiftsLiability ? 'issuer' : 'merchant',
    },
  };
}

/** How it was paid, and what came of that. */
function writeMethod(operation: OperationNode): Json {
  const paymentProductId = productIdOf(operation);
  if (operation.bank !== undefined) return { redirectPaymentMethodSpecificOutput: { paymentProductId } };
  const { approvalCode, token, networkReference, authentication, agreement, trace } = operation;
  const reattemptInstructions = reattemptOf(operation);
  const initial = agreement?.networkReference ?? networkReference;
  return {
    cardPaymentMethodSpecificOutput: {
      paymentProductId,
      ...(approvalCode === undefined ? {} : { authorisationCode: approvalCode }),
      ...(trace === undefined ? {} : { acquirerInformation: { name: trace.accountId, retrievalReferenceNumber: trace.rrn } }),
      ...writeCard(operation),
      fraudResults: writeFraud(operation),
      ...writeAuthentication(authentication),
      ...(initial === undefined ? {} : { initialSchemeTransactionId: initial, schemeReferenceData: initial }),
      ...(token === undefined ? {} : { token: toGuid(token) }),
      ...(reattemptInstructions === undefined ? {} : { reattemptInstructions }),
    },
  };
}

function writeOutput(tree: PaymentTree, operation: OperationNode): Json {
  const first = firstOf(tree);
  const { merchantParameters } = first.dialectData;
  const isFirst = operation.number === 0;
  return {
    amountOfMoney: money(isFirst ? (first.requestedAmount ?? first.amount) : operation.amount, tree.currency),
    acquiredAmount: money(isFirst ? acquiredIn(tree) : operation.state === 'approved' ? operation.amount : 0, tree.currency),
    references: writeReferences(first),
    ...(isFirst ? {} : writeOperationReferences(operation)),
    paymentMethod: methodOf(first),
    ...(merchantParameters === undefined ? {} : { merchantParameters }),
    customer: { device: { ipAddressCountryCode: '99' } },
    ...writeMethod(first),
  };
}

export interface Showing {
  /** The act was made by this request. */
  readonly asked?: true;
  /** The operation by itself, whatever has followed it: what a message tells of it. */
  readonly alone?: true;
}

/** The hosted checkout that it was paid at. */
function writeCheckout({ dialectData: { hostedCheckoutId, variant } }: OperationNode): Json {
  if (hostedCheckoutId === undefined) return {};
  return { hostedCheckoutSpecificOutput: { hostedCheckoutId, ...(variant === undefined ? {} : { variant }) } };
}

/** A payment, or one of its acts in the same shape. */
export function writePayment(tree: PaymentTree, operation: OperationNode, { asked, alone }: Showing = {}): Json {
  const own = codeOfOperation(operation);
  const isPayment = operation.number === 0 && alone === undefined;
  const status = isPayment ? writePaymentStatus(tree) : writeOperationStatus(operation, asked === true ? justAsked(own) : own);
  const output = writeOutput(tree, operation);
  const nothing = operation.kind === 'reversal' ? { acquiredAmount: money(acquiredIn(tree), tree.currency) } : {};
  return { id: toWireId(tree, operation.number), ...status, ...writeCheckout(firstOf(tree)), paymentOutput: { ...output, ...nothing } };
}

/** Beside the payment, each act with its own amount and status: shops add them up. */
export function writeDetails(tree: PaymentTree, operation: OperationNode): Json {
  const first = firstOf(tree);
  const acts = tree.operations.map((one) => ({
    id: toWireId(tree, one.number),
    amountOfMoney: money(one.amount, tree.currency),
    ...writeOperationStatus(one, codeOfOperation(one)),
    paymentMethod: methodOf(first),
    references: writeReferences(first),
    ...(one.number === 0 ? {} : writeOperationReferences(one)),
  }));
  return { ...writePayment(tree, operation), Operations: acts };
}

export interface Creation {
  /** Where the shopper has to go first, and what the merchant compares when they are back. */
  readonly redirect?: { readonly url: string; readonly returnMac: string };
  /** The card was to be kept. */
  readonly wantsToken: boolean;
  readonly isNewToken: boolean;
}

/** The answer to a new payment. */
export function writeCreated(tree: PaymentTree, { redirect, wantsToken, isNewToken }: Creation): Json {
  const first = firstOf(tree);
  const { token, merchantReference } = first;
  return {
    creationOutput: {
      externalReference: merchantReference ?? '',
      ...(token === undefined ? {} : { token: toGuid(token), isNewToken }),
      ...(wantsToken || token !== undefined ? { tokenizationSucceeded: token !== undefined && first.state === 'approved' } : {}),
    },
    merchantAction:
      redirect === undefined
        ? null
        : { actionType: 'REDIRECT', redirectData: { RETURNMAC: redirect.returnMac, redirectURL: redirect.url } },
    payment: writePayment(tree, first),
  };
}

/** A capture. Its status has a number only, as the platform's has. */
export function writeCapture(tree: PaymentTree, capture: OperationNode, asked = false): Json {
  const own = codeOfOperation(capture);
  const code = asked ? justAsked(own) : own;
  const first = firstOf(tree);
  const errors = errorsOf(capture);
  const amount = money(capture.amount, tree.currency);
  return {
    id: toWireId(tree, capture.number),
    status: statusOf(code).status,
    statusOutput: { statusCode: code, ...(errors.length === 0 ? {} : { errors }) },
    captureOutput: {
      amountOfMoney: amount,
      acquiredAmount: capture.state === 'approved' ? amount : money(0, tree.currency),
      amountPaid: capture.state === 'approved' ? capture.amount : 0,
      paymentMethod: methodOf(first),
      references: writeReferences(first),
      ...writeOperationReferences(capture),
      ...writeMethod(first),
    },
  };
}

export function writeRefund(tree: PaymentTree, refund: OperationNode, asked = false): Json {
  const own = codeOfOperation(refund);
  const { status, category, code } = statusOf(asked ? justAsked(own) : own);
  const first = firstOf(tree);
  const errors = errorsOf(refund);
  const refunded = chargesIn(tree).reduce((total, charge) => total + charge.refunded, 0);
  const totals = { totalAmountPaid: tree.captured, totalAmountRefunded: refunded };
  const paymentProductId = productIdOf(first);
  return {
    id: toWireId(tree, refund.number),
    status,
    statusOutput: { isCancellable: false, statusCategory: category, statusCode: code, ...(errors.length === 0 ? {} : { errors }) },
    refundOutput: {
      amountOfMoney: money(refund.amount, tree.currency),
      amountPaid: tree.captured,
      paymentMethod: methodOf(first),
      references: writeReferences(first),
      ...writeOperationReferences(refund),
      ...(first.bank === undefined
        ? { cardRefundMethodSpecificOutput: { ...totals, ...writeCardOf(first) } }
        : { redirectRefundMethodSpecificOutput: { ...totals, paymentProductId } }),
    },
  };
}

/** A refund shows less of the card than a payment. */
function writeCardOf({ approvalCode }: OperationNode): Json {
  return approvalCode === undefined ? {} : { authorisationCode: approvalCode };
}

export function writePayout(tree: PaymentTree): Json {
  const first = firstOf(tree);
  const code = codeOfOperation(first);
  const errors = errorsOf(first);
  const { payoutReason } = first.dialectData;
  const categories: Readonly<Partial<Record<StatusCode, readonly [status: string, category: string]>>> = {
    8: ['ACCOUNT_CREDITED', 'REFUNDED'],
    2: ['REJECTED_CREDIT', 'UNSUCCESSFUL'],
  };
  const [status, statusCategory] = categories[code] ?? ['PAYOUT_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'];
  return {
    id: toWireId(tree, 0),
    status,
    statusOutput: { isCancellable: false, statusCategory, statusCode: code, ...(errors.length === 0 ? {} : { errors }) },
    payoutOutput: {
      amountOfMoney: money(first.amount, tree.currency),
      ...(payoutReason === undefined ? {} : { payoutReason }),
      paymentMethod: 'card',
      references: writeReferences(first),
    },
  };
}

/** A stored card as its merchant may see it. */
export function writeToken({
  token,
  card,
  productId,
  act,
}: {
  readonly token: string;
  readonly card: CardSummary;
  readonly productId: number;
  readonly act?: TokenAct | undefined;
}): Json {
  const shown = { cardNumber: maskedNumber(card), expiryDate: writeExpiry(card), ...writeHolder(card) };
  return {
    id: toGuid(token),
    paymentProductId: productId,
    isTemporary: act?.dialectData[spentWith] !== undefined,
    card: { alias: `${card.bin}XXXXXX${card.last4}`, data: { cardWithoutCvv: shown } },
  };
}

export function writeHolder({ holder }: CardSummary): Json {
  return holder === undefined ? {} : { cardholderName: holder };
}
