/** Fields inside fields, written as text: the id-length-value elements of DE48, and the amount groups of DE54. */

import { Iso8583Error } from './error.ts';
import { amountDigits } from './messages.ts';

const ID_DIGITS = 2;
const LENGTH_DIGITS = 2;
const LONGEST_VALUE = 99;

/** DE48 from its sub-elements: two digits of id, two of length, the value. Written in ascending id order. Throws `Iso8583Error`. */
export function packSubelements(elements: Readonly<Record<string, string>>): string {
  let text = '';
  for (const id of Object.keys(elements).sort()) {
    const value = elements[id] ?? '';
    if (!/^[0-9]{2}$/.test(id)) throw new Iso8583Error('field 48 (private data): a sub-element id has two digits', 48);
    if (!/^[\x20-\x7e]*$/.test(value)) throw new Iso8583Error(`field 48 (private data): sub-element ${id} must be printable ASCII`, 48);
    if (value.length > LONGEST_VALUE) {
      throw new Iso8583Error(`field 48 (private data): sub-element ${id} has ${value.length} characters, at most ${LONGEST_VALUE} fit`, 48);
    }
    text += `${id}${String(value.length).padStart(LENGTH_DIGITS, '0')}${value}`;
  }
  return text;
}

/** The sub-elements of DE48. Throws `Iso8583Error` for a broken length, an unfinished element, or an id that comes twice. */
export function unpackSubelements(text: string): Readonly<Record<string, string>> {
  const elements: Record<string, string> = {};
  let offset = 0;
  while (offset < text.length) {
    const head = text.slice(offset, offset + ID_DIGITS + LENGTH_DIGITS);
    if (!/^[0-9]{4}$/.test(head)) {
      throw new Iso8583Error(`field 48 (private data): expected id and length of a sub-element at position ${offset + 1}`, 48);
    }
    const id = head.slice(0, ID_DIGITS);
    const start = offset + head.length;
    const end = start + Number(head.slice(ID_DIGITS));
    if (end > text.length) throw new Iso8583Error(`field 48 (private data): sub-element ${id} is longer than the field`, 48);
    if (elements[id] !== undefined) throw new Iso8583Error(`field 48 (private data): sub-element ${id} comes twice`, 48);
    elements[id] = text.slice(start, end);
    offset = end;
  }
  return elements;
}

/** One group of DE54: a balance, or the original amount of a partial approval (amount type 57). */
export interface AdditionalAmount {
  /** Two digits: 00 default, 10 savings, 20 checking, 30 credit. */
  readonly accountType: string;
  /** Two digits: 01 ledger balance, 02 available balance, 57 original amount. */
  readonly amountType: string;
  /** ISO 4217 number. */
  readonly currency: string;
  /** Minor units; negative is written with the sign D. */
  readonly amountMinor: number;
}

const GROUP_LENGTH = 20;
const MOST_GROUPS = 6;

/** DE54 from up to six groups of 20 characters. Throws `Iso8583Error`. */
export function packAdditionalAmounts(amounts: readonly AdditionalAmount[]): string {
  if (amounts.length > MOST_GROUPS) throw new Iso8583Error(`field 54 (additional amounts): at most ${MOST_GROUPS} groups fit`, 54);
  return amounts.map(packAmountGroup).join('');
}

function packAmountGroup({ accountType, amountType, currency, amountMinor }: AdditionalAmount): string {
  if (!/^[0-9]{2}:[0-9]{2}:[0-9]{3}$/.test(`${accountType}:${amountType}:${currency}`)) {
    throw new Iso8583Error('field 54 (additional amounts): expected two digits each for the types and three for the currency', 54);
  }
  return `${accountType}${amountType}${currency}${amountMinor < 0 ? 'D' : 'C'}${amountDigits(Math.abs(amountMinor))}`;
}

/** The groups of DE54. Throws `Iso8583Error` unless it is made of whole groups. */
export function unpackAdditionalAmounts(text: string): readonly AdditionalAmount[] {
  if (text.length % GROUP_LENGTH !== 0 || text.length > GROUP_LENGTH * MOST_GROUPS) {
    throw new Iso8583Error(`field 54 (additional amounts): expected up to ${MOST_GROUPS} groups of ${GROUP_LENGTH} characters`, 54);
  }
  const amounts: AdditionalAmount[] = [];
  for (let offset = 0; offset < text.length; offset += GROUP_LENGTH) {
    const parts = /^([0-9]{2})([0-9]{2})([0-9]{3})([CD])([0-9]{12})$/.exec(text.slice(offset, offset + GROUP_LENGTH));
    if (parts === null) throw new Iso8583Error(`field 54 (additional amounts): group ${offset / GROUP_LENGTH + 1} is malformed`, 54);
    const [, accountType = '', amountType = '', currency = '', sign = '', digits = ''] = parts;
    // `0 - n` instead of `-n`: a zero debit must read as 0, not as -0.
    amounts.push({ accountType, amountType, currency, amountMinor: sign === 'D' ? 0 - Number(digits) : Number(digits) });
  }
  return amounts;
}
