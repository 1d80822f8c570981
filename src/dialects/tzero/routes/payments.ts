/** `/payment`: payments, what follows them, and how they stand. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isCompliant } from '../../../core/compliance/submit.ts';
import { authorize } from '../../../core/payment/authorize.ts';
import type { ActResult } from '../../../core/payment/engine.ts';
import type { OperationView } from '../../../core/payment/operation.ts';
import { operationsAsAsked } from '../../../core/payment/refund-in-parts.ts';
import type { DialectContext } from '../../dialect.ts';
import { countRequest, presentPayment, presentRecorded, send } from '../answer.ts';
import { channelNamed } from '../auth.ts';
import { Problem } from '../problem.ts';
import { readAuthorise, readPayment } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { callerOf, findPayment, keyOf, refuseParametersInUrl } from '../request.ts';
import { writeList, writeRefund } from '../write.ts';

type ById = { readonly Params: { readonly id: string } };

export function registerPayments(app: FastifyInstance, context: DialectContext): void {
  for (const path of ['/payment/authorise', '/payment/authorize']) {
    app.post(path, (request, reply) => authorise(context, request, reply));
  }

  app.get<ById>('/payment/:id', async (request, reply) => {
    const { first, channel } = await findNamed(context, request);
    return send(reply, 200, await presentPayment(context, channel, first));
  });

  app.get<ById>('/payment/:id/refunds', async (request, reply) => {
    const { first, channel } = await findNamed(context, request);
    const tree = await context.engine.store.findTree(first);
    const refunds = tree === undefined ? [] : operationsAsAsked(tree).filter(({ kind }) => kind === 'refund');
    return send(
      reply,
      200,
      writeList(
        refunds.map((refund) => writeRefund(channel, first, refund)),
        undefined,
      ),
    );
  });
}

async function findNamed(context: DialectContext, request: FastifyRequest<ById>) {
  const caller = callerOf(request);
  const { channel } = request.query as { readonly channel?: unknown };
  const found = await findPayment(context, caller, { id: request.params.id, channelId: typeof channel === 'string' ? channel : undefined });
  countRequest(context, caller, `read ${request.params.id}`);
  return found;
}

async function authorise(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  refuseParametersInUrl(request);
  const body = readAuthorise(request.body);
  const channel = await channelNamed(context.directory, callerOf(request), body.channel);
  const key = keyOf(context, request, body.reference);
  const { command, isByMerchant, hasCardData } = readPayment(body, {
    channel,
    businessMs: context.engine.clock.businessNow(),
    mode: context.mode,
    key,
  });
  if (hasCardData && !(await isCompliant(context.engine, channel.merchantId))) throw new Problem('pci_compliance_required');
  // Before anything is recorded: what happens to it is told there from the first event on.
  if (command.dialectData.notificationUrl !== undefined) await context.expectUrlsInRequests(channel);
  const operation = recordedOf(await authorize(context.engine, command), reply, key);
  return send(reply, isByMerchant ? 200 : 201, await presentRecorded(context, channel, operation));
}

/** What was recorded, now or by the first request with the key. Throws the refusal. */
export function recordedOf(act: ActResult, reply: FastifyReply, key?: { readonly byReference: boolean }): OperationView {
  if (act.kind === 'refused') throw problemOf(act.refusal, key);
  if (act.repeat) reply.header('idempotent-replayed', 'true');
  return act.operation;
}
