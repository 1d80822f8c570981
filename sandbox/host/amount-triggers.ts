/** Amounts by which a platform's test system is told what to do with one kind of message, as data; on that platform's own terminal only. */
import type { Act } from './request.ts';

/** `declined`: with this DE39. `unanswered`: it is booked, and its first answer is lost. */
export type AmountTrigger = { readonly kind: 'declined'; readonly code: string } | { readonly kind: 'unanswered' };

const REFUSED: AmountTrigger = { kind: 'declined', code: '05' };

/** By terminal, then by act and amount in minor units. Source of each terminal's: the platform's published test cases. */
const TRIGGERS: ReadonlyMap<string, ReadonlyMap<string, AmountTrigger>> = new Map([
  [
    'PAYO0001',
    new Map<string, AmountTrigger>([
      ['debit 1302', REFUSED],
      ['refund 1303', REFUSED],
      ['capture 1309', REFUSED],
      ['refund 1203', { kind: 'unanswered' }],
      ['capture 1209', { kind: 'unanswered' }],
    ]),
  ],
]);

/** By terminal, then by the last two digits of the amount of a new payment: DE39. */
const ENDINGS: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map([
  [
    'PAYZ0001',
    new Map([
      [5, '05'],
      [51, '51'],
      [33, '33'],
    ]),
  ],
  ['TZER0001', new Map([[91, '91']])],
]);

/** Undefined for nearly all. */
export function triggerOf({
  terminal,
  act,
  amountMinor,
}: {
  readonly terminal: string;
  readonly act: Act;
  readonly amountMinor: number;
}): AmountTrigger | undefined {
  const exact = TRIGGERS.get(terminal)?.get(`${act} ${amountMinor}`);
  if (exact !== undefined || (act !== 'debit' && act !== 'authorization')) return exact;
  const code = ENDINGS.get(terminal)?.get(amountMinor % 100);
  return code === undefined ? undefined : { kind: 'declined', code };
}
