/** What merchants' endpoints were told, how that went, and telling it again. */
import { Type } from 'typebox';
import { fields, flag, inQuery, means, nullable, oneOf, optional, span, text, time, uuid, whole } from './forms.ts';
import type { ConsoleParts } from './parts.ts';
import { ConsoleProblem, fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const states = ['pending', 'delivered', 'given_up'] as const;

/** A delivery as operators see it. */
export const delivery = {
  merchant_id: uuid,
  endpoint_id: uuid,
  subject: means(oneOf(['payment', 'token', 'checkout', 'subscriber', 'mail']), 'What it is about.'),
  payment_id: means(
    uuid,
    'Of what happened to a stored card: its token, as a UUID; of what happened to an order: its checkout; of a mail: its own id.',
  ),
  sequence: means(whole, "The event's number within its payment."),
  event: text,
  state: oneOf(states),
  tries: whole,
  created_at: time,
  due_at: means(nullable(time), 'When it may be sent next.'),
  finished_at: nullable(time),
  last_try_at: nullable(time),
  last_status: means(nullable(whole), 'HTTP status of the last answer.'),
  last_problem: means(nullable(text), 'Why the last try counts as failed.'),
};

const attempt = fields({
  attempt_id: uuid,
  started_at: time,
  duration_ms: whole,
  status: nullable(whole),
  problem: nullable(text),
  answer: means(nullable(text), 'The first bytes of what the endpoint answered.'),
});

const group = 'Deliveries';

export function deliveryRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listDeliveries', group, at: '/deliveries', summary: 'Lists deliveries, those of the latest payments first.' },
      query: optional({ merchant_id: inQuery.uuid, endpoint_id: inQuery.uuid, payment_id: inQuery.uuid, state: oneOf(states), ...span }),
      ...{ list: 'deliveries', item: fields(delivery), store },
    }),
    list({
      ...{ name: 'listDeliveryAttempts', group, at: '/endpoints/:endpoint_id/deliveries/:payment_id/:sequence/attempts' },
      summary: 'Lists every try of a delivery, oldest first.',
      path: fields({ endpoint_id: uuid, payment_id: uuid, sequence: Type.String({ pattern: '^\\d{1,9}$', 'x-expected': 'a number' }) }),
      ...{ list: 'delivery_attempts', item: attempt, store },
    }),
    act({
      ...{ name: 'replayDeliveries', group, method: 'post', at: '/endpoints/:endpoint_id/replay', role: 'operator' },
      summary: 'Tells an endpoint again what it was told, or what was given up: one event, a payment, a span of time, or all that failed.',
      description:
        'What is finished becomes pending again; what is still pending stays as it is, and is sent at once when the endpoint acknowledges a test message. At least one of the fields must be there.',
      path: fields({ endpoint_id: uuid }),
      body: optional({
        failed: means(flag, 'Only what was given up.'),
        payment_id: means(uuid, 'Only one payment.'),
        sequence: means(
          Type.Integer({ minimum: 1, maximum: 2_147_483_647, 'x-expected': 'a whole number above zero' }),
          'Only one event of that payment.',
        ),
        from: means(inQuery.time, 'Only deliveries made since then.'),
        to: means(inQuery.time, 'Only deliveries made before then.'),
      }),
      sample: { failed: true },
      answer: fields({ replayed: means(whole, 'How many deliveries are made again.') }),
      problems: ['not_found'],
      async handle({ path: { endpoint_id: endpointId }, body, actor }) {
        const { failed: onlyFailed = false, payment_id: paymentId, sequence, from, to } = body;
        if (!onlyFailed && paymentId === undefined && from === undefined && to === undefined) {
          throw new ConsoleProblem('bad_request', 'Say what to tell again: failed, payment_id with or without sequence, or from and to.');
        }
        if (sequence !== undefined && paymentId === undefined)
          throw fieldProblem('sequence', 'counts within one payment: give payment_id as well');
        const replayed = await store.replay({
          ...{ actor, endpointId, onlyFailed },
          ...(paymentId === undefined ? {} : { paymentId }),
          ...(sequence === undefined ? {} : { sequence }),
          ...(from === undefined ? {} : { from: new Date(from) }),
          ...(to === undefined ? {} : { to: new Date(to) }),
        });
        return { replayed };
      },
    }),
  ];
}
