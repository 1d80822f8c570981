/** `/api/v1/billing/` and `/api/v1/billing_templates/`: invoices that clients are mailed, and subscriptions that they are billed for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NamedCustomer } from '../../../core/instrument/customer.ts';
import { mailOrder } from '../../../core/invoice/mail-order.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { openOrderOnce } from '../../../core/payment/order.ts';
import type { BillingTemplate, Plan, Subscriber } from '../../../core/subscription/billing.ts';
import { endSubscriptionsOf, refreshed, setPaused, subscribe } from '../../../core/subscription/subscribe.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import {
  billWriter,
  type ClientTerms,
  orderFrom,
  readClientTerms,
  readTemplate,
  type TemplateDocument,
  type TemplateRequest,
} from '../billing.ts';
import { readObject } from '../body.ts';
import { fieldsOf, isObject } from '../fields.ts';
import { type Found, findOwn, writingFor } from '../find.ts';
import { isUuid, newId, newPurchaseId } from '../ids.ts';
import { pageOf, readPage } from '../page.ts';
import { fieldProblem, generalProblem, notFound, Problem } from '../problem.ts';
import { moneyProblemOf } from '../refusals.ts';
import { expectSameInput, type Making, makingOf } from '../repeats.ts';
import { type ById, both, brandOf, merchantOf, paramsOf, standardCurrencyOf, unlessMissing } from '../request.ts';
import { documentOf, writePurchase } from '../write.ts';
import { writeSubscriber, writeTemplate } from '../write-billing.ts';

const path = '/api/v1/billing_templates/';
const clientsAtMost = 100;

export function registerBilling(app: FastifyInstance, context: DialectContext): void {
  both(app, 'post', '/api/v1/billing/', (request, reply) => sendInvoices(context, request, reply));
  both(app, 'post', path, (request, reply) => create(context, request, reply));
  both(app, 'get', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const page = readPage(request);
    const found = await context.engine.billing.listTemplates({
      merchantId,
      limit: page.size + 1,
      ...(page.after === undefined ? {} : { after: page.after }),
    });
    const shown = new Map(await Promise.all(found.map(async (one) => [one.templateId, await written(context, one)] as const)));
    const write = ({ templateId }: BillingTemplate) => shown.get(templateId) ?? {};
    return send(reply, 200, pageOf(found, page, { url: urlOf(context), idOf: ({ templateId }) => templateId, write }));
  });
  both(app, 'get', `${path}:id/`, async (request, reply) => send(reply, 200, await written(context, await findTemplate(context, request))));
  both(app, 'put', `${path}:id/`, (request, reply) => replace(context, request, reply));
  both(app, 'delete', `${path}:id/`, async (request, reply) => {
    const { merchantId, templateId } = await findTemplate(context, request);
    await endSubscriptionsOf(context.engine, { merchantId, templateId });
    if (!(await context.engine.billing.removeTemplate({ merchantId, templateId, nowMs: context.engine.clock.businessNow() })))
      throw notFound();
    return reply.code(204).send();
  });
  both(app, 'post', `${path}:id/send_invoice/`, (request, reply) => sendInvoice(context, request, reply));
  both(app, 'post', `${path}:id/add_subscriber/`, (request, reply) => addSubscriber(context, request, reply));
  both(app, 'get', `${path}:id/clients/`, async (request, reply) => {
    const template = await findTemplate(context, request);
    const { merchantId, templateId, plan } = template;
    const page = readPage(request);
    const after = page.after === undefined ? {} : { after: page.after };
    const found = await context.engine.billing.listSubscribers({ merchantId, templateId, limit: page.size + 1, ...after });
    const now = await Promise.all(found.map((one) => present(context, template, one)));
    const write = (one: Subscriber) => writeSubscriber(one, plan);
    return send(
      reply,
      200,
      pageOf(now, page, { url: `${urlOf(context)}${templateId}/clients/`, idOf: ({ subscriberId }) => subscriberId, write }),
    );
  });
  both(app, 'get', `${path}:id/clients/:client/`, async (request, reply) => {
    const { template, subscriber } = await findSubscriber(context, request);
    return send(reply, 200, writeSubscriber(subscriber, template.plan));
  });
  both(app, 'patch', `${path}:id/clients/:client/`, (request, reply) => changeStatus(context, request, reply));
}

const urlOf = ({ engine }: DialectContext): string => `${engine.shoppers.publicUrl}${path}`;

async function channelOf({ directory }: DialectContext, { merchantId, channelId }: BillingTemplate): Promise<Channel> {
  const channel = await directory.channelById({ merchantId, channelId });
  if (channel === undefined) throw notFound();
  return channel;
}

async function written(context: DialectContext, template: BillingTemplate): Promise<object> {
  const channel = await channelOf(context, template);
  return writeTemplate(template, { channel, mode: context.mode, hasSubscribers: await context.engine.billing.hasSubscribers(template) });
}

/** The merchant's own template of the path; throws 404. */
async function findTemplate(context: DialectContext, request: FastifyRequest): Promise<BillingTemplate> {
  const merchantId = await merchantOf(context, request);
  const { id } = paramsOf<ById>(request);
  const found = isUuid(id) ? await context.engine.billing.findTemplate({ merchantId, templateId: id.toLowerCase() }) : undefined;
  if (found === undefined) throw notFound();
  return found;
}

async function create(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const merchantId = await merchantOf(context, request);
  const body = readObject(request);
  const { brandId, plan, document } = readTemplate(body, { currency: await standardCurrencyOf(context, merchantId, body) });
  const { channelId } = await brandOf(context, merchantId, brandId);
  const making = makingOf(engine, { request, merchantId, what: 'billing template', body });
  const { seed, inputHash } = making;
  const templateId = newId(seed);
  const atMs = engine.clock.businessNow();
  const isNew = await engine.billing.addTemplate({
    ...{ merchantId, channelId, templateId, isActive: document.said.subscription_active, document, createdAtMs: atMs, updatedAtMs: atMs },
    ...(plan === undefined ? {} : { plan }),
    ...(seed === undefined ? {} : { inputHash: Buffer.from(inputHash, 'base64url') }),
  });
  const template = await engine.billing.findTemplate({ merchantId, templateId });
  if (template === undefined) throw notFound();
  if (!isNew) {
    expectSameInput(making, textOf(template.inputHash));
    reply.header('idempotent-replayed', 'true');
  }
  return send(reply, 201, await written(context, template));
}

const textOf = (hash: Uint8Array | undefined) => (hash === undefined ? undefined : Buffer.from(hash).toString('base64url'));

async function replace(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const before = await findTemplate(context, request);
  const body = readObject(request);
  const read = readTemplate(body, { currency: await standardCurrencyOf(context, before.merchantId, body) });
  const channel = await brandOf(context, before.merchantId, read.brandId);
  if (channel.channelId !== before.channelId) throw fieldProblem('brand_id', 'invalid', 'The brand of a template stays.');
  if ((read.plan === undefined) !== (before.plan === undefined))
    throw fieldProblem('is_subscription', 'invalid', 'Whether a template is for subscriptions stays as it was made.');
  if ((await engine.billing.hasSubscribers(before)) && lastingPart(read.document) !== lastingPart(before.document as TemplateDocument)) {
    throw generalProblem(
      ...([400, 'billing_template_has_active_clients'] as const),
      'While clients subscribe to it, only `subscription_due_period`, its units and `subscription_active` may change.',
    );
  }
  const { plan: _plan, ...kept } = before;
  const { document, plan } = read;
  const isActive = document.said.subscription_active;
  const changed = { ...kept, isActive, document, updatedAtMs: engine.clock.businessNow(), ...(plan === undefined ? {} : { plan }) };
  if (!(await engine.billing.changeTemplate(changed))) throw notFound();
  return send(reply, 200, await written(context, changed));
}

/** What subscribers have agreed to. */
function lastingPart({ said, total, currency }: TemplateDocument): string {
  const { subscription_active: _active, subscription_due_period: _period, subscription_due_period_units: _units, ...lasting } = said;
  return JSON.stringify({ ...lasting, total, currency });
}

/** The merchant's own client; throws 400 under the field that names it. */
async function clientOf(context: DialectContext, merchantId: string, clientId: string): Promise<NamedCustomer> {
  const client = await context.engine.customers.findNamed({ merchantId, customerId: clientId });
  if (client === undefined) throw fieldProblem('client_id', 'does_not_exist', 'There is no such client.');
  return client;
}

interface Invoice {
  readonly channel: Channel;
  readonly document: TemplateDocument;
  readonly templateId: string | null;
  readonly client: NamedCustomer;
  readonly settings: ClientTerms['settings'];
  readonly making: Making;
  readonly ip: string;
}

/** Makes a purchase and mails it; the same one again for a repeated request. */
async function invoice(context: DialectContext, { channel, document, templateId, client, settings, making, ip }: Invoice): Promise<Found> {
  const { engine, mode } = context;
  const { merchantId } = channel;
  const { said } = document;
  const { seed, inputHash } = making;
  const orderId = newPurchaseId(channel.routingNumber, seed);
  const before = seed === undefined ? undefined : await findOwn(context, merchantId, orderId).catch(unlessMissing);
  if (before !== undefined) expectSameInput(making, documentOf(before.view).inputHash);
  const order = await orderFrom(context, {
    ...{ channel, template: document, client, settings, orderId, payByMs: (said.invoice_due ?? 0) * 1_000, issued: said.invoice_issued },
    ...{ skipCapture: said.invoice_skip_capture, keepsCard: said.force_recurring, createdFromIp: ip },
    billing: { templateId, product: 'billing_invoices', isSent: true, mailsOnFailure: false },
    ...(seed === undefined ? {} : { inputHash }),
  });
  const refused = await openOrderOnce(engine, channel, order);
  if (refused !== undefined) throw moneyProblemOf(refused, 'purchase');
  await mailOrder(engine, { ...order, channel, to: order.mailTo, purpose: 'issued', isTest: mode === 'sandbox', key: orderId });
  return findOwn(context, merchantId, orderId);
}

async function sendInvoice(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const template = await findTemplate(context, request);
  const { merchantId, templateId, plan } = template;
  const body = readObject(request);
  const document = template.document as TemplateDocument;
  const { clientId, settings } = termsIn(body, document);
  if (plan !== undefined)
    throw generalProblem(400, 'billing_template_is_subscription', 'Only templates that are no subscriptions send single invoices.');
  const client = await clientOf(context, merchantId, clientId);
  const channel = await channelOf(context, template);
  const making = makingOf(context.engine, { request, merchantId, what: `invoice ${templateId}`, body });
  const found = await invoice(context, { channel, document, templateId, client, settings, making, ip: request.ip });
  return send(reply, 200, writePurchase(found.view, writingFor(context, channel)));
}

function termsIn(body: Readonly<Record<string, unknown>>, { said }: TemplateDocument): ClientTerms {
  const { terms, errors } = readClientTerms(body, said.is_subscription ? {} : { sendsReceipt: said.invoice_send_receipt });
  if (Object.keys(errors).length > 0) throw new Problem(400, errors);
  return terms;
}

async function sendInvoices(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const merchantId = await merchantOf(context, request);
  const body = readObject(request);
  const read = readTemplate(body, { isInvoice: true, currency: await standardCurrencyOf(context, merchantId, body) });
  const terms = readClients(body, read);
  const channel = await brandOf(context, merchantId, read.brandId);
  const clients = await Promise.all(terms.map(({ clientId }) => context.engine.customers.findNamed({ merchantId, customerId: clientId })));
  const unknown = clients.map((client) =>
    client === undefined ? { client_id: [{ code: 'does_not_exist', message: 'There is no such client.' }] } : {},
  );
  if (clients.includes(undefined)) throw new Problem(400, { clients: unknown });
  const ids: string[] = [];
  for (const [index, { clientId, settings }] of terms.entries()) {
    const client = clients[index];
    if (client === undefined) continue;
    const making = makingOf(context.engine, { request, merchantId, what: `billing ${clientId}`, body });
    const found = await invoice(context, { channel, document: read.document, templateId: null, client, settings, making, ip: request.ip });
    ids.push(found.view.order.checkoutId);
  }
  return send(reply, 200, ids);
}

/** Objects as those of a template's clients, or ids alone. */
function readClients(body: Readonly<Record<string, unknown>>, { document }: TemplateRequest): readonly ClientTerms[] {
  const { clients } = body;
  if (clients === undefined || clients === null) throw fieldProblem('clients', 'required', 'This field is required.');
  if (!Array.isArray(clients)) throw fieldProblem('clients', 'invalid', 'Expected a list of items.');
  if (clients.length === 0) throw fieldProblem('clients', 'min_length', 'Ensure this field has at least 1 elements.');
  if (clients.length > clientsAtMost)
    throw fieldProblem('clients', 'max_length', `Ensure this field has no more than ${clientsAtMost} elements.`);
  const read = (clients as readonly unknown[]).map((one) =>
    readClientTerms(isObject(one) ? one : { client_id: one }, { sendsReceipt: document.said.invoice_send_receipt }),
  );
  if (read.some(({ errors }) => Object.keys(errors).length > 0)) throw new Problem(400, { clients: read.map(({ errors }) => errors) });
  const terms = read.map((one) => one.terms);
  if (new Set(terms.map(({ clientId }) => clientId)).size < terms.length)
    throw fieldProblem('clients', 'invalid', 'A client may be named once.');
  return terms;
}

async function addSubscriber(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine, mode } = context;
  const template = await findTemplate(context, request);
  const { merchantId, templateId, plan } = template;
  const body = readObject(request);
  const { clientId, settings } = termsIn(body, template.document as TemplateDocument);
  if (plan === undefined)
    throw generalProblem(400, 'billing_template_not_subscription', 'Only templates of subscriptions have subscribers.');
  const customer = await clientOf(context, merchantId, clientId);
  const channel = await channelOf(context, template);
  const making = makingOf(engine, { request, merchantId, what: `subscriber ${templateId}`, body });
  const { seed, inputHash } = making;
  const subscriberId = newId(seed);
  const before = seed === undefined ? undefined : await engine.billing.findSubscriberById({ merchantId, subscriberId });
  if (before !== undefined) expectSameInput(making, textOf(before.inputHash));
  const made = await subscribe(engine, billWriter(context), {
    ...{ channel, template: { ...template, plan }, customer, subscriberId, settings, isTest: mode === 'sandbox' },
    ...{ mailsOnFailure: settings.send_invoice_on_charge_failure, mailsFirst: settings.send_invoice_on_add_subscriber },
    ...(seed === undefined ? {} : { inputHash: Buffer.from(inputHash, 'base64url') }),
  });
  if (made.kind === 'refused') throw moneyProblemOf(made.refusal, 'purchase');
  if (made.kind === 'taken') throw generalProblem(400, 'billing_template_client_exists', 'This client subscribes to the template already.');
  const now = await engine.billing.findSubscriberById({ merchantId, subscriberId });
  const subscriber = await present(context, template, now ?? made.subscriber);
  const { orderId } = made.subscriber;
  const view = made.order === undefined || orderId === undefined ? undefined : (await findOwn(context, merchantId, orderId)).view;
  if (before !== undefined) reply.header('idempotent-replayed', 'true');
  return send(reply, 200, {
    billing_template_client: writeSubscriber(subscriber, plan),
    purchase: view === undefined ? null : writePurchase(view, writingFor(context, channel)),
  });
}

/** As it is now. */
function present({ engine }: DialectContext, { plan }: { readonly plan?: Plan }, subscriber: Subscriber): Promise<Subscriber> {
  return plan === undefined ? Promise.resolve(subscriber) : refreshed(engine, subscriber, plan);
}

async function findSubscriber(context: DialectContext, request: FastifyRequest) {
  const template = await findTemplate(context, request);
  const { client } = paramsOf<{ readonly client: string }>(request);
  const { merchantId, templateId } = template;
  const key = { merchantId, templateId, customerId: client.toLowerCase() };
  const found = isUuid(client) ? await context.engine.billing.findSubscriber(key) : undefined;
  if (found === undefined) throw notFound();
  return { template, subscriber: await present(context, template, found) };
}

async function changeStatus(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { template, subscriber } = await findSubscriber(context, request);
  const fields = fieldsOf(readObject(request));
  const status = fields.text('status', { max: 32, required: true, standard: '' });
  if (status !== '' && status !== 'active' && status !== 'subscription_paused')
    fields.fail('status', 'invalid_choice', 'Expected `active` or `subscription_paused`.');
  fields.refuse();
  if (!(await setPaused(context.engine, subscriber, status === 'subscription_paused'))) {
    throw fieldProblem('status', 'invalid', 'Only a subscription that is active can be paused, and only a paused one goes on.');
  }
  const { merchantId, subscriberId } = subscriber;
  const now = (await context.engine.billing.findSubscriberById({ merchantId, subscriberId })) ?? subscriber;
  return send(reply, 200, writeSubscriber(now, template.plan));
}
