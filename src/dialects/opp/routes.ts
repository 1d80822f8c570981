/** Endpoints: from a request to the core's act to an answer. */
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import { type AuthorizeCommand, authorize } from '../../core/payment/authorize.ts';
import { authorizeAndCapture } from '../../core/payment/authorize-and-capture.ts';
import { capture } from '../../core/payment/capture.ts';
import type { ActResult } from '../../core/payment/engine.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { rebill } from '../../core/payment/rebill.ts';
import { refund } from '../../core/payment/refund.ts';
import { isCertainlyNotRecorded } from '../../core/payment/store-failure.ts';
import { voidOperation } from '../../core/payment/void.ts';
import type { DialectContext } from '../dialect.ts';
import { authenticate } from './auth.ts';
import { fromWireId } from './ids.ts';
import { checkerOf, parseBody, parseParameters } from './parameters.ts';
import { Problem, parameterProblem, shownName } from './problem.ts';
import { composite, type RequestContext, readOperation, readPayment, readTokenPayment } from './read.ts';
import { type BackOfficeType, problemOf } from './refusals.ts';
import { httpStatusOf, resultOf } from './result-codes.ts';
import { operationParameters, type Parameters, paymentParameters, queryParameters } from './wire.ts';
import { writeEnvelope, writeOperation, writeReadTimestamp, writeResult } from './write.ts';

const checkPayment = checkerOf(paymentParameters);
const checkOperation = checkerOf(operationParameters);
const checkQuery = checkerOf(queryParameters);

const acts = { CP: capture, RV: voidOperation, RF: refund, RB: rebill } as const;

/** The text that clients of the platform search for when a payment cannot be found by its id. */
const noSession =
  'invalid or missing parameter - (opp) No payment session found for the requested id - are you mixing test/live servers or have you paid more than 30min ago?';

const listedAtMost = 100;

/** What the platform says of its build; here the version of the protocol's implementation. */
const buildNumber = `${createHash('sha1').update('polygate opp 1').digest('hex')}@2026-11-21 00:00:00 +0000`;

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));

  app.post('/v1/payments', async (request, reply) => {
    const read = await readRequest(context, request, checkPayment);
    return answerAct(context, read, reply, await begin(context, read, readPayment(read)));
  });

  app.post<{ Params: { id: string } }>('/v1/registrations/:id/payments', async (request, reply) => {
    const read = await readRequest(context, request, checkPayment);
    if (request.params.id.length !== 32) throw new Problem('100.150.101');
    if (!/^[a-zA-Z0-9]+$/.test(request.params.id)) throw new Problem('100.150.200');
    return answerAct(context, read, reply, await begin(context, read, readTokenPayment(read, request.params.id)));
  });

  app.post<{ Params: { id: string } }>('/v1/payments/:id', async (request, reply) => {
    const read = await readRequest(context, request, checkOperation);
    const type = readType(read.parameters);
    const operationId = fromWireId(request.params.id) ?? request.params.id;
    const command = readOperation(read, operationId);
    if (fromWireId(request.params.id) === undefined) throw unknownReference(type);
    return answerAct(context, read, reply, await acts[type](context.engine, command), type);
  });

  app.get<{ Params: { id: string } }>('/v1/payments/:id', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const operation = await findOwn(context, channel, request.params.id);
    if (operation === undefined) throw new Problem('200.300.404', { status: 404, text: noSession });
    return answerRead(context, channel, reply, operation);
  });

  app.get<{ Params: { id: string } }>('/v1/query/:id', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const operation = await findOwn(context, channel, request.params.id);
    if (operation === undefined) throw new Problem('700.400.580', { status: 404 });
    return answerRead(context, channel, reply, operation);
  });

  app.get('/v1/query', async (request, reply) => {
    const { channel, parameters } = await readQuery(context, request);
    const { merchantTransactionId } = parameters;
    if (merchantTransactionId === undefined) throw parameterProblem('merchantTransactionId', undefined, 'may not be empty');
    const { merchantId, channelId } = channel;
    const found = await context.engine.store.findByReference({
      merchantId,
      channelId,
      merchantReference: merchantTransactionId,
      limit: listedAtMost,
    });
    if (found.length === 0) throw new Problem('700.400.580', { status: 404 });
    const payments = found.map((operation) => readBack(context, channel, operation));
    return send(reply, 200, { ...writeResult(resultOf('000.000.100'), []), ...envelope(context, channel.wireId), payments });
  });
  refuseTheRest(app);
}

/** The answer to a composite request is that of its last part: the capture, once there is something to capture. */
function begin({ engine }: DialectContext, { parameters }: RequestContext, command: AuthorizeCommand): Promise<ActResult> {
  if (parameters.paymentType !== composite) return authorize(engine, command);
  return authorizeAndCapture(engine, command, { dialectData: { ...command.dialectData, paymentType: composite } });
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Other methods on the paths above, and every other path under the version, are answered in the protocol's shape too. */
function refuseTheRest(app: FastifyInstance): void {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    '/v1/payments': ['POST'],
    '/v1/payments/:id': ['GET', 'POST'],
    '/v1/registrations/:id/payments': ['POST'],
    '/v1/query': ['GET'],
    '/v1/query/:id': ['GET'],
  };
  for (const [url, names] of Object.entries(allowed)) {
    app.route({
      ...{ method: methods.filter((name) => !names.includes(name)), url, exposeHeadRoute: false },
      handler: (_request, reply) => {
        reply.header('allow', names.join(', '));
        throw new Problem('200.300.403');
      },
    });
  }
  app.route({
    ...{ method: methods, url: '/v1/*', exposeHeadRoute: false },
    handler: () => {
      throw new Problem('200.300.404', { status: 404, text: 'there is no such endpoint' });
    },
  });
}

async function readRequest(
  context: DialectContext,
  request: FastifyRequest,
  check: (parameters: Parameters) => void,
): Promise<RequestContext> {
  const parameters = (request.body ?? {}) as Parameters;
  refuseParametersInUrl(request);
  const channel = await authenticate(context.directory, request.headers.authorization, withEntityOfUrl(request, parameters));
  check(parameters);
  if (context.mode === 'live' && parameters.testMode !== undefined) throw new Problem('600.200.701');
  return { channel, parameters, idempotencyKey: readIdempotencyKey(request), nowMs: context.engine.clock.wallNow() };
}

/** A GET has its parameters in the query. */
async function readQuery(
  context: DialectContext,
  request: FastifyRequest,
): Promise<{ readonly channel: Channel; readonly parameters: Parameters }> {
  const parameters = parseParameters(queryOf(request));
  const channel = await authenticate(context.directory, request.headers.authorization, parameters);
  checkQuery(parameters);
  return { channel, parameters };
}

function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

/** Whatever stands in a URL ends up in somebody's log; only the entity's id is harmless there. */
function refuseParametersInUrl(request: FastifyRequest): void {
  const query = queryOf(request);
  if (query === '') return;
  const names = Object.keys(parseParameters(query)).filter((name) => name !== 'entityId');
  if (names.length === 0) return;
  const parameterErrors = names.map((name) => ({
    name: shownName(name),
    value: null,
    message: 'must be in the body of a POST, not in its URL',
  }));
  throw new Problem('200.300.404', { parameterErrors });
}

function withEntityOfUrl(request: FastifyRequest, parameters: Parameters): Parameters {
  const { entityId } = parseParameters(queryOf(request));
  return entityId === undefined ? parameters : { entityId, ...parameters };
}

/** Headers are not part of the protocol, so this one is safe to add: 1 to 255 printable characters, in quotes or not. */
function readIdempotencyKey({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = String(header).replace(/^"(.*)"$/, '$1');
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw parameterProblem('Idempotency-Key', undefined, 'must be 1 to 255 printable ASCII characters');
  return key;
}

function readType({ paymentType }: Parameters): BackOfficeType {
  if (paymentType === undefined) throw parameterProblem('paymentType', undefined, 'may not be empty');
  if (paymentType in acts) return paymentType as BackOfficeType;
  throw new Problem('600.200.400');
}

function unknownReference(type: BackOfficeType): Problem {
  return problemOf({ code: 'operation_unknown', category: 'state', meaning: '', retryable: false }, type);
}

async function findOwn({ engine }: DialectContext, { merchantId, channelId }: Channel, wireId: string): Promise<OperationView | undefined> {
  const operationId = fromWireId(wireId);
  if (operationId === undefined) return undefined;
  const operation = await engine.store.findOperation({ merchantId, operationId });
  return operation?.channelId === channelId ? operation : undefined;
}

function answerAct(
  context: DialectContext,
  { channel, nowMs }: RequestContext,
  reply: FastifyReply,
  act: ActResult,
  type?: BackOfficeType,
): FastifyReply {
  if (act.kind === 'refused') throw problemOf(act.refusal, type);
  if (act.repeat) reply.header('idempotent-replayed', 'true');
  const { body, result } = writeOperation(act.operation, { mode: context.mode, channel });
  return send(reply, httpStatusOf(result.code), { ...body, ...envelope(context, channel.wireId, nowMs) });
}

function answerRead(context: DialectContext, channel: Channel, reply: FastifyReply, operation: OperationView): FastifyReply {
  const { result } = writeOperation(operation, { mode: context.mode, channel });
  return send(reply, httpStatusOf(result.code), { ...envelope(context, channel.wireId), ...readBack(context, channel, operation) });
}

/** A transaction that is read back shows its own time. */
function readBack({ mode }: DialectContext, channel: Channel, operation: OperationView): object {
  return { ...writeOperation(operation, { mode, channel }).body, timestamp: writeReadTimestamp(operation.createdAtMs) };
}

function envelope({ engine }: DialectContext, entityId: string, nowMs = engine.clock.wallNow()): object {
  return writeEnvelope({ buildNumber, ndc: `${entityId}_${randomUUID().replaceAll('-', '')}`, nowMs });
}

const answerHeaders = {
  'content-type': 'application/json;charset=UTF-8',
  'cache-control': 'private, no-cache, no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
};

/** The whole answer in one write with its length: some clients parse each chunk by itself. */
function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).headers(answerHeaders).send(JSON.stringify(body));
}

/** The dialect's own errors, those of the HTTP layer in its shape, and defects: logged with the request's id, and told as that. */
function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = context.isUnavailable(error) ? new Problem('800.800.800', { status: 503 }) : problemFor(error);
  if (problem === undefined) {
    context.engine.log.error(
      { requestId: request.id, route: request.routeOptions.url, error: error instanceof Error ? error.stack : String(error) },
      'a request failed by a defect',
    );
    return send(reply, 500, { ...writeResult(resultOf('999.999.999'), []), ...envelope(context, entityOf(request)) });
  }
  const result = { ...resultOf(problem.code), ...(problem.text === undefined ? {} : { description: problem.text }) };
  if (problem.status === 503) reply.header('retry-after', '1');
  return send(reply, problem.status, { ...writeResult(result, problem.parameterErrors), ...envelope(context, entityOf(request)) });
}

/** The entity that the request names, for the id of the answer; nothing else of a request is repeated unseen. */
function entityOf({ body, query }: FastifyRequest): string {
  for (const source of [body, query] as readonly (Parameters | undefined)[]) {
    const entityId = source?.entityId ?? source?.['authentication.entityId'];
    if (typeof entityId === 'string' && /^[a-f0-9]{32}$/.test(entityId)) return entityId;
  }
  return 'unknown';
}

function problemFor(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (isCertainlyNotRecorded(error)) return new Problem('800.800.800', { status: 503 });
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new Problem('200.100.103', { text: 'the body must be application/x-www-form-urlencoded' });
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem('200.100.103', { status: 413, text: 'the body is too large' });
  return new Problem('200.100.103', { status: statusCode });
}
