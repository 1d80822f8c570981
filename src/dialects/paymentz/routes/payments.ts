/** `/payments`: a purchase, what follows it, and how it stands. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { capture } from '../../../core/payment/capture.ts';
import type { ActResult } from '../../../core/payment/engine.ts';
import { withStoredKey } from '../../../core/payment/idempotency.ts';
import type { OperateCommand } from '../../../core/payment/operate.ts';
import { refund } from '../../../core/payment/refund.ts';
import { voidOperation } from '../../../core/payment/void.ts';
import { withAuthentication } from '../../../core/three-d-secure/view.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import { type FoundPayment, findByNumber, findByReference } from '../find.ts';
import type { Handler } from '../handler.ts';
import { beginPayment, duplicate, requirePayment, written } from '../pay.ts';
import { Problem, parameterProblem } from '../problem.ts';
import {
  readAct,
  readBankPurchase,
  readPaymentNumber,
  readPurchase,
  readRepeated,
  readWay,
  required,
  requireSamePayment,
} from '../read.ts';
import { problemOf } from '../refusals.ts';
import { type Request, readGet, readRequest } from '../request.ts';
import type { Parameters } from '../wire.ts';
import { writeAct, writeInquiry } from '../write.ts';

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export const pay: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters, businessMs } = read;
  requireChecksum(caller, parameters, formulas.payment(parameters.merchantTransactionId, parameters.amount));
  const channel = await terminalOf(context, caller, parameters);
  const way = readWay(parameters);
  const beginning = { channel, parameters, businessMs };
  const command = way.kind === 'bank' ? readBankPurchase(beginning, way.method) : readPurchase(beginning, way.brand);
  return beginPayment(context, { request, reply }, read, command);
};

const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id;

/** `paymentType` says what is to be done with the payment. */
export const operate: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const id = idOf(request);
  switch (required(read.parameters, 'paymentType').toUpperCase()) {
    case 'CP':
      return act(context, { request, reply }, read, { id, kind: 'CP' });
    case 'RF':
      return act(context, { request, reply }, read, { id, kind: 'RF' });
    case 'RV':
      return act(context, { request, reply }, read, { id, kind: 'RV' });
    case 'IN':
      return inquiry(context, { request, reply }, read, id);
    case 'DB':
    case 'PA':
      return repeat(context, { request, reply }, read, id);
    default:
      throw parameterProblem('20002', 'paymentType', 'must be CP, RF, RV, IN, DB or PA here');
  }
};

export const refundPayment: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { paymentType = 'RF' } = read.parameters;
  if (paymentType.toUpperCase() !== 'RF') throw parameterProblem('20002', 'paymentType', 'must be RF here');
  const parameters: Parameters = { ...read.parameters, paymentType };
  return act(context, { request, reply }, { ...read, parameters }, { id: idOf(request), kind: 'RF' });
};

type ActKind = 'CP' | 'RF' | 'RV';

const acts: Readonly<Record<ActKind, (engine: DialectContext['engine'], command: OperateCommand) => Promise<ActResult>>> = {
  CP: (engine, command) => capture(engine, { ...command, once: true }),
  RF: (engine, command) => refund(engine, { ...command, once: true }),
  RV: (engine, command) => voidOperation(engine, { ...command, ...(command.amount === undefined ? { whole: true } : {}) }),
};

async function act(
  context: DialectContext,
  { request, reply }: Exchange,
  { caller, parameters, nowMs }: Request,
  { id, kind }: { readonly id: string; readonly kind: ActKind },
): Promise<FastifyReply> {
  const { amount } = parameters;
  const withAmount = formulas.idAndAmount(id, amount);
  requireSamePayment(parameters, id);
  if (kind === 'RV') requireChecksum(caller, parameters, formulas.id(id), ...(amount === undefined ? [] : [withAmount]));
  else {
    required(parameters, 'amount');
    requireChecksum(caller, parameters, withAmount);
  }
  const { channel, first, tree } = await requirePayment(context, caller.merchantId, readPaymentNumber(id));
  // What was taken goes back as a refund; only what is held can be cancelled.
  if (kind === 'RV' && first.kind !== 'preauthorization') {
    throw new Problem('20010', { text: 'only what is held can be cancelled: refund the payment instead' });
  }
  const done = await acts[kind](context.engine, withStoredKey(context.engine, readAct({ channel, parameters }, first)));
  if (done.kind === 'refused') throw problemOf(done.refusal);
  if (done.repeat) throw await duplicate(context, done);
  return send(request, reply, writeAct(done.operation, { paymentId: id, operations: tree.operations }, { nowMs }));
}

async function repeat(context: DialectContext, exchange: Exchange, read: Request, id: string): Promise<FastifyReply> {
  const { caller, parameters, businessMs } = read;
  const { amount, merchantTransactionId, recurringType } = parameters;
  required(parameters, 'amount');
  requireSamePayment(parameters, id);
  requireChecksum(caller, parameters, formulas.idAndAmount(id, amount), formulas.payment(merchantTransactionId, amount));
  if (recurringType?.toUpperCase() !== 'REPEATED')
    throw parameterProblem('20001', 'recurringType', 'must be REPEATED to charge the card of a payment again');
  const { channel, first } = await requirePayment(context, caller.merchantId, readPaymentNumber(id));
  const { card, cardId, operationId, currency } = first;
  if (card === undefined || cardId === undefined) throw new Problem('20010', { text: 'the payment was made without a card' });
  const paymentBrand = parameters.paymentBrand ?? first.dialectData.paymentBrand;
  const paymentMode = parameters.paymentMode ?? first.dialectData.paymentMode;
  const filled: Parameters = {
    ...{ currency, ...parameters },
    ...(paymentBrand === undefined ? {} : { paymentBrand }),
    ...(paymentMode === undefined ? {} : { paymentMode }),
  };
  return beginPayment(context, exchange, read, readRepeated({ channel, parameters: filled, businessMs }, { operationId, cardId, card }));
}

async function inquiry(context: DialectContext, exchange: Exchange, read: Request, id: string | undefined): Promise<FastifyReply> {
  const { caller, parameters, nowMs } = read;
  const { merchantTransactionId, idType = 'PID' } = parameters;
  const byReference = idType.toUpperCase() === 'MID';
  const named = id ?? parameters.paymentId;
  if (byReference) required(parameters, 'merchantTransactionId');
  else if (named === undefined) throw parameterProblem('20001', 'paymentId', 'is missing');
  else if (id !== undefined) requireSamePayment(parameters, id);
  requireChecksum(
    caller,
    parameters,
    formulas.id(byReference ? merchantTransactionId : named),
    ...(byReference ? [formulas.id(named)] : []),
  );
  const found = byReference
    ? await findByReference(context, caller.merchantId, merchantTransactionId ?? '')
    : await findByNumber(context, caller.merchantId, readPaymentNumber(named));
  return answerInquiry(context, exchange, found, nowMs);
}

export const inquire: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { paymentType = 'IN' } = read.parameters;
  if (paymentType.toUpperCase() !== 'IN') throw parameterProblem('20002', 'paymentType', 'must be IN here');
  return inquiry(context, { request, reply }, read, undefined);
};

export const readPayment: Handler = async (context, request, reply) => {
  const { merchantId } = await readGet(context, request);
  const found = await findByNumber(context, merchantId, readPaymentNumber(idOf(request)));
  return answerInquiry(context, { request, reply }, found, context.engine.clock.wallNow());
};

async function answerInquiry(
  context: DialectContext,
  { request, reply }: Exchange,
  found: FoundPayment | undefined,
  nowMs: number,
): Promise<FastifyReply> {
  if (found === undefined) throw new Problem('10026');
  const { channel, tree } = found;
  const first = await withAuthentication(context.engine, found.first);
  return send(request, reply, writeInquiry(tree.operations, first, written(context, channel, first, nowMs)));
}
