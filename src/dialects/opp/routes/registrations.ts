/** `/v1/registrations`: stored cards, and payments with them. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { forget, readToken } from '../../../core/instrument/forget.ts';
import type { TokenView } from '../../../core/instrument/token.ts';
import type { TokenActResult } from '../../../core/instrument/token-acts.ts';
import { tokenize } from '../../../core/instrument/tokenize.ts';
import type { AuthorizeCommand } from '../../../core/payment/authorize-command.ts';
import type { DialectContext } from '../../dialect.ts';
import { answerAct, envelope, send } from '../answer.ts';
import { begin } from '../begin.ts';
import { bankMethodOf, readBrand } from '../brands.ts';
import { checkerOf } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { type RequestContext, readDeletion, readTokenization, readTokenPayment } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { readQuery, readRequest } from '../request.ts';
import { httpStatusOf } from '../result-codes.ts';
import { countRequest } from '../throttle.ts';
import { deletionParameters, paymentParameters, registrationParameters } from '../wire.ts';
import { writeDeletion, writeReadTimestamp, writeRegistration } from '../write.ts';

const checkPayment = checkerOf(paymentParameters);
const checkRegistration = checkerOf(registrationParameters);
const checkDeletion = checkerOf(deletionParameters);

type ById = { readonly Params: { readonly id: string } };

export function registerRegistrations(app: FastifyInstance, context: DialectContext): void {
  app.post('/v1/registrations', async (request, reply) => {
    const read = await readRequest(context, request, checkRegistration);
    return answerTokenAct(context, read, reply, await tokenize(context.engine, readTokenization(read)));
  });

  app.get<ById>('/v1/registrations/:id', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const token = readTokenId(request.params.id, 404);
    const known = await readToken(context.engine, { merchantId: channel.merchantId, token });
    if (known.kind === 'refused' && known.refusal.code === 'token_unknown') throw new Problem('100.150.200', { status: 404 });
    if (known.kind === 'refused') throw problemOf(known.refusal, undefined);
    const view = known.kind === 'found' ? known.view : { token, ...madeFrom(known) };
    const { body, result } = writeRegistration(view, context.mode);
    const timestamp = view.act === undefined ? {} : { timestamp: writeReadTimestamp(view.act.createdAtMs) };
    return send(reply, httpStatusOf(result.code), { ...body, ...envelope(context, channel.wireId), ...timestamp });
  });

  app.delete<ById>('/v1/registrations/:id', async (request, reply) => {
    const read = await readQuery(context, request, checkDeletion);
    const command = readDeletion(read, readTokenId(request.params.id, 400));
    return answerTokenAct(context, read, reply, await forget(context.engine, command));
  });

  app.post<ById>('/v1/registrations/:id/payments', async (request, reply) => {
    const read = await readRequest(context, request, checkPayment);
    const command = readTokenPayment(read, readTokenId(request.params.id, 400));
    countRequest(context, read.channel, { counter: 'token payments', subject: request.params.id, reply });
    return answerAct(context, read, reply, await begin(context, read, await ofNamedBrand(context, read, command)));
  });
}

/** `unknownStatus`: what is answered to an id that has the length of one and cannot be one. */
function readTokenId(id: string, unknownStatus: 400 | 404): string {
  if (id.length !== 32) throw new Problem('100.150.101');
  if (!/^[a-zA-Z0-9]+$/.test(id)) throw new Problem('100.150.200', { status: unknownStatus });
  return id;
}

function answerTokenAct(
  context: DialectContext,
  { channel, nowMs }: RequestContext,
  reply: FastifyReply,
  done: TokenActResult,
): FastifyReply {
  if (done.kind === 'refused') throw problemOf(done.refusal, undefined);
  if (done.repeat) reply.header('idempotent-replayed', 'true');
  const { act } = done;
  const { body, result } =
    act.kind === 'deletion' ? writeDeletion(act, context.mode) : writeRegistration({ token: act.token, ...madeFrom(done) }, context.mode);
  return send(reply, httpStatusOf(result.code), { ...body, ...envelope(context, channel.wireId, nowMs) });
}

/** A token whose card is not of the brand that the request names is not paid with: that is recorded, as with a card. */
async function ofNamedBrand(
  { engine }: DialectContext,
  { channel, parameters }: RequestContext,
  command: AuthorizeCommand,
): Promise<AuthorizeCommand> {
  const { paymentBrand } = parameters;
  const { instrument } = command;
  if (paymentBrand === undefined || instrument.type !== 'token') return command;
  if (bankMethodOf(paymentBrand) !== undefined) throw new Problem('600.200.100');
  const named = readBrand(paymentBrand);
  const known = await readToken(engine, { merchantId: channel.merchantId, token: instrument.token });
  if (known.kind !== 'found' || known.view.card.brand === named) return command;
  return { ...command, instrument: { type: 'rejected', summary: known.view.card, reason: 'brand_mismatch' } };
}

/** Every tokenization is recorded with its card. */
function madeFrom({ act }: TokenActResult & { readonly kind: 'recorded' }): Omit<TokenView, 'token'> {
  if (act.card === undefined) throw new Error(`the tokenization ${act.actId} is recorded without its card`);
  return { act, card: act.card };
}
