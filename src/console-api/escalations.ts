/** Operations that only a person can settle, and their decision. */
import { Type } from 'typebox';
import { type DecideResult, decide, decisions } from '../core/payment/decide.ts';
import { operationKinds } from '../core/payment/operation.ts';
import { fields, inQuery, means, oneOf, optional, uuid, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { operation } from './payments.ts';
import { ConsoleProblem, fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const group = 'Escalations';

export function escalationRoutes({ store, engine }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (operation_id: string) => readOne(store, { list: 'operations', filters: { operation_id }, noun: 'operation' });
  return [
    list({
      ...{ name: 'listEscalations', group, at: '/escalations', summary: 'Lists operations that wait for a decision, oldest first.' },
      description:
        'They were not answered, and nothing more can be done without risk: `reason` says why, or what there is to know of it: `in_review` (a risk rule holds it), `partly_approved` (for a part that its merchant does not take), `address_check_failed` and `cvc_check_failed` (approved against a rule of its merchant). Ask the acquirer what became of each.',
      query: optional({ merchant_id: inQuery.uuid, kind: oneOf(operationKinds) }),
      ...{ list: 'escalations', item: fields(operation), store },
    }),
    act({
      ...{ name: 'decideEscalation', group, method: 'post', at: '/escalations/:operation_id/decision', role: 'operator' },
      summary: 'Settles an escalated operation.',
      description:
        '`approved`: the acquirer did it. `undone`: nothing of it stands there. `repeat`: it is asked again, under the rule of its kind; not where that could pay twice. The books follow the decision, the merchant is told, and the reason is in the trail.',
      path: fields({ operation_id: uuid }),
      body: fields({
        decision: oneOf(decisions),
        approval_code: Type.Optional(
          means(
            Type.String({ pattern: '^[A-Za-z0-9]{6}$', 'x-expected': 'six letters or digits' }),
            'Of `approved`: the code that the acquirer gave (DE38). Without it a hold whose answer was lost may not be captured.',
          ),
        ),
        reason: means(words(3, 500), 'How it is known.'),
      }),
      sample: { decision: 'approved', reason: 'The acquirer confirmed it by phone, case 4711.' },
      ...{ answer: fields(operation), problems: ['not_found', 'conflict'] },
      async handle({ path: { operation_id: operationId }, body: { decision, approval_code: approvalCode, reason }, actor }) {
        if (approvalCode !== undefined && decision !== 'approved') throw fieldProblem('approval_code', 'belongs to the decision approved');
        const merchantId = String((await read(operationId)).merchant_id);
        const result = await decide(engine, {
          ...{ merchantId, operationId, decision, reason, actor },
          ...(approvalCode === undefined ? {} : { approvalCode }),
        });
        if (result.kind !== 'decided') throw problemOf(operationId, result);
        return read(operationId);
      },
    }),
  ];
}

function problemOf(operationId: string, result: Exclude<DecideResult, { readonly kind: 'decided' }>): ConsoleProblem {
  switch (result.kind) {
    case 'unknown_operation':
      return new ConsoleProblem('not_found', `There is no operation ${operationId}.`);
    case 'not_escalated':
      return new ConsoleProblem('conflict', `The operation is ${result.state}: it does not wait for a decision.`);
    case 'forbidden':
      return new ConsoleProblem('conflict', result.why, [{ field: 'decision', detail: 'is not possible for this operation' }]);
  }
}
