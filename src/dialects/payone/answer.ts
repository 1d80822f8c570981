/** From an act's result, a payment or an error to the response. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bankPageOf } from '../../core/bank/shopper.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { ActResult } from '../../core/payment/engine.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { RecordedUnread, readRecorded } from '../../core/payment/store-failure.ts';
import { nodeOfNew, treeOfNew } from '../../core/payment/tree-of-new.ts';
import { isCapturedAfterReview } from '../../core/risk/review.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { logFailure, type RequestFault, requestFaultOf } from '../failure.ts';
import { authenticated, type Found } from './find.ts';
import { Problem, writeErrors, writeProblem } from './problem.ts';
import { errorsOf, type FieldNames, paymentNames, problemOf } from './refusals.ts';
import { returnMacOf } from './shopper.ts';
import { firstOf, type PaymentTree } from './tree.ts';
import { type Json, writeCreated } from './write.ts';

const answerHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).headers(answerHeaders).send(JSON.stringify(body));
}

/** That this is a repeat, and when the first request came; business time, epoch ms. */
export function tellFirst(reply: FastifyReply, firstAtMs: number | undefined): void {
  if (firstAtMs !== undefined) reply.header('X-GCS-Idempotence-Request-Timestamp', String(firstAtMs));
}

type Recorded = Extract<ActResult, { readonly kind: 'recorded' }>;

/** Throws the refusal in the platform's words. What another request with the same key is just doing is a refusal as well. */
export function recorded(reply: FastifyReply, act: ActResult, names: FieldNames): Recorded {
  if (act.kind === 'refused') throw problemOf(act.refusal, names);
  if (!act.repeat) return act;
  if (act.operation.state === 'submitted') throw inProgress();
  const { createdAtMs, dialectData } = act.operation;
  reply.header('X-GCS-Idempotence-Request-Timestamp', dialectData.requestedAtMs ?? String(createdAtMs));
  return act;
}

function inProgress(): Problem {
  return new Problem('DUPLICATE_REQUEST_IN_PROGRESS', { status: 409, text: 'a request with this idempotence key is under way' });
}

/** Its issuer is being asked, or has answered and the acquirer is asked: nobody can say yet whether the shopper has to go anywhere. */
function isBeingAsked({ state, bank, authentication }: OperationView): boolean {
  if (state === 'submitted') return true;
  return state === 'awaiting' && bank === undefined && authentication?.state !== 'challenged' && authentication?.state !== 'method';
}

/** A payment as it is after an act. What was just made, and nothing has followed, needs no look at the database; a repeat is told today's truth. */
export async function foundAfter(context: DialectContext, { operation, repeat }: Recorded): Promise<Found> {
  // A debit that was held for its checks has been captured since.
  if (!repeat && operation.targetId === undefined && !isCapturedAfterReview(operation)) {
    const tree = treeOfNew(operation);
    return { tree, operation: firstOf(tree) };
  }
  const { merchantId, operationId } = operation;
  const tree = await context.engine.store.findTree({ merchantId, operationId });
  const node = tree?.operations.find((one) => one.operationId === operationId);
  if (tree === undefined || node === undefined) throw new Error(`operation ${operationId} has no payment`);
  return { tree, operation: node };
}

/**
 * The payment after an act upon it. When the database has gone since and does not come back soon, the act may stand: under a key that is asked for again,
 * and without one the answer is the payment as it was read before, with the act as pending, and never an error that would make the merchant ask again.
 */
export async function afterAct(context: DialectContext, before: PaymentTree, act: Recorded, key: string | undefined): Promise<Found> {
  const { operation } = act;
  try {
    return await readRecorded(context.engine, () => foundAfter(context, act));
  } catch (error) {
    context.engine.log.error({ operationId: operation.operationId, error: String(error) }, 'a payment could not be read after an act');
    if (key !== undefined && error instanceof RecordedUnread) throw inProgress();
    const known = before.operations.find(({ operationId }) => operationId === operation.operationId);
    // Its own number is not known, and never that of another operation the merchant knows: it is the next, unless two came at once.
    return { tree: before, operation: { ...nodeOfNew(operation), number: known?.number ?? before.operations.length } };
  }
}

export interface Creating {
  readonly channel: Channel;
  readonly act: ActResult;
  readonly wantsToken: boolean;
  /** The card had a token already. */
  readonly knownToken?: boolean;
}

/** A new payment: 201, or 402 with the payment that was refused. */
export async function answerCreated(context: DialectContext, reply: FastifyReply, creating: Creating): Promise<FastifyReply> {
  const { channel, act, wantsToken, knownToken = false } = creating;
  const done = recorded(reply, act, paymentNames);
  const made = await foundAfter(context, done);
  // What was made a moment ago has its authentication with it.
  const found = done.repeat ? await authenticated(context, made) : made;
  const first = firstOf(found.tree);
  if (done.repeat && isBeingAsked(first)) throw inProgress();
  const redirect = redirectOf(context, channel, first);
  const body = writeCreated(found.tree, { wantsToken, isNewToken: !knownToken, ...(redirect === undefined ? {} : { redirect }) });
  const id = (body.payment as Json).id;
  const isDeclined = errorsOf(first).length > 0;
  if (isDeclined) return sendDeclined(reply, first, { paymentResult: body });
  return send(reply.header('location', `/v2/${channel.wireId}/payments/${String(id)}`), 201, body);
}

/** What was recorded and did not succeed: the errors, and the whole answer beside them. */
export function sendDeclined(reply: FastifyReply, operation: OperationView, result: Json): FastifyReply {
  return send(reply, 402, { ...writeErrors(errorsOf(operation), 402), ...result });
}

function redirectOf({ engine }: DialectContext, channel: Channel, operation: OperationView) {
  const { state, operationId } = operation;
  const bankPage = bankPageOf(engine, channel, operation);
  const returnMac = returnMacOf(engine, operationId);
  if (bankPage !== undefined) return { url: bankPage, returnMac };
  if (state !== 'awaiting' || operation.agreement?.initiator === 'merchant') return undefined;
  return { url: pageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: operationId }), returnMac };
}

/** The dialect's own errors, those of the HTTP layer in its shape, and defects: logged with the request's id, and told as that. */
export function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemFor(context, error);
  if (problem !== undefined) {
    if (problem.status === 503) reply.header('retry-after', '1');
    return send(reply, problem.status, writeProblem(problem));
  }
  logFailure(context, request, error);
  return send(
    reply,
    500,
    writeProblem(
      new Problem('INTERNAL_ERROR', {
        status: 500,
        text: 'an error of the gateway, which has logged it; what was asked for may have been done: read it before you ask again',
      }),
    ),
  );
}

function problemFor(context: DialectContext, error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests) return new Problem('TOO_MANY_REQUESTS', { status: 429, text: 'too many requests' });
  if (context.isUnavailable(error)) {
    return new Problem('SERVICE_UNAVAILABLE', {
      status: 503,
      text: 'the payment system cannot take the request now; nothing was recorded',
    });
  }
  const fault = requestFaultOf(error);
  return fault && new Problem('SCHEMA_VALIDATION_FAILED', { status: fault.status, text: faultTexts[fault.kind] });
}

const faultTexts: Readonly<Record<RequestFault['kind'], string>> = {
  media_type: 'the body must be application/json',
  too_large: 'the body is too large',
  unreadable: 'the request cannot be read',
};
