/** `/api/v1/purchases/`: a purchase is made, read, called off, and acted upon once it is paid. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { forget } from '../../../core/instrument/forget.ts';
import { mailOrder } from '../../../core/invoice/mail-order.ts';
import { capture } from '../../../core/payment/capture.ts';
import { payCheckout, refuseUnwanted, stateOfCheckout } from '../../../core/payment/checkout.ts';
import type { ActResult } from '../../../core/payment/engine.ts';
import { storedKey } from '../../../core/payment/idempotency.ts';
import type { OperationNode, OperationView, PaymentTree } from '../../../core/payment/operation.ts';
import { closeOrder, type OrderView, openOrder, openOrderOnce } from '../../../core/payment/order.ts';
import { refundableOf } from '../../../core/payment/refund.ts';
import { refundInParts } from '../../../core/payment/refund-in-parts.ts';
import { voidOperation } from '../../../core/payment/void.ts';
import { stateShown } from '../../../core/risk/review.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readJson } from '../body.ts';
import type { ClientDocument } from '../client.ts';
import { fieldsOf, isObject } from '../fields.ts';
import { afterAct, again, asItIs, type Found, findOwn, writingFor } from '../find.ts';
import { historyOf, payable } from '../history.ts';
import { newPurchaseId } from '../ids.ts';
import { companyKey } from '../keys.ts';
import { endAwaiting, stateToPay } from '../pay.ts';
import { fieldProblem, generalProblem } from '../problem.ts';
import { type PurchaseDocument, type PurchaseRequest, readPurchase, sendsReceipt, termsOf, withDetailsOf } from '../read.ts';
import { type Act, attemptErrorOf, problemOf, wrongStatusProblem } from '../refusals.ts';
import { expectSameInput, type Making, makingOf } from '../repeats.ts';
import { type ById, both, brandOf, idempotencyKeyOf, merchantOf, paramsOf, standardCurrencyOf, unlessMissing } from '../request.ts';
import { documentOf, refundIn, writePurchase, writeRefund } from '../write.ts';

const path = '/api/v1/purchases/';

export function registerPurchases(app: FastifyInstance, context: DialectContext): void {
  both(app, 'post', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    return create(context, merchantId, request, reply);
  });
  const on = (name: string, act: (found: Found, request: FastifyRequest) => Promise<object>) => {
    both(app, 'post', `${path}:id/${name}/`, async (request, reply) => {
      const found = await findOwn(context, await merchantOf(context, request), paramsOf<ById>(request).id);
      return send(reply, 200, await act(found, request));
    });
  };
  both(app, 'get', `${path}:id/`, async (request, reply) => {
    const found = await findOwn(context, await merchantOf(context, request), paramsOf<ById>(request).id);
    return send(reply, 200, written(context, found, found.view));
  });
  on('cancel', (found) => close(context, found, 'cancel'));
  on('mark_as_paid', (found, request) => close(context, found, 'mark_as_paid', readPaidOn(request)));
  on('resend_invoice', (found) => resend(context, found));
  on('capture', (found, request) => takeHold(context, found, request));
  on('release', (found, request) => release(context, found, request));
  on('refund', (found, request) => giveBack(context, found, request));
  on('charge', (found, request) => charge(context, found, request));
  on('delete_recurring_token', (found) => deleteToken(context, found));
}

function written(context: DialectContext, { channel }: Found, view: OrderView): object {
  return writePurchase(view, writingFor(context, channel));
}

async function create(context: DialectContext, merchantId: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const body = readJson(request);
  const currency = await standardCurrencyOf(context, merchantId, body);
  const read = await withClient(context, merchantId, readPurchase(body, { nowMs: engine.clock.businessNow(), currency }));
  const channel = await brandOf(context, merchantId, read.brandId);
  const making = makingOf(engine, { request, merchantId, what: 'purchase', body });
  const { seed, inputHash } = making;
  const orderId = newPurchaseId(channel.routingNumber, seed);
  if (seed !== undefined) {
    const before = await findOwn(context, merchantId, orderId).catch(unlessMissing);
    if (before !== undefined) return repeat(context, reply, before, making);
  }
  const document: PurchaseDocument = {
    ...read.document,
    client: read.client,
    clientId: read.clientId ?? null,
    referenceGenerated: `PG${await engine.store.takePaymentNumber(merchantId)}`,
    createdFromIp: request.ip,
    ...(seed === undefined ? {} : { inputHash }),
  };
  if (document.top.success_callback !== '') {
    await companyKey(engine, merchantId);
  }
  if (document.top.success_callback !== '' || sendsReceipt(document)) await context.expectUrlsInRequests(channel);
  const order = { orderId, terms: termsOf(orderId, read, document), ...expiry(document) };
  const refused = await (seed === undefined ? openOrder : openOrderOnce)(engine, channel, order);
  if (refused !== undefined) throw problemOf(refused, 'pay');
  const found = await findOwn(context, merchantId, orderId);
  if (seed !== undefined) expectSameInput(making, documentOf(found.view).inputHash);
  return send(reply, 201, written(context, found, found.view));
}

/** What is known of the client that is named; throws 400 when there is none. */
async function withClient(
  { engine }: DialectContext,
  merchantId: string,
  read: PurchaseRequest,
): Promise<PurchaseRequest & { readonly client: ClientDocument }> {
  const { client, clientId } = read;
  if (client !== undefined) return { ...read, client };
  const known = clientId === undefined ? undefined : await engine.customers.findNamed({ merchantId, customerId: clientId });
  if (known === undefined) throw fieldProblem('client_id', 'does_not_exist', 'There is no such client.');
  return withDetailsOf(read, known.details);
}

function expiry({ purchase, due }: PurchaseDocument): { readonly expiresAtMs?: number } {
  return purchase.due_strict ? { expiresAtMs: due * 1_000 } : {};
}

function repeat(context: DialectContext, reply: FastifyReply, before: Found, making: Making): FastifyReply {
  expectSameInput(making, documentOf(before.view).inputHash);
  return send(reply.header('idempotent-replayed', 'true'), 201, written(context, before, before.view));
}

async function close(context: DialectContext, found: Found, act: 'cancel' | 'mark_as_paid', paidAtMs?: number): Promise<object> {
  const { engine } = context;
  const { status } = historyOf(found.view, engine.clock.businessNow());
  if (!payable.includes(status) && !(act === 'mark_as_paid' && status === 'expired')) throw wrongStatusProblem(act);
  // A payer who has not come back from the issuer holds nothing up; what was sent by now stands.
  await endAwaiting(context, found.view.order, await stateOfCheckout(engine, found.view.order));
  const refused = await closeOrder(engine, found.view.order, act === 'cancel' ? 'cancelled' : 'declared_paid', paidAtMs);
  if (refused !== undefined) throw problemOf(refused, act);
  return written(context, found, await again(context, found));
}

/** The mail that this purchase has for its payer by now: what is to be paid, or what was. */
async function resend(context: DialectContext, found: Found): Promise<object> {
  const { engine, mode } = context;
  const { view, channel } = found;
  const { status } = historyOf(view, engine.clock.businessNow());
  const isOpen = payable.includes(status);
  if (!isOpen && status !== 'paid' && status !== 'refunded') throw wrongStatusProblem('resend_invoice');
  const { email } = documentOf(view).client;
  const { checkoutId: orderId, terms } = view.order;
  const { referenceGenerated, due, top } = documentOf(view);
  await mailOrder(engine, {
    ...{ channel, orderId, terms, to: typeof email === 'string' ? [email] : [], payByMs: due * 1_000, isTest: mode === 'sandbox' },
    ...{ purpose: isOpen ? 'reminder' : 'receipt', reference: top.reference === '' ? referenceGenerated : top.reference },
    url: isOpen ? view.pageUrl : `${view.pageUrl}?view=invoice`,
  });
  return written(context, found, view);
}

/** When it was paid, as the merchant says; epoch ms. */
function readPaidOn(request: FastifyRequest): number | undefined {
  const body = readJson(request);
  const fields = fieldsOf(isObject(body) ? body : {});
  const paidOn = fields.integer('paid_on', { min: 0, max: 253_402_300_799, standard: undefined, nullable: true });
  fields.refuse();
  return paidOn === undefined ? undefined : paidOn * 1_000;
}

/** The payment that succeeded, with what was paid. */
function paidTree({ payments }: OrderView): { readonly tree: PaymentTree; readonly first: OperationNode } | undefined {
  for (const tree of payments) {
    const [first] = tree.operations;
    if (first?.state === 'approved' && stateShown(first) !== 'rejected') return { tree, first };
  }
  return undefined;
}

function readAmount(request: FastifyRequest): { readonly amount?: number } {
  const body = readJson(request);
  const fields = fieldsOf(isObject(body) ? body : {});
  const amount = fields.integer('amount', { min: 1, standard: undefined, nullable: true });
  fields.refuse();
  return amount === undefined ? {} : { amount };
}

/** What every act on a payment is asked with. */
function commandFor({ engine }: DialectContext, { channel }: Found, request: FastifyRequest, operationId: string) {
  const idempotencyKey = idempotencyKeyOf(request);
  return {
    channel,
    operationId,
    dialectData: {},
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: storedKey(engine, idempotencyKey) }),
  };
}

/** Throws what the protocol says when the acquirer refused, or nothing was asked. */
function done(result: ActResult, act: Act, left: number): OperationView {
  if (result.kind === 'refused') throw problemOf(result.refusal, act, left);
  const { operation } = result;
  if (operation.state === 'declined' || operation.state === 'failed' || operation.state === 'rejected') {
    throw generalProblem(400, `purchase_${act}_error`, attemptErrorOf(operation).message);
  }
  return operation;
}

/** What there is for a refusal to speak of, as it is by now: another act may have come first. */
async function leftNow(context: DialectContext, found: Found, { kind }: ActResult, leftIn: (tree: PaymentTree) => number): Promise<number> {
  const paid = kind === 'refused' ? paidTree(await asItIs(context, found)) : undefined;
  return paid === undefined ? 0 : leftIn(paid.tree);
}

function leftToCapture({ authorized, released, releasePending, captured, capturePending }: PaymentTree): number {
  return captured + capturePending > 0 ? 0 : authorized - released - releasePending;
}

const chargesIn = ({ operations }: PaymentTree): readonly OperationNode[] =>
  operations.filter(({ kind, state }) => (kind === 'debit' || kind === 'capture' || kind === 'receipt') && state === 'approved');

const leftToRefund = (tree: PaymentTree): number => chargesIn(tree).reduce((sum, charge) => sum + refundableOf(charge), 0);

async function takeHold(context: DialectContext, found: Found, request: FastifyRequest): Promise<object> {
  const paid = paidTree(found.view);
  const given = readAmount(request);
  if (paid?.first.kind !== 'preauthorization' || paid.first.bank !== undefined) throw wrongStatusProblem('capture');
  const command = { ...commandFor(context, found, request, paid.first.operationId), ...given, once: true, releasesRest: true } as const;
  const result = await capture(context.engine, command);
  const operation = done(result, 'capture', await leftNow(context, found, result, leftToCapture));
  return written(context, found, await afterAct(context, found, operation));
}

async function release(context: DialectContext, found: Found, request: FastifyRequest): Promise<object> {
  const paid = paidTree(found.view);
  if (paid?.first.kind !== 'preauthorization' || paid.first.bank !== undefined || paid.tree.captured + paid.tree.capturePending > 0)
    throw wrongStatusProblem('release');
  const command = { ...commandFor(context, found, request, paid.first.operationId), whole: true } as const;
  const operation = done(await voidOperation(context.engine, command), 'release', 0);
  return written(context, found, await afterAct(context, found, operation));
}

async function giveBack(context: DialectContext, found: Found, request: FastifyRequest): Promise<object> {
  const paid = paidTree(found.view);
  const given = readAmount(request);
  if (paid === undefined) throw wrongStatusProblem('refund');
  const charges = chargesIn(paid.tree);
  if (charges.length === 0) throw wrongStatusProblem('refund');
  // A transfer may have come in several parts: the payment is named, and all of them may be given back at once.
  const command = { ...commandFor(context, found, request, paid.first.operationId), ...given };
  // Without a key it may be the same refund again, which is under way or whose outcome is not known yet.
  const result = await refundInParts(context.engine, idempotencyKeyOf(request) === undefined ? { ...command, alone: true } : command);
  if (result.kind === 'refused' && result.refusal.code === 'payment_busy') throw wrongStatusProblem('refund');
  const operation = done(result, 'refund', await leftNow(context, found, result, leftToRefund));
  const view = await afterAct(context, found, operation);
  const made = refundIn(view, operation.operationId);
  if (made?.state !== 'approved') return written(context, found, view);
  return writeRefund(view, made, writingFor(context, found.channel));
}

const noToken = () => generalProblem(400, 'invalid_recurring_token', 'Invalid or inactive recurring token!');

/** Pays with a card that was kept; nobody is there to authenticate. */
async function charge(context: DialectContext, found: Found, request: FastifyRequest): Promise<object> {
  const { engine } = context;
  const { merchantId } = found.view.order;
  const body = readJson(request);
  const recurringToken = isObject(body) ? body.recurring_token : undefined;
  const kept = typeof recurringToken === 'string' ? await findOwn(context, merchantId, recurringToken).catch(unlessMissing) : undefined;
  const token = kept?.view.keptToken;
  if (token === undefined || kept === undefined) throw noToken();
  const { status } = historyOf(found.view, engine.clock.businessNow());
  if (!payable.includes(status) || found.view.order.terms.order.amount === 0) throw wrongStatusProblem('charge');
  const instrument = { type: 'token', token } as const;
  // Before a payer who is on the way is called off for it.
  const unwanted = await refuseUnwanted(engine, found.view.order, instrument);
  if (unwanted !== undefined) throw problemOf(unwanted, 'charge');
  const state = await stateToPay(context, found.view.order);
  if (state.kind !== 'open') throw wrongStatusProblem('charge');
  const result = await payCheckout(
    engine,
    { checkout: found.view.order, channel: found.channel },
    {
      ...{ attempt: state.attempt, revision: found.view.order.revision, instrument },
      more: {
        ...{ tokenize: false, agreement: { initiator: 'merchant', sequence: 'subsequent', type: 'unscheduled' } },
        dialectData: { flow: 'api', recurringToken: kept.view.order.checkoutId },
      },
    },
  );
  if (result.kind === 'refused') throw problemOf(result.refusal, 'charge');
  const last = result.kind === 'state' ? result.state.last : undefined;
  const view = last === undefined ? await again(context, found) : await afterAct(context, found, last);
  if (last !== undefined && result.kind === 'state' && result.state.kind === 'open') {
    throw generalProblem(400, 'purchase_charge_error', attemptErrorOf(last).message);
  }
  return written(context, found, view);
}

async function deleteToken(context: DialectContext, found: Found): Promise<object> {
  const { view, channel } = found;
  if (view.keptToken === undefined) throw noToken();
  const result = await forget(context.engine, { channel, token: view.keptToken, dialectData: { orderId: view.order.checkoutId } });
  if (result.kind === 'refused' && result.refusal.code !== 'token_deleted') throw problemOf(result.refusal, 'charge');
  return written(context, found, await again(context, found));
}
