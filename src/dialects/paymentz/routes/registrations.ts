/** Kept cards: registered, paid with, listed, deleted; and the cardholders whose they are. */
import type { FastifyRequest } from 'fastify';
import { forget } from '../../../core/instrument/forget.ts';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import { tokenize } from '../../../core/instrument/tokenize.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { dialect, requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import type { Handler } from '../handler.ts';
import { beginPayment, requireCustomer } from '../pay.ts';
import { Problem } from '../problem.ts';
import { readCardToKeep, readKept, readTokenPurchase, required } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { type Request, readRequest } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { type Json, writeResult, writeStoredCard } from '../write.ts';

/** The member's first terminal, where none is named: what is kept is the member's. */
async function anyTerminal(context: DialectContext, { caller, parameters }: Request) {
  if (parameters['authentication.terminalId'] !== undefined) return terminalOf(context, caller, parameters);
  const [channel] = await context.directory.channelsOf({ dialect, merchantId: caller.merchantId });
  if (channel === undefined) throw new Problem('20005', { text: 'the member has no terminal' });
  return channel;
}

export const register: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters, nowMs, businessMs } = read;
  requireChecksum(caller, parameters, formulas.registration(parameters['card.number']));
  const channel = await anyTerminal(context, read);
  await requireCustomer(context, caller.merchantId, parameters['customer.customerId']);
  const done = await tokenize(context.engine, {
    channel,
    card: readCardToKeep({ parameters, businessMs }),
    dialectData: readKept(parameters),
  });
  if (done.kind === 'refused') throw problemOf(done.refusal);
  const { rejection, token } = done.act;
  if (rejection !== undefined) throw new Problem('10003', { text: `card: ${rejection.replaceAll('_', ' ')}` });
  return send(request, reply, {
    ...{ registrationId: token, id: token, memberId: caller.memberId },
    ...{ paymentBrand: parameters.paymentBrand, paymentMode: parameters.paymentMode },
    ...writeResult(resultOf('00002'), nowMs),
  });
};

/** What cannot be a registration's id is answered like one that is not known, before anything looks for it. */
function readRegistrationId({ params }: FastifyRequest): string {
  const { id } = params as { readonly id: string };
  if (!/^[a-zA-Z0-9_-]+$/.test(id)) throw new Problem('20013');
  return id;
}

export const payWithToken: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters, nowMs, businessMs } = read;
  const id = readRegistrationId(request);
  if (required(parameters, 'paymentType').toUpperCase() === 'DL') {
    requireChecksum(caller, parameters, formulas.id(id));
    const done = await forget(context.engine, { channel: await anyTerminal(context, read), token: id, dialectData: {} });
    if (done.kind === 'refused') throw problemOf(done.refusal);
    return send(request, reply, { registrationId: id, ...writeResult(resultOf('00008'), nowMs) });
  }
  required(parameters, 'amount');
  requireChecksum(caller, parameters, formulas.idAndAmount(id, parameters.amount));
  const channel = await terminalOf(context, caller, parameters);
  return beginPayment(context, { request, reply }, read, readTokenPurchase({ channel, parameters, businessMs }, id));
};

const pageSize = 1_000;
/** A list that is longer is cut: nobody can read it, and the protocol knows no pages here. */
const listedAtMost = 10_000;

export const listRegistrations: Handler = async (context, request, reply, endpoint) => {
  const { caller, parameters, nowMs } = await readRequest(context, request, endpoint);
  const { merchantId, memberId } = caller;
  requireChecksum(caller, parameters, formulas.list());
  const { 'customer.customerId': customerId, 'authentication.partnerId': partnerId } = parameters;
  const cards: Json[] = [];
  for (let after: string | undefined; cards.length < listedAtMost; ) {
    const page = await context.engine.vault.listTokens({ merchantId, limit: pageSize, ...(after === undefined ? {} : { after }) });
    const tokens = page.map(({ token }) => token);
    const own =
      customerId === undefined
        ? undefined
        : await context.engine.customers.tokensOf({ merchantId, customerNumber: Number(customerId), tokens });
    cards.push(...page.filter(({ token }) => own?.has(token) !== false).map(({ token, summary }) => writeStoredCard(token, summary)));
    after = tokens.at(-1);
    if (page.length < pageSize) break;
  }
  const result = resultOf(cards.length === 0 ? '10026' : '00026');
  return send(request, reply, { partnerId, memberId, customerId, cards, bankAccounts: [], ...writeResult(result, nowMs) });
};

export const signUpCustomer: Handler = async (context, request, reply, endpoint) => {
  const { caller, parameters, nowMs } = await readRequest(context, request, endpoint);
  const { 'customer.givenName': givenName, 'customer.surname': surname, 'customer.email': email } = parameters;
  requireChecksum(caller, parameters, formulas.customer(givenName, surname, email));
  const isKept = (name: string) => (name.startsWith('customer.') && !name.startsWith('customer.bank')) || name.startsWith('shipping.');
  const said = Object.entries(parameters).filter(([name]) => isKept(name));
  const details = Object.fromEntries(said.map(([name, value]) => [name, maskCardNumbers(value)]));
  const { merchantId, memberId } = caller;
  const customerNumber = await context.engine.customers.register({ merchantId, details, createdAtMs: context.engine.clock.businessNow() });
  return send(request, reply, { memberId, customerId: String(customerNumber), ...writeResult(resultOf('00007'), nowMs) });
};
