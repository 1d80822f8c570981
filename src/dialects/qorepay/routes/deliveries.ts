/** `/api/v1/webhooks/deliveries/`: what the webhooks were told of a purchase or of a refund, try by try, with what they were sent. */
import type { FastifyInstance } from 'fastify';
import type { OwnDelivery } from '../../../core/event/endpoints.ts';
import { uuidOf } from '../../../core/made-uuid.ts';
import type { OrderView } from '../../../core/payment/order.ts';
import type { CallbackNotice, DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { toldBy } from '../callbacks.ts';
import { type Found, findOwn } from '../find.ts';
import { innerId, isUuid } from '../ids.ts';
import { fieldProblem, notFound } from '../problem.ts';
import { both, merchantOf, requiredIn } from '../request.ts';

const sourceTypes = ['purchase', 'payment', 'payout', 'billing_template_client'];

export function registerDeliveries(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/webhooks/deliveries/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const { id, source_type: type } = requiredIn(request, ['id', 'source_type']);
    if (!isUuid(id)) throw fieldProblem('id', 'invalid', 'This is not a valid UUID.');
    if (!sourceTypes.includes(type)) throw fieldProblem('source_type', 'invalid_choice', `Items must be of: ${sourceTypes.join(', ')}.`);
    const results = await deliveriesOf(context, { merchantId, id: id.toLowerCase(), type });
    return send(reply, 200, { results, next: null, previous: null });
  });
}

interface Source {
  readonly merchantId: string;
  readonly id: string;
  readonly type: string;
}

async function deliveriesOf(context: DialectContext, { merchantId, id, type }: Source): Promise<readonly object[]> {
  if (type === 'purchase') return written(context, await findOwn(context, merchantId, id));
  if (type !== 'payment') return [];
  const operation = await context.engine.store.findOperation({ merchantId, operationId: innerId(id) });
  const purchaseId = operation?.dialectData.orderId ?? (await orderIdOf(context, merchantId, id));
  if (operation === undefined || purchaseId === undefined) throw notFound();
  return written(context, await findOwn(context, merchantId, purchaseId), operation.operationId);
}

/** A refund's own data do not name the purchase; those of its payment's first operation do. */
async function orderIdOf({ engine }: DialectContext, merchantId: string, id: string): Promise<string | undefined> {
  const tree = await engine.store.findTree({ merchantId, operationId: innerId(id) });
  return tree?.operations[0]?.dialectData.orderId;
}

/** `operationId`: only what is told of this one. */
async function written(context: DialectContext, found: Found, operationId?: string): Promise<readonly object[]> {
  const { engine } = context;
  const { order, payments } = found.view;
  const { merchantId, checkoutId } = order;
  const tokens = payments.flatMap(({ operations: [first] }) => first?.token ?? []).concat(found.view.kept?.token ?? []);
  // Tokens are 32 hex digits; deliveries know them as UUIDs.
  const ids = [checkoutId, ...payments.map(({ paymentId }) => paymentId), ...tokens.map(uuidOf)];
  const deliveries = await engine.endpoints.deliveriesOf({ merchantId, dialect: 'qorepay', ids });
  const rows = await Promise.all(
    deliveries.map(async (delivery) => {
      if (operationId !== undefined && delivery.operationId !== operationId) return [];
      const notice = await noticeOf(context, found, delivery);
      return notice === undefined
        ? []
        : toldBy(notice).map(({ type, object }) => writeRow(delivery, notice, { ...object, event_type: type }));
    }),
  );
  const isTold = ({ payload: { type } }: Row) => operationId === undefined || type === 'payment';
  return rows.flat().filter(isTold);
}

/** What was, or will be, told, as the worker puts it together; undefined: it is not there any more. */
async function noticeOf(context: DialectContext, { view, channel }: Found, delivery: OwnDelivery): Promise<CallbackNotice | undefined> {
  const { engine, mode } = context;
  const { url, settings, subject, sequence } = delivery;
  const named = view.order.terms.order.dialectData.notificationUrl;
  const address = { url: url ?? named ?? '', settings };
  const times = { nowMs: engine.clock.wallNow(), businessNowMs: engine.clock.businessNow() };
  const common = { ...times, address, mode, channel, namedByRequest: url === undefined, retries: 0 };
  if (subject === 'order') {
    const event = view.events.find((one) => one.sequence === sequence);
    return event === undefined ? undefined : { ...common, subject, event, order: view };
  }
  if (subject === 'token') {
    const kind = sequence === 1 ? 'tokenization' : 'deletion';
    const { merchantId } = view.order;
    const act = await engine.tokenActs.find({ merchantId, token: delivery.subjectId.replaceAll('-', ''), kind });
    return act === undefined || act.dialectData.orderId !== view.order.checkoutId ? undefined : { ...common, subject, act, order: view };
  }
  return paymentNotice(view, delivery, common);
}

function paymentNotice(
  view: OrderView,
  { subjectId, sequence, operationId }: OwnDelivery,
  common: Omit<CallbackNotice & { subject: 'order' }, 'subject' | 'event' | 'order'>,
): CallbackNotice | undefined {
  const entry = view.paymentEvents.find(({ paymentId, event }) => paymentId === subjectId && event.sequence === sequence);
  const tree = view.payments.find(({ paymentId }) => paymentId === subjectId);
  const operation = tree?.operations.find((one) => one.operationId === operationId);
  if (entry === undefined || tree === undefined || operation === undefined) return undefined;
  return { ...common, subject: 'payment', event: entry.event, tree, operation, order: view };
}

interface Row {
  readonly [name: string]: unknown;
  readonly payload: { readonly [name: string]: unknown };
}

/** With microseconds, as the platform writes times here. */
const timeText = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, -1)}000Z`;

function writeRow(
  { createdAtMs, deliveredAtMs, tries, attempts }: OwnDelivery,
  { address: { url } }: CallbackNotice,
  payload: Row['payload'],
): Row {
  return {
    ...{ created_on: timeText(createdAtMs), delivered_on: deliveredAtMs === undefined ? null : timeText(deliveredAtMs), attempts: tries },
    delivery_attempts: attempts.map(({ atMs, problem }) => ({ attempted_on: timeText(atMs), error_message: problem ?? '' })),
    ...{ url, event: payload.event_type, payload },
  };
}
