/** Payments that risk rules hold until somebody has looked at them, and what is decided of them. */
import { decideReview, reviewDecisions } from '../core/risk/decide-review.ts';
import { fields, inQuery, means, nullable, oneOf, optional, text, time, uuid, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { operation } from './payments.ts';
import { ConsoleProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const group = 'Reviews';

const held = {
  ...operation,
  cause: means(
    nullable(text),
    'The rule that it has met: what is on a list, as in `email_listed`, or tried too often, as in `card_too_often`; `card_checks`: what the issuer has found of the address or of the code.',
  ),
  due_at: means(time, 'When it is given up unless somebody has decided; on the business clock.'),
  ...{ brand: nullable(text), bin: nullable(text), last4: nullable(text) },
};

export function reviewRoutes({ store, engine }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (operation_id: string) => readOne(store, { list: 'operations', filters: { operation_id }, noun: 'operation' });
  return [
    list({
      ...{ name: 'listReviews', group, at: '/reviews', summary: 'Lists payments that are held for review, the most urgent first.' },
      description: 'Risk rules with the action `review` hold them: they are authorized, and nothing of them is captured.',
      query: optional({ merchant_id: inQuery.uuid, payment_id: inQuery.uuid, operation_id: inQuery.uuid, cause: inQuery.text }),
      ...{ list: 'reviews', item: fields(held), store },
    }),
    act({
      ...{ name: 'decideReview', group, method: 'post', at: '/reviews/:operation_id/decision', role: 'operator' },
      summary: 'Lets a payment through, or declines it.',
      description:
        '`accept`: it goes its way; what was to be charged at once is charged now. `decline`: what is held is given up. The merchant is told, and the reason is in the trail.',
      path: fields({ operation_id: uuid }),
      body: fields({
        decision: oneOf(reviewDecisions),
        reason: means(words(3, 500), 'Why.'),
      }),
      sample: { decision: 'accept', reason: 'The shopper was called back and knows the order.' },
      ...{ answer: fields(operation), problems: ['not_found', 'conflict'] },
      async handle({ path: { operation_id: operationId }, body: { decision, reason }, actor }) {
        const merchantId = String((await read(operationId)).merchant_id);
        const result = await decideReview(engine, { merchantId, operationId, decision, reason, actor });
        if (result === 'unknown_operation') throw new ConsoleProblem('not_found', `There is no operation ${operationId}.`);
        if (result === 'not_in_review') throw new ConsoleProblem('conflict', 'The payment is not held for review, or not any more.');
        return read(operationId);
      },
    }),
  ];
}
