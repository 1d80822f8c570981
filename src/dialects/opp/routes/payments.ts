/** `/v1/payments`: a first payment, what follows it, and how it stands. */
import type { FastifyInstance } from 'fastify';
import { authorizeAtBank } from '../../../core/bank/authorize.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { capture } from '../../../core/payment/capture.ts';
import { chargeback, chargebackReversal } from '../../../core/payment/chargeback.ts';
import type { OperationView } from '../../../core/payment/operation.ts';
import { rebill } from '../../../core/payment/rebill.ts';
import { receipt } from '../../../core/payment/receipt.ts';
import { refund } from '../../../core/payment/refund.ts';
import { voidOperation } from '../../../core/payment/void.ts';
import type { DialectContext } from '../../dialect.ts';
import { answerAct, answerCalledOff, answerRead } from '../answer.ts';
import { begin } from '../begin.ts';
import { bankMethodOf, isBrandOf } from '../brands.ts';
import { findOwn } from '../find.ts';
import { fromWireId } from '../ids.ts';
import { checkerOf } from '../parameters.ts';
import { policiesOf } from '../policies.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { type RequestContext, readBankPayment, readOperation, readPayment } from '../read.ts';
import { type BackOfficeType, problemOf } from '../refusals.ts';
import { readQuery, readRequest } from '../request.ts';
import { countRequest, countStatus } from '../throttle.ts';
import { operationParameters, type Parameters, paymentParameters } from '../wire.ts';
import { writeOperation } from '../write.ts';

const checkPayment = checkerOf(paymentParameters);
const checkOperation = checkerOf(operationParameters);

const acts = { CP: capture, RV: voidOperation, RF: refund, RB: rebill, CB: chargeback, CR: chargebackReversal, RC: receipt } as const;

/** The text that clients of the platform search for when a payment cannot be found by its id. */
export const noSession =
  'invalid or missing parameter - (opp) No payment session found for the requested id - are you mixing test/live servers or have you paid more than 30min ago?';

export function registerPayments(app: FastifyInstance, context: DialectContext): void {
  app.post('/v1/payments', async (request, reply) => {
    const read = await readRequest(context, request, checkPayment);
    const method = bankMethodOf(read.parameters.paymentBrand);
    if (method !== undefined) return answerAct(context, read, reply, await authorizeAtBank(context.engine, readBankPayment(read, method)));
    return answerAct(context, read, reply, await begin(context, read, readPayment(read)));
  });

  app.post<{ Params: { id: string } }>('/v1/payments/:id', async (request, reply) => {
    const read = await readRequest(context, request, checkOperation);
    const type = readType(read.parameters);
    const operationId = fromWireId(request.params.id) ?? request.params.id;
    const command = readOperation(read, operationId);
    if (fromWireId(request.params.id) === undefined) throw unknownReference(type);
    countRequest(context, read.channel, { counter: 'back-office', subject: request.params.id, reply });
    await refuseOtherBrand(context, read, request.params.id);
    const act = await acts[type](context.engine, command);
    // A payment that waited for its shopper was called off: nothing was reversed, and it has no operation beside its own.
    if (act.kind === 'recorded' && act.operation.operationId === operationId) return answerCalledOff(context, read, reply, act.operation);
    return answerAct(context, read, reply, act, type);
  });

  app.get<{ Params: { id: string } }>('/v1/payments/:id', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const operation = await findOwn(context, channel, request.params.id);
    if (operation === undefined) throw new Problem('200.300.404', { status: 404, text: noSession });
    await countStatus(context, channel, request.params.id, reply);
    if (policiesOf(channel).strictSession && (await isSessionOver(context, channel, operation))) {
      throw new Problem('200.300.404', { text: noSession });
    }
    return answerRead(context, channel, reply, operation);
  });
}

const sessionMs = 30 * 60_000;

/** A session ends half an hour after its payment, and once its final result was told. */
async function isSessionOver({ engine, limits, mode }: DialectContext, channel: Channel, operation: OperationView): Promise<boolean> {
  if (engine.clock.businessNow() - operation.createdAtMs > sessionMs) return true;
  if (writeOperation(operation, { mode, channel }).result.code === '000.200.000') return false;
  const subject = `result of ${operation.operationId}`;
  return !(await limits.isFirst({ merchantId: channel.merchantId, subject, withinMs: 2 * sessionMs }));
}

function readType({ paymentType }: Parameters): BackOfficeType {
  if (paymentType === undefined) throw parameterProblem('paymentType', undefined, 'may not be empty');
  if (!isBackOfficeType(paymentType)) throw new Problem('600.200.400');
  return paymentType;
}

function isBackOfficeType(paymentType: string): paymentType is BackOfficeType {
  return Object.hasOwn(acts, paymentType);
}

/** A merchant who names a brand means a payment of that brand; one that cannot be found is refused by the act itself. */
async function refuseOtherBrand(context: DialectContext, { channel, parameters }: RequestContext, wireId: string): Promise<void> {
  const { paymentBrand } = parameters;
  if (paymentBrand === undefined) return;
  const operation = await findOwn(context, channel, wireId);
  if (operation !== undefined && !isBrandOf(paymentBrand, operation)) throw new Problem('700.100.400');
}

function unknownReference(type: BackOfficeType): Problem {
  return problemOf({ code: 'operation_unknown', category: 'state', meaning: '', retryable: false }, type);
}
