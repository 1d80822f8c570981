/** From what the core asks to the fields of a message, and from an answer's fields to what it means. */

import type { AcquirerAccount } from '../../core/acquirer/account.ts';
import type { CredentialUse } from '../../core/instrument/agreement.ts';
import { type CardChecks, cardChecksOf } from '../../core/instrument/card-checks.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { SentKind, Trace } from '../../core/payment/operation.ts';
import type { AcquirerAnswer, AcquirerRequest, CardSecrets, UndoAnswer } from '../../core/ports/acquirer.ts';
import type { Exemption } from '../../core/three-d-secure/authentication.ts';
import { packAddress, unpackCheckResults } from '../../protocols/iso8583/card-checks.ts';
import type { Iso8583Message } from '../../protocols/iso8583/codec.ts';
import {
  amountDigits,
  localDate,
  localTime,
  originalData,
  replacementAmounts,
  responseOf,
  transmissionDateTime,
} from '../../protocols/iso8583/messages.ts';
import { packSubelements, unpackAdditionalAmounts, unpackSubelements } from '../../protocols/iso8583/subelements.ts';
import { declineReasonOf, isApproved, isPartial, isUncertain } from './response-codes.ts';

export interface MessageParty {
  readonly account: AcquirerAccount;
  /** DE32, up to eleven digits. */
  readonly institutionId: string;
  /** The sandbox host's private field: it reads the card holder in DE127. */
  readonly privateText: boolean;
  /** Whether the link has a place for the holder's address. */
  readonly addressChecks: boolean;
}

/** Types of first transmissions. Captures and reversals are advices: the host may not decline them. */
const mtiByKind: Record<SentKind, string> = {
  preauthorization: '0100',
  debit: '0200',
  capture: '0220',
  reversal: '0420',
  refund: '0200',
  rebill: '0200',
  payout: '0200',
};

export function mtiOf(kind: SentKind): string {
  return mtiByKind[kind];
}

/** DE39 in a reversal (ISO 8583:1987 style): why it is made. */
const reversalReason = { timeOut: '68', customer: '17' } as const;

/** The message of an operation. */
export function operationMessage(request: AcquirerRequest, secrets: CardSecrets, party: MessageParty): Iso8583Message {
  return { mti: request.trace.mti, fields: { ...commonFields(request, secrets, party), ...fieldsByKind(request, secrets, party) } };
}

/**
 * The reversal of an operation that was not answered, or of the part that was approved of it and is not wanted: it bears that operation's own trace,
 * and names it in DE90.
 */
export function undoMessage(request: AcquirerRequest, secrets: CardSecrets, party: MessageParty): Iso8583Message {
  const { trace, part } = request;
  const undone =
    part === undefined
      ? { 39: reversalReason.timeOut }
      : { 4: amountDigits(part.amount), ...approvalField(part), 39: reversalReason.customer };
  return { mti: '0420', fields: { ...commonFields(request, secrets, party), ...undone, 90: originalField(trace, party) } };
}

/** DE38: the approval that a message is about. */
function approvalField({ approvalCode }: { readonly approvalCode?: string }): Record<number, string> {
  return approvalCode === undefined ? {} : { 38: approvalCode };
}

function commonFields(request: AcquirerRequest, { pan }: CardSecrets, { account, institutionId }: MessageParty): Record<number, string> {
  const { trace, currency, kind } = request;
  return {
    2: pan.reveal(),
    3: processingCode(kind),
    4: amountDigits(amountOf(request)),
    7: transmissionDateTime(trace.transmittedAtMs),
    11: trace.stan,
    12: localTime(trace.transmittedAtMs),
    13: localDate(trace.transmittedAtMs),
    18: account.categoryCode,
    32: institutionId,
    37: trace.rrn,
    41: trace.terminal.padEnd(8),
    42: account.merchantIdentifier.padEnd(15),
    49: numberOf(currency),
  };
}

/** DE4. The amount of a reversal is its original's; what is left of it stands in DE95. */
function amountOf({ kind, amount, original }: AcquirerRequest): number {
  return kind === 'reversal' ? (original?.amount ?? amount) : amount;
}

/** DE49. */
function numberOf(currency: string): string {
  return currencyOf(currency)?.numeric ?? '000';
}

function fieldsByKind(request: AcquirerRequest, secrets: CardSecrets, party: MessageParty): Record<number, string> {
  const { kind, original, remaining } = request;
  const named: Record<number, string> = original === undefined ? {} : { 90: originalField(original.trace, party) };
  switch (kind) {
    case 'preauthorization':
    case 'debit':
    case 'rebill':
      return { ...authorizationFields(request, secrets, party), ...addressField(request, party) };
    case 'payout':
      return { ...authorizationFields(request, secrets, party), 104: senderOf(party) };
    case 'capture':
      return { ...named, ...approvalField(original ?? {}), 25: '06' };
    case 'refund':
      return named;
    case 'reversal':
      return {
        ...named,
        ...approvalField(original ?? {}),
        39: reversalReason.customer,
        ...(remaining === undefined || remaining === 0 ? {} : { 95: replacementAmounts(remaining) }),
      };
  }
}

/** DE3: what is done to which account; the default account throughout. */
function processingCode(kind: SentKind): string {
  switch (kind) {
    case 'refund':
      return '200000';
    case 'payout':
      return '260000';
    case 'preauthorization':
    case 'debit':
    case 'rebill':
    case 'capture':
    case 'reversal':
      return '000000';
  }
}

/** DE104 of an original credit: 01 what it is for (FD, funds disbursement), 02 who sends it. */
function senderOf({ account }: MessageParty): string {
  return packSubelements({ '01': 'FD', '02': account.merchantIdentifier });
}

/**
 * Sub-element 22 of DE48: who starts a payment with a stored card, and under which kind of agreement. C is the shopper, M the merchant; 01
 * unscheduled, 02 standing order, 03 subscription, 04 installment. The host hands it on in the words of each scheme.
 */
function credentialIndicator({ initiator, type, schedule }: CredentialUse): string {
  const letter = initiator === 'customer' ? 'C' : 'M';
  switch (type) {
    case 'unscheduled':
      return `${letter}101`;
    case 'recurring':
      return `${letter}${schedule === 'standing_order' ? '102' : '103'}`;
    case 'installment':
      return `${letter}104`;
  }
}

/**
 * Sub-elements of DE48 that prove an authentication: 42 the indicator, 43 the value, 66 the protocol's main version and the directory server's
 * transaction id.
 */
function authenticationDetails(evidence: AcquirerRequest['authentication'], value: string | undefined): Record<string, string> {
  if (evidence === undefined) return {};
  const { eci, dsTransactionId, version } = evidence;
  return {
    ...(eci === undefined ? {} : { 42: eci }),
    ...(value === undefined ? {} : { 43: value }),
    ...(dsTransactionId === undefined ? {} : { 66: `${version.charAt(0)}${dsTransactionId}` }),
  };
}

/** Sub-element 67 of DE48: the exemption from strong customer authentication that the merchant claims. The host hands it on in each scheme's words. */
const exemptionCodes: Readonly<Record<Exemption, string>> = { low_value: '01', risk_analysis: '02', trusted: '03', corporate: '04' };

/**
 * DE22: 81 is e-commerce, 10 a credential on file, 01 typed by the merchant; the third digit says that the terminal's PIN capability is unknown. DE25: 59 is
 * e-commerce, 08 an order by mail or telephone.
 */
function authorizationFields(
  { card, agreement, authentication, exemption, isByMailOrPhone }: AcquirerRequest,
  { cvc, authenticationValue }: CardSecrets,
  { privateText }: MessageParty,
): Record<number, string> {
  const year = String((card?.expiry.year ?? 0) % 100).padStart(2, '0');
  const month = String(card?.expiry.month ?? 0).padStart(2, '0');
  const details = {
    ...(agreement === undefined ? {} : { 22: credentialIndicator(agreement) }),
    ...(cvc === undefined ? {} : { 92: cvc.reveal() }),
    ...authenticationDetails(authentication, authenticationValue),
    ...(exemption === undefined ? {} : { 67: exemptionCodes[exemption] }),
  };
  return {
    14: `${year}${month}`,
    22: agreement?.sequence === 'subsequent' ? '100' : isByMailOrPhone === true ? '010' : '810',
    25: isByMailOrPhone === true ? '08' : '59',
    ...(Object.keys(details).length === 0 ? {} : { 48: packSubelements(details) }),
    ...(agreement?.networkReference === undefined ? {} : { 62: agreement.networkReference }),
    ...(privateText && card?.holder !== undefined ? { 127: latin(card.holder) } : {}),
  };
}

/** DE123. */
function addressField({ address }: AcquirerRequest, { addressChecks }: MessageParty): Record<number, string> {
  const packed = address === undefined || !addressChecks ? undefined : packAddress(address);
  return packed === undefined ? {} : { 123: packed };
}

/** The link carries ASCII only. */
function latin(text: string): string {
  return (
    text
      .normalize('NFD')
      .replace(/[^\x20-\x7e]/g, '')
      .slice(0, 100) || '-'
  );
}

function originalField(trace: Trace, { institutionId }: MessageParty): string {
  return originalData({
    mti: trace.mti,
    stan: trace.stan,
    transmittedAt: transmissionDateTime(trace.transmittedAtMs),
    acquirer: institutionId,
    forwarder: '',
  });
}

/** Whether an answer is that to an operation's own message, or to a repeat of it; not to its undoing. */
export function isAnswerTo({ mti, fields }: Iso8583Message, { trace }: AcquirerRequest): boolean {
  const { 11: stan, 37: rrn, 41: terminal = '' } = fields;
  return mti === responseOf(trace.mti) && stan === trace.stan && rrn === trace.rrn && terminal.trimEnd() === trace.terminal;
}

/** What an answer says. One that is not about what was asked proves nothing, so the outcome stays unknown. */
export function readAnswer(message: Iso8583Message, request: AcquirerRequest): AcquirerAnswer {
  const { 4: amount, 38: approvalCode, 39: responseCode, 62: networkReference, 127: hostCode } = message.fields;
  if (responseCode === undefined) return { outcome: 'unknown', cause: 'the answer has no response code' };
  if (isPartial(responseCode)) return readPartialApproval(message, request);
  if ((amount !== undefined && Number(amount) !== amountOf(request)) || !isInItsCurrency(message, request)) {
    return { outcome: 'unknown', cause: 'the answer is about another amount' };
  }
  if (isUncertain(responseCode)) return { outcome: 'unknown', cause: `the host answered ${responseCode}` };
  if (isApproved(responseCode)) {
    return {
      outcome: 'approved',
      responseCode,
      ...(approvalCode === undefined ? {} : { approvalCode: approvalCode.trim() }),
      ...(networkReference === undefined ? {} : { networkReference: networkReference.trim() }),
      ...checksIn(message, request),
    };
  }
  return {
    outcome: 'declined',
    responseCode,
    reason: declineReasonOf(responseCode, request.card?.brand),
    ...(hostCode === undefined ? {} : { hostCode: hostCode.trim() }),
    ...adviceIn(message, request),
    ...checksIn(message, request),
  };
}

/** DE44: what the issuer has compared, in an answer to what begins a payment. */
function checksIn({ fields }: Iso8583Message, { kind, card, address }: AcquirerRequest): { readonly checks?: CardChecks } {
  if (fields[44] === undefined || !isAuthorization(kind)) return {};
  const compared = { ...(card === undefined ? {} : { brand: card.brand }), ...(address === undefined ? {} : { address }) };
  const checks = cardChecksOf(unpackCheckResults(fields[44]), compared);
  return checks === undefined ? {} : { checks };
}

function isAuthorization(kind: SentKind): boolean {
  return kind === 'preauthorization' || kind === 'debit' || kind === 'rebill';
}

/** Mastercard's merchant advice: sub-element 84 of DE48. It only adds to a decline, so a field that cannot be read says nothing. */
function adviceIn({ fields }: Iso8583Message, { card }: AcquirerRequest): { readonly adviceCode?: string } {
  if (card?.brand !== 'mastercard' && card?.brand !== 'maestro') return {};
  try {
    const adviceCode = unpackSubelements(fields[48] ?? '')['84']?.trim() ?? '';
    return /^[0-9A-Z]{2}$/.test(adviceCode) ? { adviceCode } : {};
  } catch {
    return {};
  }
}

function isInItsCurrency({ fields }: Iso8583Message, { currency }: AcquirerRequest): boolean {
  return fields[49] === undefined || fields[49] === numberOf(currency);
}

/**
 * Only what takes or holds money can be approved for a part; the part is DE4, and DE54 may repeat what was asked for. Anything else proves
 * nothing.
 */
function readPartialApproval(message: Iso8583Message, request: AcquirerRequest): AcquirerAnswer {
  const { 4: approved = '', 38: approvalCode, 39: responseCode = '', 54: additional, 62: networkReference } = message.fields;
  const { amount } = request;
  const approvedAmount = Number(approved);
  const original = additional === undefined ? undefined : originalAmountIn(additional);
  const isPossible = isAuthorization(request.kind) && isInItsCurrency(message, request);
  const isPart = approvedAmount > 0 && approvedAmount < amount && (original ?? amount) === amount;
  if (!isPossible || !isPart) return { outcome: 'unknown', cause: 'the answer is a partial approval that does not fit' };
  return {
    ...{ outcome: 'partly_approved', responseCode, approvedAmount },
    ...(approvalCode === undefined ? {} : { approvalCode: approvalCode.trim() }),
    ...(networkReference === undefined ? {} : { networkReference: networkReference.trim() }),
    ...checksIn(message, request),
  };
}

/** NaN when the field cannot be read. */
function originalAmountIn(additional: string): number | undefined {
  try {
    return unpackAdditionalAmounts(additional).find(({ amountType }) => amountType === '57')?.amountMinor;
  } catch {
    return Number.NaN;
  }
}

/** 25 (record not found) closes a reversal as well: what was to be reversed never arrived. */
export function readUndoAnswer(message: Iso8583Message): UndoAnswer {
  const responseCode = message.fields[39] ?? '';
  if (responseCode === '25') return { outcome: 'never_arrived', responseCode };
  if (isApproved(responseCode)) return { outcome: 'undone', responseCode };
  return { outcome: 'refused', responseCode };
}
