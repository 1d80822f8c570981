/** The conversion report: how many orders were tried, and how many were paid. */
import { Type } from 'typebox';
import { fields, inQuery, means, nullable, text, whole } from './forms.ts';
import type { ConsoleParts } from './parts.ts';
import { fieldProblem } from './problem.ts';
import { type ConsoleRoute, report } from './route.ts';

const groups = ['day', 'brand', 'flow', 'decline_reason'] as const;
function isGroup(name: string): boolean {
  return groups.some((group) => group === name);
}

const dayMs = 86_400_000;
/** All is counted when it is asked for. */
const daysAtMost = 366;

const item = Type.Object(
  {
    day: Type.Optional(means(text, 'In UTC.')),
    brand: Type.Optional(means(nullable(text), 'Of the card, or the method of the bank.')),
    flow: Type.Optional(means(text, '`none`, `frictionless` or `challenge` of 3-D Secure; `redirect` at a bank.')),
    decline_reason: Type.Optional(means(nullable(text), 'Null: it was not declined.')),
    orders: means(whole, 'Payments with the same reference of their merchant and the same e-mail are one order.'),
    approved_orders: means(whole, 'Orders with an approved attempt among these.'),
    attempts: whole,
    approved_attempts: whole,
    open_attempts: means(whole, 'Without a certain outcome.'),
  },
  { additionalProperties: false },
);

export function reportRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    report({
      ...{ name: 'reportConversion', group: 'Reports', at: '/reports/conversion', summary: 'Counts orders, attempts and approvals.' },
      description:
        'Of payments that were begun within the span, by business time. An order that was tried in several ways counts in each row that it is in: ask without `by` for the totals.',
      query: fields({
        from: means(inQuery.time, 'Not before this time.'),
        to: means(inQuery.time, 'Before this time; 366 days later at most.'),
        by: Type.Optional(
          means(
            Type.String({
              pattern: `^(${groups.join('|')})(,(${groups.join('|')}))*$`,
              'x-expected': `some of ${groups.join(', ')}, with commas between them`,
            }),
            'What makes the rows; one row of totals when not given.',
          ),
        ),
        merchant_id: Type.Optional(inQuery.uuid),
        channel_id: Type.Optional(inQuery.uuid),
        currency: Type.Optional(inQuery.currency),
      }),
      item,
      columns: ({ by = '' }) => Object.keys(item.properties).filter((name) => !isGroup(name) || by.split(',').includes(name)),
      async rows(query) {
        const [from, to] = [new Date(query.from), new Date(query.to)];
        if (to.getTime() <= from.getTime()) throw fieldProblem('to', 'must be after from');
        if (to.getTime() - from.getTime() > daysAtMost * dayMs) throw fieldProblem('to', `must be at most ${daysAtMost} days after from`);
        return store.conversion({
          ...{ from, to, by: query.by?.split(',') ?? [] },
          ...(query.merchant_id === undefined ? {} : { merchantId: query.merchant_id }),
          ...(query.channel_id === undefined ? {} : { channelId: query.channel_id }),
          ...(query.currency === undefined ? {} : { currency: query.currency }),
        });
      },
    }),
  ];
}
