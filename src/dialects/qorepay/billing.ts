/** Billing templates as requests have them, and the purchases that are made from them. */

import { isDay } from '../../core/day.ts';
import type { NamedCustomer } from '../../core/instrument/customer.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { OrderLine } from '../../core/payment/checkout-terms.ts';
import type { BillOrder, BillWriter } from '../../core/subscription/bill.ts';
import type { Plan } from '../../core/subscription/billing.ts';
import type { PeriodUnit } from '../../core/subscription/period.ts';
import type { DialectContext } from '../dialect.ts';
import { type Fields, fieldsOf } from './fields.ts';
import type { Billed } from './history.ts';
import { newPurchaseId } from './ids.ts';
import { type FieldErrors, Problem } from './problem.ts';
import { dayIn, masked, type PurchaseDocument, readDetails, readWhitelist, refuseTotal, termsOf, withoutKnown } from './read.ts';
import { purchaseUrl } from './write.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a template says, in the form it is shown in, and what its purchases come to. */
export interface TemplateDocument {
  readonly said: {
    readonly purchase: PurchaseDocument['purchase'];
    readonly title: string;
    readonly is_subscription: boolean;
    readonly invoice_issued: string | null;
    readonly invoice_due: number | null;
    readonly invoice_skip_capture: boolean;
    readonly invoice_send_receipt: boolean;
    readonly subscription_period: number;
    readonly subscription_period_units: PeriodUnit;
    readonly subscription_due_period: number;
    readonly subscription_due_period_units: PeriodUnit;
    readonly subscription_charge_period_end: boolean;
    readonly subscription_trial_periods: number;
    readonly subscription_active: boolean;
    readonly number_of_billing_cycles: number;
    readonly force_recurring: boolean;
  };
  /** Minor units. */
  readonly total: number;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
}

export interface TemplateRequest {
  readonly brandId: string;
  readonly plan: Plan | undefined;
  readonly document: TemplateDocument;
}

const units: readonly PeriodUnit[] = ['days', 'weeks', 'months'];
const periodsAtMost = 1_000;

/** Throws a {@link Problem} that names every field at fault. `isInvoice`: it is sent at once, and is no subscription. */
export function readTemplate(
  body: Json,
  { isInvoice = false, currency: standard }: { readonly isInvoice?: boolean; readonly currency: string | undefined },
): TemplateRequest {
  const fields = fieldsOf(body);
  const brandId = fields.uuid('brand_id', { required: true, standard: '' });
  const purchaseInput = fields.object('purchase', { required: true });
  if (body.is_subscription === undefined && !isInvoice) fields.fail('is_subscription', 'required', 'This field is required.');
  const isSubscription = fields.flag('is_subscription');
  if (isSubscription && isInvoice)
    fields.fail('is_subscription', 'invalid', 'Invoices are no subscriptions; make a billing template for one.');
  const said = {
    ...{
      title: fields.text('title', { max: 256, standard: '' }),
      is_subscription: isSubscription,
      ...readInvoice(fields, body, isSubscription),
    },
    ...{ ...readPlan(fields, body), force_recurring: fields.flag('force_recurring') },
  };
  const details = purchaseInput === undefined ? undefined : readDetails(purchaseInput, { currency: standard });
  const errors: { [name: string]: FieldErrors[string] } = fields.errors;
  if (details !== undefined && Object.keys(details.errors).length > 0) errors.purchase = details.errors;
  if (Object.keys(errors).length > 0 || details === undefined) throw new Problem(400, errors);
  const { total, currency, lines, purchase } = details;
  refuseTotal(total, !isSubscription && said.invoice_skip_capture);
  return {
    brandId,
    plan: isSubscription ? planOf(said) : undefined,
    document: { ...{ said: { purchase: masked(purchase), ...said, title: masked(said.title) }, total, currency, lines } },
  };
}

function readInvoice(fields: Fields, body: Json, isSubscription: boolean) {
  const issued = fields.text('invoice_issued', { max: 10, standard: null, nullable: true });
  if (issued !== null && !isDay(issued)) fields.fail('invoice_issued', 'invalid', 'Date has wrong format. Use YYYY-MM-DD.');
  const due = fields.integer('invoice_due', { min: 0, max: 253_402_300_799, standard: null, nullable: true });
  if (!isSubscription && (body.invoice_due === undefined || body.invoice_due === null))
    fields.fail('invoice_due', 'required', 'This field is required.');
  return {
    ...{ invoice_issued: issued, invoice_due: due, invoice_skip_capture: fields.flag('invoice_skip_capture') },
    invoice_send_receipt: flagOr(fields, body, 'invoice_send_receipt', true),
  };
}

function flagOr(fields: Fields, body: Json, name: string, standard: boolean): boolean {
  return body[name] === undefined || body[name] === null ? standard : fields.flag(name);
}

function readPlan(fields: Fields, body: Json) {
  const unit = (name: string, standard: PeriodUnit): PeriodUnit => {
    const text = fields.text(name, { max: 16, standard });
    const found = units.find((one) => one === text);
    if (found === undefined) fields.fail(name, 'invalid_choice', `Expected one of: ${units.join(', ')}.`);
    return found ?? standard;
  };
  const count = (name: string, standard: number, min: number) =>
    fields.integer(name, { min, max: periodsAtMost, standard, nullable: true });
  return {
    ...{ subscription_period: count('subscription_period', 1, 1), subscription_period_units: unit('subscription_period_units', 'months') },
    ...{ subscription_due_period: count('subscription_due_period', 7, 1) },
    ...{ subscription_due_period_units: unit('subscription_due_period_units', 'days') },
    ...{ subscription_charge_period_end: fields.flag('subscription_charge_period_end') },
    ...{ subscription_trial_periods: count('subscription_trial_periods', 0, 0) },
    ...{ subscription_active: flagOr(fields, body, 'subscription_active', false) },
    ...{ number_of_billing_cycles: count('number_of_billing_cycles', 0, 0) },
  };
}

function planOf(said: ReturnType<typeof readPlan>): Plan {
  return {
    period: { count: said.subscription_period, unit: said.subscription_period_units },
    payWithin: { count: said.subscription_due_period, unit: said.subscription_due_period_units },
    ...{ trialPeriods: said.subscription_trial_periods, billsAtEnd: said.subscription_charge_period_end },
    cycles: said.number_of_billing_cycles,
  };
}

/** What is said of one client of a template. */
export interface ClientTerms {
  readonly clientId: string;
  readonly settings: {
    readonly payment_method_whitelist: readonly string[] | null;
    readonly send_invoice_on_charge_failure: boolean;
    readonly send_invoice_on_add_subscriber: boolean;
    readonly send_receipt: boolean;
    readonly invoice_reference: string | null;
  };
}

/** With the fields at fault. */
export function readClientTerms(body: Json, { sendsReceipt = true } = {}): { readonly terms: ClientTerms; readonly errors: FieldErrors } {
  const fields = fieldsOf(body);
  const terms = {
    clientId: fields.uuid('client_id', { required: true, standard: '' }),
    settings: {
      payment_method_whitelist: readWhitelist(fields, body),
      send_invoice_on_charge_failure: flagOr(fields, body, 'send_invoice_on_charge_failure', true),
      send_invoice_on_add_subscriber: fields.flag('send_invoice_on_add_subscriber'),
      send_receipt: flagOr(fields, body, 'send_receipt', sendsReceipt),
      invoice_reference: masked(fields.text('invoice_reference', { max: 128, standard: null, nullable: true })),
    },
  };
  return { terms, errors: fields.errors };
}

/** One purchase that is to be made from a template. */
export interface Making {
  readonly channel: Channel;
  readonly template: TemplateDocument;
  readonly client: NamedCustomer;
  readonly settings: ClientTerms['settings'];
  readonly billing: Billed;
  readonly orderId: string;
  /** Business time, epoch ms. */
  readonly payByMs: number;
  readonly issued: string | null;
  readonly skipCapture: boolean;
  readonly keepsCard: boolean;
  readonly createdFromIp: string;
  readonly inputHash?: string;
}

type Context = Pick<DialectContext, 'engine'>;

export async function orderFrom({ engine }: Context, making: Making): Promise<BillOrder> {
  const { channel, template, client, settings, billing, orderId, payByMs } = making;
  const { purchase } = template.said;
  const { details } = client;
  const referenceGenerated = `PG${await engine.store.takePaymentNumber(channel.merchantId)}`;
  const reference = settings.invoice_reference ?? '';
  const document: PurchaseDocument = {
    ...{ client: details, clientId: client.customerId, billing, referenceGenerated, createdFromIp: making.createdFromIp },
    purchase: { ...purchase, request_client_details: withoutKnown(purchase.request_client_details, details) },
    top: {
      ...{ send_receipt: settings.send_receipt, skip_capture: making.skipCapture, force_recurring: making.keepsCard, reference },
      ...{ payment_method_whitelist: settings.payment_method_whitelist, success_redirect: '', failure_redirect: '', cancel_redirect: '' },
      ...{ success_callback: '', creator_agent: '', platform: 'api', tags: [] },
    },
    ...{ due: Math.floor(payByMs / 1_000), issued: making.issued ?? dayIn(purchase.timezone, engine.clock.businessNow()) },
    ...(making.inputHash === undefined ? {} : { inputHash: making.inputHash }),
  };
  return {
    ...{ orderId, terms: termsOf(orderId, template, document), payByMs, url: purchaseUrl(engine.shoppers.publicUrl, orderId) },
    mailTo: [details.email ?? '', details.cc ?? [], details.bcc ?? []].flat().filter((address) => address !== ''),
    reference: reference === '' ? referenceGenerated : reference,
    ...(purchase.due_strict ? { expiresAtMs: Math.floor(payByMs / 1_000) * 1_000 } : {}),
  };
}

export function billWriter(context: Context): BillWriter {
  const { engine } = context;
  return {
    orderOf({ channel, template, customer, subscriber, cycle, payByMs }) {
      const document = template.document as TemplateDocument;
      const settings = subscriber.settings as ClientTerms['settings'];
      const seed = engine.inputMac(`qorepay bill|${channel.merchantId}|${subscriber.subscriberId}|${cycle}`);
      // The first is for the payer to pay, and keeps the card that the others are charged to.
      const isFirst = subscriber.status === 'pending' && cycle === 0;
      return orderFrom(context, {
        ...{ channel, template: document, client: customer, settings, payByMs, issued: null, skipCapture: false, keepsCard: true },
        orderId: newPurchaseId(channel.routingNumber, Buffer.from(seed)),
        billing: {
          templateId: template.templateId,
          product: isFirst ? 'billing_subscriptions_invoice' : 'billing_subscriptions',
          ...{ isSent: isFirst && settings.send_invoice_on_add_subscriber, mailsOnFailure: settings.send_invoice_on_charge_failure },
        },
        createdFromIp: '',
      });
    },
    chargeData: ({ dialectData }) => ({ flow: 'api', recurringToken: dialectData.orderId ?? '' }),
  };
}
