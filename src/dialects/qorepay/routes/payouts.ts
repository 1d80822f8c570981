/**
 * `/api/v1/payouts/`: money to a card, out of the payout balance. A payout is made first; whoever knows its `execution_url` then names the card, within a
 * quarter of an hour.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { payCheckout, stateOfCheckout } from '../../../core/payment/checkout.ts';
import { openOrderOnce } from '../../../core/payment/order.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readObject } from '../body.ts';
import { isCardProblem } from '../card.ts';
import { type Found, findByAddress, findOwn, writingFor } from '../find.ts';
import { newPurchaseId } from '../ids.ts';
import { methodOf } from '../methods.ts';
import { type PayoutDocument, payoutDocumentOf, payoutTermsOf, readPayout, readRecipient, writePayout } from '../payout.ts';
import { generalProblem, type Message } from '../problem.ts';
import { attemptErrorOf, moneyProblemOf } from '../refusals.ts';
import { expectSameInput, makingOf } from '../repeats.ts';
import { type ById, both, brandOf, merchantOf, paramsOf, unlessMissing } from '../request.ts';

const path = '/api/v1/payouts/';
const minutesToExecute = 15;

export function registerPayouts(app: FastifyInstance, context: DialectContext): void {
  both(app, 'post', path, (request, reply) => create(context, request, reply));
  both(app, 'get', `${path}:id/`, async (request, reply) => {
    const found = await findOwn(context, await merchantOf(context, request), paramsOf<ById>(request).id, 'payout');
    return send(reply, 200, writePayout(found.view, writingFor(context, found.channel)));
  });
  both(app, 'post', '/po/:id/', (request, reply) => execute(context, request, reply));
  both(app, 'get', '/po/:id/', async (request, reply) => {
    await findByAddress(context, paramsOf<ById>(request).id, 'payout');
    return refuse(reply, noBanks);
  });
}

async function create(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const merchantId = await merchantOf(context, request);
  const body = readObject(request);
  const read = readPayout(body);
  const channel = await brandOf(context, merchantId, read.brandId);
  const making = makingOf(engine, { request, merchantId, what: 'payout', body });
  const { seed, inputHash } = making;
  const orderId = newPurchaseId(channel.routingNumber, seed);
  const find = () => findOwn(context, merchantId, orderId, 'payout');
  const answer = ({ view }: Found) => send(reply, 201, writePayout(view, writingFor(context, channel)));
  const before = seed === undefined ? undefined : await find().catch(unlessMissing);
  if (before !== undefined) {
    expectSameInput(making, payoutDocumentOf(before.view).inputHash);
    reply.header('idempotent-replayed', 'true');
    return answer(before);
  }
  const document: PayoutDocument = {
    ...{ ...read.document, referenceGenerated: `PO${await engine.store.takePaymentNumber(merchantId)}` },
    ...(seed === undefined ? {} : { inputHash }),
  };
  const expiresAtMs = engine.clock.businessNow() + minutesToExecute * 60_000;
  const refused = await openOrderOnce(engine, channel, { orderId, terms: payoutTermsOf(orderId, read, document), expiresAtMs });
  if (refused !== undefined) throw moneyProblemOf(refused, 'payment');
  const found = await find();
  if (seed !== undefined) expectSameInput(making, payoutDocumentOf(found.view).inputHash);
  return answer(found);
}

const refuse = (reply: FastifyReply, { code, message, ...more }: Message & { readonly field?: string }): FastifyReply =>
  send(reply, 400, { status: 'error', code, message, ...more });

/** What the platform's banks are asked for here. */
const noBanks: Message = {
  code: 'unknown_payment_method',
  message: 'Payouts to bank accounts are not available: post the data of a card to this address.',
};

async function execute(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const found = await findByAddress(context, paramsOf<ById>(request).id, 'payout');
  const { order } = found.view;
  await expectNoOther(context, request, order.merchantId);
  const body = readObject(request);
  if (body.account_number !== undefined && body.card_number === undefined) return refuse(reply, noBanks);
  const recipient = readRecipient(body, engine.clock.wallNow());
  if (isCardProblem(recipient)) return refuse(reply, recipient);
  const { whitelist } = payoutDocumentOf(found.view);
  const { instrument, brand } = recipient;
  if (whitelist !== null && brand !== 'unknown' && !whitelist.includes(methodOf(brand))) {
    return refuse(reply, {
      code: 'unknown_payment_method',
      message: 'The card is of a brand that `payout_method_whitelist` does not have.',
    });
  }
  const now = await stateOfCheckout(engine, order);
  const attempt = now.kind === 'open' ? now.attempt : 1;
  const result = await payCheckout(
    engine,
    { checkout: order, channel: found.channel },
    { attempt, revision: order.revision, instrument, more: { dialectData: { flow: 'api' } } },
  );
  if (result.kind === 'refused') {
    const { code, meaning } = result.refusal;
    if (code === 'unavailable') throw generalProblem(503, 'unavailable', 'Nothing was recorded; the same request may succeed in a moment.');
    return refuse(reply, { code: code === 'balance_too_low' ? 'exceeded_account_limit' : 'general_transaction_error', message: meaning });
  }
  if (result.kind === 'changed') return refuse(reply, { code: 'general_transaction_error', message: 'The Payout was changed meanwhile.' });
  const { state } = result;
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

/** The address is what opens it; a key that comes along has to be the company's own. */
async function expectNoOther(context: DialectContext, request: FastifyRequest, merchantId: string): Promise<void> {
  if (request.headers.authorization === undefined) return;
  if ((await merchantOf(context, request, ['api', 's2s'])) !== merchantId)
    throw generalProblem(401, 'authentication_failed', 'Incorrect secret_key');
}
