/**
 * `/po/{id}/`: whoever knows this address says where a payout goes, within a quarter of an hour. To a card in one step; to a bank account in two: the first
 * is told the banks and an address of its own, to which the second posts the account.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type CheckoutInstrument, type CheckoutState, payCheckout, stateOfCheckout } from '../../../core/payment/checkout.ts';
import type { DialectContext } from '../../dialect.ts';
import { accountFields, banksFor, mayGoToAccount, readAccount } from '../account.ts';
import { send } from '../answer.ts';
import { readObject } from '../body.ts';
import { isCardProblem } from '../card.ts';
import { type Found, findByAddress } from '../find.ts';
import { accountPayouts, methodOf } from '../methods.ts';
import { payoutDocumentOf, payoutUrl, purposeOf, readRecipient, recipientFields } from '../payout.ts';
import { type Message, unauthorized, unavailable } from '../problem.ts';
import { attemptErrorOf } from '../refusals.ts';
import { type ById, both, merchantOf, paramsOf } from '../request.ts';

export const minutesToExecute = 15;

/** Under the address of the payout. */
const accountPath = `${accountPayouts}/create/payout`;

export function registerExecution(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/po/:id/', async (request, reply) => tellBanks(context, await findOpened(context, request), reply));
  both(app, 'post', '/po/:id/', (request, reply) => execute(context, request, reply));
  both(app, 'post', `/po/:id/${accountPath}/`, async (request, reply) => {
    const found = await findOpened(context, request);
    return payAccount(context, found, { body: readObject(request), reply });
  });
}

type Body = Readonly<Record<string, unknown>>;

const refuse = (reply: FastifyReply, { code, message, ...more }: Message & { readonly field?: string }): FastifyReply =>
  send(reply, 400, { status: 'error', code, message, ...more });

const noAccounts: Message = {
  code: 'unknown_payment_method',
  message: 'This Payout cannot go to a bank account: post the data of a card to its `execution_url`.',
};

/** The address is what opens it; a key that comes along has to be the company's own. */
async function findOpened(context: DialectContext, request: FastifyRequest): Promise<Found> {
  const found = await findByAddress(context, paramsOf<ById>(request).id, 'payout');
  if (request.headers.authorization === undefined) return found;
  if ((await merchantOf(context, request, ['api', 's2s'])) !== found.view.order.merchantId) throw unauthorized();
  return found;
}

async function execute(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const found = await findOpened(context, request);
  const body = readObject(request);
  const names = (fields: readonly string[]) => fields.some((name) => body[name] !== undefined);
  const [namesCard, namesAccount] = [names(recipientFields), names(accountFields)];
  if (namesCard && namesAccount) {
    return refuse(reply, {
      code: 'general_transaction_error',
      message: 'A card and a bank account exclude one another: name one of them.',
    });
  }
  if (namesAccount) return payAccount(context, found, { body, reply });
  // Some clients post the first step instead of asking.
  if (!namesCard && mayGoToAccount(context.engine, found)) return tellBanks(context, found, reply);
  return payCard(context, found, { body, reply });
}

/** The first step to an account. */
async function tellBanks({ engine }: DialectContext, found: Found, reply: FastifyReply): Promise<FastifyReply> {
  const { order } = found.view;
  const state = await stateOfCheckout(engine, order);
  if (state.kind !== 'open') return tell(reply, state);
  if (!mayGoToAccount(engine, found)) return refuse(reply, noAccounts);
  const url = payoutUrl(engine.shoppers.publicUrl, order.checkoutId);
  const data = banksFor(order.terms.order.currency);
  return send(reply, 200, { status: 'pending', payout_url: `${url}${accountPath}`, detail: { success: true, data } });
}

interface Exchange {
  readonly body: Body;
  readonly reply: FastifyReply;
}

/** The second. What the bank has taken up is `pending`, also where it has paid at once: a webhook tells the outcome. */
function payAccount(context: DialectContext, found: Found, { body, reply }: Exchange): Promise<FastifyReply> | FastifyReply {
  if (!mayGoToAccount(context.engine, found)) return refuse(reply, noAccounts);
  const account = readAccount(body, found.view.order.terms.order.currency);
  if (isCardProblem(account)) return refuse(reply, account);
  const { bankCode } = account;
  const instrument = { type: 'account', account, purpose: purposeOf(payoutDocumentOf(found.view)) } as const;
  return pay(context, found, { reply, instrument, dialectData: bankCode === undefined ? {} : { bankCode } });
}

function payCard(context: DialectContext, found: Found, { body, reply }: Exchange): Promise<FastifyReply> | FastifyReply {
  const recipient = readRecipient(body, context.engine.clock.businessNow());
  if (isCardProblem(recipient)) return refuse(reply, recipient);
  const { whitelist } = payoutDocumentOf(found.view);
  const { instrument, brand } = recipient;
  // What is no card at all fails by itself, as an attempt.
  const isKnown = brand !== 'unknown' || instrument.type === 'card';
  if (whitelist !== null && isKnown && !whitelist.includes(methodOf(brand))) {
    return refuse(reply, {
      code: 'unknown_payment_method',
      message: 'The card is of a brand that `payout_method_whitelist` does not have.',
    });
  }
  return pay(context, found, { reply, instrument, dialectData: {} });
}

interface Paying {
  readonly reply: FastifyReply;
  readonly instrument: CheckoutInstrument;
  readonly dialectData: Readonly<Record<string, string>>;
}

async function pay({ engine }: DialectContext, found: Found, { reply, instrument, dialectData }: Paying): Promise<FastifyReply> {
  const { order } = found.view;
  const now = await stateOfCheckout(engine, order);
  if (now.kind !== 'open') return tell(reply, now);
  const result = await payCheckout(
    engine,
    { checkout: order, channel: found.channel },
    { attempt: now.attempt, revision: order.revision, instrument, more: { dialectData: { flow: 'api', ...dialectData } } },
  );
  if (result.kind === 'refused') {
    const { code, meaning } = result.refusal;
    if (code === 'unavailable') throw unavailable();
    return refuse(reply, { code: code === 'balance_too_low' ? 'exceeded_account_limit' : 'general_transaction_error', message: meaning });
  }
  if (result.kind === 'changed') return refuse(reply, { code: 'general_transaction_error', message: 'The Payout was changed meanwhile.' });
  const { state } = result;
  return instrument.type === 'account' && state.kind === 'succeeded' ? send(reply, 200, { status: 'pending' }) : tell(reply, state);
}

/** How a payout stands. */
function tell(reply: FastifyReply, state: CheckoutState): FastifyReply {
  switch (state.kind) {
    case 'succeeded':
    case 'kept':
      return send(reply, 200, { status: 'executed' });
    case 'pending':
      return send(reply, 200, { status: 'pending' });
    case 'expired':
    case 'closed':
      return refuse(reply, { code: 'timeout', message: `A Payout can be executed within ${minutesToExecute} minutes.` });
    case 'open':
    case 'exhausted':
      return refuse(reply, attemptErrorOf(state.last ?? {}));
  }
}
