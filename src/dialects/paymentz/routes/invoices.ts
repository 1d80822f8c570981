/** `/invoiceServices`: invoices that customers are mailed, and the pages behind their links. */

import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import {
  cancelInvoice,
  type InvoiceState,
  type InvoiceView,
  type Issued,
  isReferenceTaken,
  issueInvoice,
  remindOfInvoice,
  viewInvoice,
} from '../../../core/invoice/invoice.ts';
import type { Invoice } from '../../../core/invoice/invoice-store.ts';
import { isMailAddress } from '../../../core/mail/send.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import type { CheckoutTerms } from '../../../core/payment/checkout-terms.ts';
import { orderPageUrl } from '../../../core/three-d-secure/tickets.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import { findByKey, findByReference } from '../find.ts';
import { goTo, noSuchPage } from '../go-to.ts';
import type { Handler } from '../handler.ts';
import { findInvoiceByUrl, invoiceUrl } from '../invoice-link.ts';
import { readAuthentication, readOffer } from '../offer.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { readProducts } from '../products.ts';
import { readAmount, readKept, readOrigin, required } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { bodyOf, type Request, readRequest } from '../request.ts';
import { type ResultCode, resultOf } from '../result-codes.ts';
import { readReturnUrl } from '../shopper.ts';
import { type ReferenceOf, usedByOrder } from '../used.ts';
import type { Parameters } from '../wire.ts';
import { type Json, writeAmount, writeTime } from '../write.ts';

const dayMs = 86_400_000;
const daysByDefault = '10';

const isTest = ({ mode }: DialectContext): boolean => mode === 'sandbox';

export const generateInvoice: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters } = read;
  const { merchantInvoiceId, amount, merchantRedirectUrl } = parameters;
  requireChecksum(caller, parameters, formulas.invoice(merchantInvoiceId, amount, merchantRedirectUrl));
  const channel = await terminalOf(context, caller, parameters);
  const currency = required(parameters, 'currency');
  await refuseUsed(context, { merchantId: channel.merchantId, reference: required(parameters, 'merchantInvoiceId') });
  const { lines, total } = readProducts(bodyOf(request), currency);
  const money = { amount: total ?? readAmount(required(parameters, 'amount'), currency), currency };
  const issued = await issueInvoice(context.engine, {
    ...{ channel, ...invoiceOf(parameters), isTest: isTest(context) },
    terms: { ...termsOf(parameters, money, channel), lines: lines.length > 0 ? lines : linesOf(parameters) },
  });
  return send(request, reply, await answerOf(context, read, channel, accepted(issued), '00010'));
};

function invoiceOf(parameters: Parameters) {
  const email = required(parameters, 'customer.email');
  if (!isMailAddress(email)) throw parameterProblem('20002', 'customer.email', 'must be an e-mail address');
  const { invoiceExpirationPeriod: days = daysByDefault, merchantOrderDescription, merchantOrderId } = parameters;
  const said = { days, merchantOrderDescription, merchantOrderId };
  const details = Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, maskCardNumbers(value)] as const])),
  );
  return { reference: maskCardNumbers(required(parameters, 'merchantInvoiceId')), email, periodMs: Number(days) * dayMs, details };
}

/** The payment of an invoice has the invoice's reference. */
export function termsOf(
  parameters: Parameters,
  money: { readonly amount: number; readonly currency: string },
  channel: Channel,
): CheckoutTerms {
  const { merchantInvoiceId, merchantTransactionId, paymentType, 'shipping.language': language } = parameters;
  const named = merchantTransactionId ?? merchantInvoiceId;
  const merchantReference = named === undefined ? undefined : maskCardNumbers(named);
  const type = paymentType?.toUpperCase() ?? 'DB';
  return {
    order: {
      ...{
        kind: type === 'PA' ? 'preauthorization' : 'debit',
        ...money,
        tokenize: false,
        numbered: true,
        ...readAuthentication(parameters),
      },
      ...(merchantReference === undefined ? {} : { merchantReference }),
      origin: readOrigin(parameters),
      dialectData: { ...readKept(parameters), paymentType: type },
    },
    ...(parameters.merchantRedirectUrl === undefined ? {} : { returnUrl: readReturnUrl(parameters)() }),
    ...(language === undefined ? {} : { language }),
    ...{ ...readOffer(parameters, channel), tokens: [], lines: linesOf(parameters) },
  };
}

function linesOf({ merchantOrderDescription, orderDescriptor }: Parameters): CheckoutTerms['lines'] {
  const name = merchantOrderDescription ?? orderDescriptor;
  return name === undefined ? [] : [{ name: maskCardNumbers(name) }];
}

function accepted(issued: Issued): Invoice {
  if (issued.kind === 'refused') throw problemOf(issued.refusal);
  if (issued.kind === 'taken') throw referenceTaken();
  return issued.invoice;
}

function referenceTaken(): Problem {
  return new Problem('20015', { text: 'merchantInvoiceId: was used before' });
}

/** The payment of an invoice has its reference: it must be none that another payment has, or that a link or a form can be paid under. */
async function refuseUsed(context: DialectContext, given: ReferenceOf, find = findByReference): Promise<void> {
  const { merchantId, reference } = given;
  const isUsed = (await find(context, merchantId, reference)) !== undefined || (await usedByOrder(context, given)) !== undefined;
  if (isUsed) throw referenceTaken();
}

/** By its number, else by the merchant's reference, whose latest it is. */
async function findInvoice({ engine }: DialectContext, { caller, parameters }: Request): Promise<Invoice> {
  const { merchantId } = caller;
  const { invoiceId } = parameters;
  const merchantInvoiceId = parameters.merchantInvoiceId === undefined ? undefined : maskCardNumbers(parameters.merchantInvoiceId);
  const found =
    invoiceId === undefined
      ? await engine.invoices.findByReference({ merchantId, reference: merchantInvoiceId ?? required(parameters, 'merchantInvoiceId') })
      : await engine.invoices.find({ merchantId, invoiceNumber: Number(invoiceId) });
  if (found === undefined || (merchantInvoiceId !== undefined && found.reference !== merchantInvoiceId && invoiceId === undefined)) {
    throw new Problem('10026');
  }
  return found;
}

async function channelOf({ directory }: DialectContext, { merchantId, channelId }: Invoice): Promise<Channel> {
  const channel = await directory.channelById({ merchantId, channelId });
  if (channel === undefined) throw new Error(`there is no channel ${channelId}`);
  return channel;
}

async function found(context: DialectContext, read: Request): Promise<{ readonly view: InvoiceView; readonly channel: Channel }> {
  const invoice = await findInvoice(context, read);
  return { view: await viewInvoice(context.engine, invoice), channel: await channelOf(context, invoice) };
}

export const cancelOneInvoice: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  requireEither(read);
  const { view, channel } = await found(context, read);
  const refused = await cancelInvoice(context.engine, { view, channel, isTest: isTest(context) });
  if (refused !== undefined) throw problemOf(refused);
  return send(request, reply, await answerOf(context, read, channel, view.invoice, '00011'));
};

export const remindOneInvoice: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  requireEither(read);
  const { view, channel } = await found(context, read);
  const refused = await remindOfInvoice(context.engine, { view, channel, isTest: isTest(context) });
  if (refused !== undefined) throw problemOf(refused);
  return send(request, reply, await answerOf(context, read, channel, view.invoice, '00012'));
};

function requireEither({ caller, parameters }: Request): void {
  const { invoiceId, merchantInvoiceId } = parameters;
  requireChecksum(caller, parameters, formulas.id(merchantInvoiceId), formulas.invoiceNumber(invoiceId));
}

export const inquireInvoice: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  requireEither(read);
  const { view, channel } = await found(context, read);
  return send(request, reply, await answerOf(context, read, channel, view.invoice, '00026'));
};

/** A new invoice for an old one, with what the old one was about; the old one cannot be paid any more. */
export const regenerateInvoice: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters } = read;
  const { invoiceId, merchantRedirectUrl } = parameters;
  requireChecksum(caller, parameters, formulas.invoiceNumber(invoiceId, merchantRedirectUrl));
  const { view, channel } = await found(context, read);
  const { invoice, order, state } = view;
  if (state === 'paid' || state === 'pending' || state === 'replaced')
    throw new Problem('20010', { text: `invoiceId: the invoice is ${state}` });
  const { merchantInvoiceId = invoice.reference, invoiceExpirationPeriod: days = invoice.details.days ?? daysByDefault } = parameters;
  const reference = maskCardNumbers(merchantInvoiceId);
  if (await isReferenceTaken(context.engine, invoice, reference)) throw referenceTaken();
  // Attempts at the old one have its reference, and are no other payments.
  const find = reference === invoice.reference ? findByKey : findByReference;
  await refuseUsed(context, { merchantId: channel.merchantId, reference: merchantInvoiceId }, find);
  const returnUrl = merchantRedirectUrl === undefined ? order.terms.returnUrl : readReturnUrl(parameters)();
  const issued = await issueInvoice(context.engine, {
    ...{ channel, reference, email: invoice.email, periodMs: Number(days) * dayMs, details: { ...invoice.details, days } },
    terms: {
      ...order.terms,
      // By what it replaces it is known which of two requests for one reference it is of.
      order: {
        ...order.terms.order,
        merchantReference: reference,
        dialectData: { ...order.terms.order.dialectData, replaces: String(invoice.invoiceNumber) },
      },
      ...(returnUrl === undefined ? {} : { returnUrl }),
    },
    ...{ replaces: view, isTest: isTest(context) },
  });
  return send(request, reply, await answerOf(context, read, channel, accepted(issued), '00013'));
};

const statuses: Readonly<Record<InvoiceState, string>> = {
  open: 'mailsent',
  pending: 'mailsent',
  paid: 'processed',
  cancelled: 'cancelled',
  expired: 'expired',
  replaced: 'regenerated',
};

async function answerOf(
  context: DialectContext,
  { caller, nowMs }: Request,
  channel: Channel,
  invoice: Invoice,
  code: ResultCode,
): Promise<Json> {
  const { engine } = context;
  const now = (await engine.invoices.find(invoice)) ?? invoice;
  const { order, state, operationId } = await viewInvoice(engine, now);
  const { amount, currency } = order.terms.order;
  const paid = operationId === undefined ? undefined : await engine.store.findOperation({ merchantId: invoice.merchantId, operationId });
  const created = writeTime(invoice.createdAtMs);
  const { days = daysByDefault, merchantOrderDescription } = invoice.details;
  return {
    memberId: caller.memberId,
    statusInvoiceResult: { ...resultOf(code) },
    invoiceDetails: {
      ...{ amount: writeAmount(amount, currency), currency, expirationPeriod: days, invoiceExpirationPeriod: days },
      ...{ createdDate: created.slice(0, 10), createdTime: created.slice(11), merchantInvoiceId: invoice.reference },
      ...{ customerEmail: invoice.email, merchantOrderDescription, systemInvoiceId: String(invoice.invoiceNumber) },
      transactionUrl: invoiceUrl(engine, { routingNumber: channel.routingNumber, invoiceNumber: invoice.invoiceNumber }),
    },
    ...{ status: statuses[state], paymentId: paid?.dialectData.paymentNumber, timestamp: writeTime(nowMs) },
  };
}

/** The page behind an invoice's link. */
export const openInvoice: Handler = async ({ engine, directory }, request, reply) => {
  const { inv = '', ct = '' } = request.query as Readonly<Record<string, string>>;
  const invoice = await findInvoiceByUrl(engine, { inv: String(inv), ct: String(ct) });
  const channel = invoice === undefined ? undefined : await directory.channelById(invoice);
  if (invoice === undefined || channel === undefined) return noSuchPage(engine, request, reply);
  return goTo(reply, orderPageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: invoice.orderId }));
};
