/** Reads an earlier payment that the host is to know: what a real acquirer has in its books when a merchant changes the gateway. */

import { localDate, transmissionDateTime } from '../../src/protocols/iso8583/messages.ts';
import type { AccountOf } from '../host/accounts.ts';
import { APPROVED, type Fact } from '../host/books.ts';
import { type Act, originalKey } from '../host/request.ts';
import type { BodyProblem } from './fault-order.ts';

/** Message type and processing code of each kind that can be booked. */
const MESSAGES: Readonly<Record<string, { readonly act: Act; readonly mti: string; readonly processingCode: string }>> = {
  authorization: { act: 'authorization', mti: '0100', processingCode: '000000' },
  debit: { act: 'debit', mti: '0200', processingCode: '000000' },
  capture: { act: 'capture', mti: '0220', processingCode: '000000' },
  refund: { act: 'refund', mti: '0200', processingCode: '200000' },
  reversal: { act: 'reversal', mti: '0420', processingCode: '000000' },
};

const FORMS: Readonly<Record<string, { readonly pattern: RegExp; readonly means: string; readonly optional?: true }>> = {
  kind: { pattern: /^(authorization|debit|capture|refund|reversal)$/, means: `one of ${Object.keys(MESSAGES).join(', ')}` },
  pan: { pattern: /^[0-9]{12,19}$/, means: 'a card number of 12 to 19 digits' },
  rrn: { pattern: /^[A-Za-z0-9]{12}$/, means: '12 letters or digits' },
  stan: { pattern: /^[0-9]{6}$/, means: 'six digits' },
  terminal: { pattern: /^[A-Za-z0-9]{1,8}$/, means: '1 to 8 letters or digits' },
  transmittedAt: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, means: 'a time as in 2026-01-31T12:00:00Z' },
  currency: { pattern: /^[0-9]{3}$/, means: 'the ISO 4217 number of a currency' },
  approvalCode: { pattern: /^[A-Za-z0-9]{6}$/, means: 'six letters or digits', optional: true },
  originalStan: { pattern: /^[0-9]{6}$/, means: 'six digits', optional: true },
  originalMti: { pattern: /^0[1-4][0-2]0$/, means: 'a message type', optional: true },
  originalTransmittedAt: { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, means: 'a time', optional: true },
};
const NUMBERS = ['amount', 'remaining'];

/** The fact in a JSON body, or the first problem with it. Values are not repeated: one of them is a card number. */
export function readBooking(body: unknown, accountOf: AccountOf): Fact | BodyProblem {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { error: 'expected a JSON object', field: 'kind' };
  const values = new Map<string, unknown>(Object.entries(body));
  const unknown = [...values.keys()].find((key) => !Object.hasOwn(FORMS, key) && !NUMBERS.includes(key));
  if (unknown !== undefined) return { error: 'unknown field', field: unknown.slice(0, 40) };
  for (const [field, { pattern, means, optional }] of Object.entries(FORMS)) {
    const value = values.get(field);
    if (value === undefined && optional === true) continue;
    if (typeof value !== 'string' || !pattern.test(value)) return { error: `expected ${means}, as a string`, field };
  }
  const [amountMinor, remaining] = [values.get('amount'), values.get('remaining')];
  if (!isAmount(amountMinor)) return { error: 'expected a whole number of minor units', field: 'amount' };
  if (remaining !== undefined && !isAmount(remaining)) return { error: 'expected a whole number of minor units', field: 'remaining' };
  return factOf((field) => String(values.get(field) ?? ''), { amountMinor, remaining, accountOf });
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

interface Rest {
  readonly amountMinor: number;
  readonly remaining: number | undefined;
  readonly accountOf: AccountOf;
}

function factOf(text: (field: string) => string, { amountMinor, remaining, accountOf }: Rest): Fact | BodyProblem {
  const message = MESSAGES[text('kind')];
  if (message === undefined) return { error: 'unknown kind', field: 'kind' };
  const transmittedMs = Date.parse(text('transmittedAt'));
  if (Number.isNaN(transmittedMs)) return { error: 'there is no such time', field: 'transmittedAt' };
  // Terminals come padded off the link (DE41 has eight characters).
  const terminal = text('terminal').padEnd(8);
  const refersBack = message.act === 'capture' || message.act === 'refund' || message.act === 'reversal';
  if (refersBack && (text('originalStan') === '' || text('originalMti') === '' || text('originalTransmittedAt') === '')) {
    return { error: `a ${message.act} names its original by originalMti, originalStan and originalTransmittedAt`, field: 'originalStan' };
  }
  const originalMs = refersBack ? Date.parse(text('originalTransmittedAt')) : 0;
  if (Number.isNaN(originalMs)) return { error: 'there is no such time', field: 'originalTransmittedAt' };
  const original = { mti: text('originalMti'), terminal, stan: text('originalStan') };
  return {
    ...message,
    terminal,
    date: localDate(transmittedMs),
    stan: text('stan'),
    rrn: text('rrn'),
    transmittedAt: transmissionDateTime(transmittedMs),
    currency: text('currency'),
    amountMinor,
    account: accountOf(text('pan')),
    original: refersBack ? originalKey({ ...original, transmittedAt: transmissionDateTime(originalMs) }) : undefined,
    remainingMinor: remaining,
    code: APPROVED,
    approvalCode: text('approvalCode'),
    schemeId: '',
    privateText: '',
    more: { isEarlier: true },
  };
}
