/** `/v1/threeDSecure`: 3-D Secure without a payment. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Channel } from '../../../core/merchant/channel.ts';
import { authenticate, findAuthentication, type StandAloneView } from '../../../core/three-d-secure/authenticate.ts';
import { pageUrl } from '../../../core/three-d-secure/tickets.ts';
import type { DialectContext } from '../../dialect.ts';
import { readAgreement } from '../agreement.ts';
import { envelope, send } from '../answer.ts';
import { fromWireId } from '../ids.ts';
import { checkerOf } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { readAmount, readTokenization } from '../read.ts';
import { problemOf, rejectionCodes } from '../refusals.ts';
import { readQuery, readRequest } from '../request.ts';
import { httpStatusOf } from '../result-codes.ts';
import { shopperOf } from '../shopper.ts';
import { authenticationParameters } from '../wire.ts';
import { writeAuthentication, writeReadTimestamp } from '../write.ts';

const check = checkerOf(authenticationParameters);

const path = '/v1/threeDSecure';

export function registerThreeDSecure(app: FastifyInstance, context: DialectContext): void {
  app.post(path, async (request, reply) => {
    const read = await readRequest(context, request, check);
    const { channel, card, dialectData, merchantReference, idempotencyKey } = readTokenization(read);
    const money = readAmount(read.parameters);
    if (money === undefined) throw new Problem('100.550.300');
    if (card.type === 'rejected') throw new Problem(rejectionCodes[card.reason]);
    const shopper = shopperOf(read.parameters, context.mode, `${path}/`);
    const done = await authenticate(context.engine, {
      ...{ channel, ...money, card, shopper, dialectData, ...readAgreement(read.parameters) },
      ...(merchantReference === undefined ? {} : { merchantReference }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (done.kind === 'refused') throw problemOf(done.refusal, undefined);
    if (done.kind === 'not_enrolled') throw new Problem('000.400.109');
    if (done.repeat) reply.header('idempotent-replayed', 'true');
    return answer(context, reply, channel, done.view, envelope(context, channel.wireId, read.nowMs));
  });

  app.get<{ Params: { id: string } }>(`${path}/:id`, async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const id = fromWireId(request.params.id);
    const view = id === undefined ? undefined : await findAuthentication(context.engine, { channel, id });
    if (view === undefined) throw new Problem('200.300.404', { status: 404, text: 'there is no such authentication' });
    const timestamp = writeReadTimestamp(view.run.createdAtMs);
    return answer(context, reply, channel, view, { ...envelope(context, channel.wireId), timestamp });
  });
}

function answer(context: DialectContext, reply: FastifyReply, channel: Channel, view: StandAloneView, more: object): FastifyReply {
  const redirectUrl = pageUrl(context.engine.shoppers, { routingNumber: channel.routingNumber, id: view.id });
  const { body, result } = writeAuthentication(view, { mode: context.mode, redirectUrl });
  return send(reply, httpStatusOf(result.code), { ...body, ...more });
}
