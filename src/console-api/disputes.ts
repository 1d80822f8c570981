/** Disputes: chargebacks, as the acquirer or the merchant has told of them. */
import { amount, currency, fields, inQuery, means, nullable, oneOf, optional, span, text, time, uuid } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const stages = ['chargeback', 'reversed'] as const;

/** A dispute as operators see it. */
export const dispute = {
  dispute_id: means(uuid, 'That of the operation which is the chargeback.'),
  merchant_id: uuid,
  payment_id: uuid,
  charge_id: means(uuid, 'The operation that is disputed.'),
  amount: means(amount, 'Minor units.'),
  currency,
  stage: oneOf(stages),
  scheme_reason: nullable(text),
  case_number: means(nullable(text), "The acquirer's; null while only the merchant has told of it."),
  reversal_id: nullable(uuid),
  opened_at: time,
  confirmed_at: means(nullable(time), 'When the acquirer told of it.'),
  reversed_at: nullable(time),
  reversal_confirmed_at: nullable(time),
};

export function disputeRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listDisputes', group: 'Disputes', at: '/disputes', summary: 'Lists disputes, the latest first.' },
      query: optional({
        ...{ merchant_id: inQuery.uuid, payment_id: inQuery.uuid, stage: oneOf(stages), case_number: inQuery.text, ...span },
      }),
      ...{ list: 'disputes', item: fields(dispute), store },
    }),
    act({
      ...{
        name: 'readDispute',
        group: 'Disputes',
        method: 'get',
        at: '/disputes/:dispute_id',
        role: 'viewer',
        summary: 'Reads a dispute.',
      },
      ...{ path: fields({ dispute_id: uuid }), answer: fields(dispute), problems: ['not_found'] },
      handle: ({ path }) => readOne(store, { list: 'disputes', filters: path, noun: 'dispute' }),
    }),
  ];
}
