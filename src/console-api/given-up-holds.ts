/** What is due for holds and was given up, so that only a person can go on. */
import { dueKinds } from '../core/due/due-hold.ts';
import { amount, fields, inQuery, means, nullable, oneOf, optional, text, time } from './forms.ts';
import type { ConsoleParts } from './parts.ts';
import { operation } from './payments.ts';
import { type ConsoleRoute, list } from './route.ts';

const group = 'Given up holds';

const due = means(
  oneOf(dueKinds),
  'What was to be done. `expiry`: reverse what is left at the end of the hold; `capture`: capture it, as asked for with the authorization; `rest`: reverse what the last capture has left; `review`: reverse it, since it was not let through.',
);

const givenUp = {
  ...operation,
  due,
  due_at: means(time, 'When it was due; on the business clock.'),
  given_up_at: means(time, 'Since when it waits; on the business clock.'),
  given_up_because: means(nullable(text), "Why: the acquirer's last answer (DE39), or that the card is gone."),
  left_amount: means(amount, 'What of the hold is neither captured nor released, in minor units.'),
};

export function givenUpHoldRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listGivenUpHolds', group, at: '/given-up-holds' },
      summary: 'Lists what is due for holds and was given up, the longest due first.',
      description:
        'Nothing of it is tried any more: the acquirer has refused it, a reversal ten times, or the card is not in the vault. Each is a hold (a preauthorization) with what was to be done. What the merchant captures or voids meanwhile leaves the list by itself.',
      query: optional({ merchant_id: inQuery.uuid, payment_id: inQuery.uuid, operation_id: inQuery.uuid, due: oneOf(dueKinds) }),
      ...{ list: 'given_up_holds', item: fields(givenUp), store },
    }),
  ];
}
