/** `/api/v1/payouts/`: money out of the payout balance. A payout is made here; where it goes is said at its `execution_url`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { openOrderOnce } from '../../../core/payment/order.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readObject } from '../body.ts';
import { type Found, findOwn, writingFor } from '../find.ts';
import { newPurchaseId } from '../ids.ts';
import { type PayoutDocument, payoutDocumentOf, payoutTermsOf, readPayout, writePayout } from '../payout.ts';
import { moneyProblemOf } from '../refusals.ts';
import { expectSameInput, makingOf } from '../repeats.ts';
import { type ById, both, brandOf, merchantOf, paramsOf, unlessMissing } from '../request.ts';
import { minutesToExecute, registerExecution } from './payout-execution.ts';

const path = '/api/v1/payouts/';

export function registerPayouts(app: FastifyInstance, context: DialectContext): void {
  both(app, 'post', path, (request, reply) => create(context, request, reply));
  both(app, 'get', `${path}:id/`, async (request, reply) => {
    const found = await findOwn(context, await merchantOf(context, request), paramsOf<ById>(request).id, 'payout');
    return send(reply, 200, writePayout(found.view, writingFor(context, found.channel)));
  });
  registerExecution(app, context);
}

async function create(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const merchantId = await merchantOf(context, request);
  const body = readObject(request);
  const read = readPayout(body);
  const channel = await brandOf(context, merchantId, read.brandId);
  const making = makingOf(engine, { request, merchantId, what: 'payout', body });
  const { seed, inputHash } = making;
  const orderId = newPurchaseId(channel.routingNumber, seed);
  const find = () => findOwn(context, merchantId, orderId, 'payout');
  const answer = ({ view }: Found) => send(reply, 201, writePayout(view, writingFor(context, channel)));
  const before = seed === undefined ? undefined : await find().catch(unlessMissing);
  if (before !== undefined) {
    expectSameInput(making, payoutDocumentOf(before.view).inputHash);
    reply.header('idempotent-replayed', 'true');
    return answer(before);
  }
  const document: PayoutDocument = {
    ...{ ...read.document, referenceGenerated: `PO${await engine.store.takePaymentNumber(merchantId)}` },
    ...(seed === undefined ? {} : { inputHash }),
  };
  const expiresAtMs = engine.clock.businessNow() + minutesToExecute * 60_000;
  const refused = await openOrderOnce(engine, channel, { orderId, terms: payoutTermsOf(orderId, read, document), expiresAtMs });
  if (refused !== undefined) throw moneyProblemOf(refused, 'payment');
  const found = await find();
  if (seed !== undefined) expectSameInput(making, payoutDocumentOf(found.view).inputHash);
  return answer(found);
}
