/** What is due for holds and was given up, so that only a person can go on. */
import { dueKinds } from '../core/due/due-hold.ts';
import { decideGivenUp, type GivenUpCommand, type GivenUpResult, givenUpDecisions } from '../core/due/given-up.ts';
import { amount, fields, inQuery, means, nullable, oneOf, optional, text, time, uuid, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { operation } from './payments.ts';
import { ConsoleProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

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

export function givenUpHoldRoutes({ store, engine }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (operation_id: string) => readOne(store, { list: 'operations', filters: { operation_id }, noun: 'operation' });
  return [
    list({
      ...{ name: 'listGivenUpHolds', group, at: '/given-up-holds' },
      summary: 'Lists what is due for holds and was given up, the longest due first.',
      description:
        'Nothing of it is tried any more: the acquirer has refused it, a reversal ten times, or the card is not in the vault. Each is a hold (a preauthorization) with what was to be done. What the merchant captures or voids meanwhile leaves the list by itself.',
      query: optional({ merchant_id: inQuery.uuid, payment_id: inQuery.uuid, operation_id: inQuery.uuid, due: oneOf(dueKinds) }),
      ...{ list: 'given_up_holds', item: fields(givenUp), store },
    }),
    act({
      ...{ name: 'decideGivenUpHold', group, method: 'post', at: '/given-up-holds/:operation_id/decision', role: 'operator' },
      summary: 'Settles what was given up for a hold.',
      description:
        '`try_again`: it is due at once, with all its tries. `leave`: a capture or a release of the rest is not tried any more; what is left of the hold is reversed at its end. `released`: the acquirer says that nothing of the hold stands there any more; what is left is booked as released, the merchant is told, and nothing is sent. The reason is in the trail.',
      path: fields({ operation_id: uuid }),
      body: fields({ due, decision: oneOf(givenUpDecisions), reason: means(words(3, 500), 'Why, or how it is known.') }),
      sample: { due: 'expiry', decision: 'try_again', reason: 'The acquirer takes reversals of this account again.' },
      ...{ answer: fields(operation), problems: ['not_found', 'conflict'] },
      async handle({ path: { operation_id: operationId }, body, actor }) {
        const merchantId = String((await read(operationId)).merchant_id);
        const result = await decideGivenUp(engine, { merchantId, operationId, ...body, actor });
        if (result !== 'decided') throw problemOf({ operationId, ...body }, result);
        return read(operationId);
      },
    }),
  ];
}

function problemOf(
  { operationId, due }: Pick<GivenUpCommand, 'operationId' | 'due'>,
  result: Exclude<GivenUpResult, 'decided'>,
): ConsoleProblem {
  switch (result) {
    case 'unknown_operation':
      return new ConsoleProblem('not_found', `There is no operation ${operationId}.`);
    case 'not_given_up':
      return new ConsoleProblem('conflict', `Of the operation no ${due} waits for a decision, or not any more.`);
    case 'nothing_left':
      return new ConsoleProblem('conflict', 'Nothing is left to do: the hold was captured or released meanwhile.');
    case 'busy':
      return new ConsoleProblem('conflict', 'A capture or a release of the hold is under way; look again when it is over with.');
    case 'forbidden':
      return new ConsoleProblem('conflict', `Of ${due} nothing would follow: the hold would stand for ever.`, [
        { field: 'decision', detail: `is not possible for ${due}` },
      ]);
  }
}
