/** Reads a financial message off the link: which act it asks for, how it is told from others, and which earlier one it refers to. */

import { type HolderAddress, unpackAddress } from '../../src/protocols/iso8583/card-checks.ts';
import type { Iso8583Message } from '../../src/protocols/iso8583/codec.ts';
import { Iso8583Error } from '../../src/protocols/iso8583/error.ts';
import { firstOf, parseOriginalData, parseReplacementAmounts } from '../../src/protocols/iso8583/messages.ts';
import { unpackSubelements } from '../../src/protocols/iso8583/subelements.ts';

/** What the gateway asks for. */
export type Act = 'authorization' | 'debit' | 'capture' | 'refund' | 'payout' | 'reversal';

/** A financial message, checked for form only. */
export interface FinancialRequest {
  readonly act: Act;
  /** Message type as sent; 0101, 0201, 0221 and 0421 are repeats. */
  readonly mti: string;
  readonly processingCode: string;
  readonly terminal: string;
  /** DE13, MMDD. */
  readonly date: string;
  readonly stan: string;
  readonly rrn: string;
  /** DE7, MMDDhhmmss. */
  readonly transmittedAt: string;
  readonly pan: string;
  /** ISO 4217 number. */
  readonly currency: string;
  readonly amountMinor: number;
  /** Key (`originalKey`) of the message that DE90 names. */
  readonly original: string | undefined;
  /** DE95 of a partial reversal: what remains of the original after it. */
  readonly remainingMinor: number | undefined;
  /** DE48: `92` CVC, `43` authentication value, `22` who started the payment. */
  readonly details: Readonly<Record<string, string>>;
  /** DE25 is 08: the shopper has ordered by mail or telephone. */
  readonly isByMailOrPhone: boolean;
  /** DE123. */
  readonly address: HolderAddress | undefined;
  /** DE127. */
  readonly holder: string | undefined;
  /** DE42: whose payment it is. */
  readonly merchant: string;
  /** DE62: the scheme's transaction id of the payment in which the shopper let the card be stored. */
  readonly initialReference: string | undefined;
}

/** What tells messages apart on the wire. */
export type Trace = Pick<FinancialRequest, 'mti' | 'processingCode' | 'terminal' | 'date' | 'stan' | 'rrn' | 'transmittedAt'>;

/** Two messages with the same identity are one message, sent again. */
export function identityOf({ mti, processingCode, terminal, date, stan, rrn }: Trace): string {
  return `${mti.charAt(1)}${processingCode}${terminal}|${date}${stan}${rrn}`;
}

/** How a later message's DE90 finds this one: message class, terminal, STAN, transmission time. */
export function originalKey({ mti, terminal, stan, transmittedAt }: Pick<Trace, 'mti' | 'terminal' | 'stan' | 'transmittedAt'>): string {
  return `${mti.charAt(1)}${terminal}|${stan}${transmittedAt}`;
}

const OF_EVERY_REQUEST = [2, 3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49];

const OF_ACT: Readonly<Record<Act, readonly number[]>> = {
  authorization: [14, 18, 22, 25],
  debit: [14, 18, 22, 25],
  capture: [25, 38, 90],
  refund: [90],
  payout: [104],
  reversal: [39, 90],
};

/** True for message types that carry money; others are network management or unknown to this host. */
export function isFinancial(mti: string): boolean {
  return actOfType(mti) !== undefined;
}

function actOfType(mti: string): 'authorization' | 'financial' | 'capture' | 'reversal' | undefined {
  switch (firstOf(mti)) {
    case '0100':
      return 'authorization';
    case '0200':
      return 'financial';
    case '0220':
      return 'capture';
    case '0420':
      return 'reversal';
    default:
      return undefined;
  }
}

function actOf(mti: string, processingCode: string): Act | undefined {
  const type = actOfType(mti);
  if (type !== 'financial') return type === undefined || type === 'reversal' || processingCode === '000000' ? type : undefined;
  switch (processingCode) {
    case '000000':
      return 'debit';
    case '200000':
      return 'refund';
    case '260000':
      return 'payout';
    default:
      return undefined;
  }
}

/** The request in a message, or what is wrong with its form (the text names fields, never values). */
export function readRequest({ mti, fields }: Iso8583Message): FinancialRequest | { readonly problem: string } {
  const act = actOf(mti, fields[3] ?? '');
  if (act === undefined) return { problem: `field 3: no processing code that a ${mti} can have here` };
  const isMissing = (number: number): boolean => fields[number] === undefined;
  const missing = OF_EVERY_REQUEST.find(isMissing) ?? OF_ACT[act].find(isMissing);
  if (missing !== undefined) return { problem: `field ${missing} is missing in a ${mti} (${act})` };
  if (act === 'capture' && fields[25] !== '06') return { problem: 'field 25: a capture advice has 06' };
  if (fields[25] === MAIL_OR_PHONE && fields[22]?.startsWith('81'))
    return { problem: 'field 22: no shopper has typed the card of a field 25 with 08' };
  try {
    return buildRequest({ act, mti, fields });
  } catch (error) {
    if (error instanceof Iso8583Error) return { problem: error.message };
    throw error;
  }
}

function buildRequest({ act, mti, fields }: { act: Act; mti: string; fields: Readonly<Record<number, string>> }): FinancialRequest {
  const terminal = fields[41] ?? '';
  const refersBack = act === 'capture' || act === 'refund' || act === 'reversal';
  return {
    act,
    mti,
    processingCode: fields[3] ?? '',
    terminal,
    date: fields[13] ?? '',
    stan: fields[11] ?? '',
    rrn: fields[37] ?? '',
    transmittedAt: fields[7] ?? '',
    pan: fields[2] ?? '',
    currency: fields[49] ?? '',
    amountMinor: Number(fields[4]),
    original: refersBack ? originalKey({ terminal, ...parseOriginalData(fields[90] ?? '') }) : undefined,
    remainingMinor: act === 'reversal' && fields[95] !== undefined ? parseReplacementAmounts(fields[95]) : undefined,
    details: fields[48] === undefined ? NO_DETAILS : unpackSubelements(fields[48]),
    isByMailOrPhone: fields[25] === MAIL_OR_PHONE,
    address: fields[123] === undefined ? undefined : unpackAddress(fields[123]),
    holder: fields[127],
    merchant: (fields[42] ?? '').trim(),
    initialReference: fields[62]?.trim(),
  };
}

const MAIL_OR_PHONE = '08';

/** True for what the merchant starts with a stored card, the shopper being absent. */
export function isStartedByMerchant({ details }: FinancialRequest): boolean {
  return details['22']?.startsWith('M') === true;
}

const NO_DETAILS: Readonly<Record<string, string>> = {};
