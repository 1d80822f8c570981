/** `/api/v1/clients/`: payers whom the merchant has registered, and the cards that they have let it keep. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NamedCustomer } from '../../../core/instrument/customer.ts';
import { forget } from '../../../core/instrument/forget.ts';
import { type CustomerCard, keptCardsOf } from '../../../core/instrument/kept-cards.ts';
import { endSubscriptionsOf } from '../../../core/subscription/subscribe.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readObject } from '../body.ts';
import { type ClientDocument, readClient, writeClient } from '../client.ts';
import { findOwn } from '../find.ts';
import { isUuid, newId } from '../ids.ts';
import { methodOf } from '../methods.ts';
import { pageOf, readPage } from '../page.ts';
import { fieldProblem, notFound, Problem } from '../problem.ts';
import { masked } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { expectSameInput, makingOf } from '../repeats.ts';
import { type ById, both, merchantOf, paramsOf, queryOf } from '../request.ts';

const path = '/api/v1/clients/';
const tokens = `${path}:id/recurring_tokens/`;
const longestSearch = 254;

export function registerClients(app: FastifyInstance, context: DialectContext): void {
  both(app, 'post', path, (request, reply) => create(context, request, reply));
  both(app, 'get', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const page = readPage(request);
    const { q: text } = queryOf(request);
    if (text !== undefined && (text.length > longestSearch || text.includes('\0')))
      throw fieldProblem('q', 'max_length', `Ensure this value has at most ${longestSearch} characters, and no null characters.`);
    const found = await context.engine.customers.listNamed({
      ...{ merchantId, limit: page.size + 1 },
      ...(text === undefined || text === '' ? {} : { text }),
      ...(page.after === undefined ? {} : { after: page.after }),
    });
    const url = `${context.engine.shoppers.publicUrl}${path}`;
    const query = text === undefined ? {} : { q: text };
    return send(reply, 200, pageOf(found, page, { url, query, idOf: ({ customerId }) => customerId, write }));
  });
  both(app, 'get', `${path}:id/`, async (request, reply) => send(reply, 200, write(await findClient(context, request))));
  both(app, 'put', `${path}:id/`, (request, reply) => change(context, request, reply, () => ({})));
  both(app, 'patch', `${path}:id/`, (request, reply) => change(context, request, reply, ({ details }) => details));
  both(app, 'delete', `${path}:id/`, async (request, reply) => {
    const { merchantId, customerId } = await findClient(context, request);
    await endSubscriptionsOf(context.engine, { merchantId, customerId });
    if (!(await context.engine.customers.remove({ merchantId, customerId, nowMs: context.engine.clock.businessNow() }))) throw notFound();
    return reply.code(204).send();
  });

  both(app, 'get', tokens, async (request, reply) => {
    const client = await findClient(context, request);
    const page = readPage(request);
    const cards = await cardsOf(context, client);
    const after = page.after === undefined ? 0 : cards.findIndex((one) => tokenOf(one) === page.after) + 1;
    const url = `${context.engine.shoppers.publicUrl}${path}${client.customerId}/recurring_tokens/`;
    return send(reply, 200, pageOf(cards.slice(after), page, { url, idOf: tokenOf, write: writeToken }));
  });
  both(app, 'get', `${tokens}:token/`, async (request, reply) => send(reply, 200, writeToken((await findToken(context, request)).card)));
  both(app, 'delete', `${tokens}:token/`, async (request, reply) => {
    const { card, merchantId } = await findToken(context, request);
    const { channel } = await findOwn(context, merchantId, tokenOf(card));
    const result = await forget(context.engine, { channel, token: card.token, dialectData: { orderId: tokenOf(card) } });
    if (result.kind === 'refused' && result.refusal.code !== 'token_deleted') throw problemOf(result.refusal, 'charge');
    return reply.code(204).send();
  });
}

async function create(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const merchantId = await merchantOf(context, request);
  const body = readObject(request);
  const details = readDetails(body);
  const making = makingOf(engine, { request, merchantId, what: 'client', body });
  const { seed, inputHash } = making;
  const customerId = newId(seed);
  const atMs = engine.clock.businessNow();
  const isNew = await engine.customers.add({
    ...{ merchantId, customerId, details, createdAtMs: atMs, updatedAtMs: atMs },
    ...(seed === undefined ? {} : { inputHash: Buffer.from(inputHash, 'base64url') }),
  });
  const client = await engine.customers.findNamed({ merchantId, customerId });
  if (client === undefined) throw notFound();
  if (isNew) return send(reply, 201, write(client));
  expectSameInput(making, client.inputHash && Buffer.from(client.inputHash).toString('base64url'));
  return send(reply.header('idempotent-replayed', 'true'), 201, write(client));
}

async function change(
  context: DialectContext,
  request: FastifyRequest,
  reply: FastifyReply,
  keeps: (before: NamedCustomer) => object,
): Promise<FastifyReply> {
  const before = await findClient(context, request);
  const details = readDetails({ ...keeps(before), ...readObject(request) });
  const changed = { ...before, details, updatedAtMs: context.engine.clock.businessNow() };
  if (!(await context.engine.customers.change(changed))) throw notFound();
  return send(reply, 200, write(changed));
}

function readDetails(body: Readonly<Record<string, unknown>>): ClientDocument {
  const { client, errors } = readClient(body);
  if (Object.keys(errors).length > 0) throw new Problem(400, errors);
  return masked(client);
}

/** The merchant's own client of the path; throws 404. */
async function findClient(context: DialectContext, request: FastifyRequest): Promise<NamedCustomer> {
  const merchantId = await merchantOf(context, request);
  const { id } = paramsOf<ById>(request);
  const found = isUuid(id) ? await context.engine.customers.findNamed({ merchantId, customerId: id.toLowerCase() }) : undefined;
  if (found === undefined) throw notFound();
  return found;
}

function cardsOf({ engine }: DialectContext, { merchantId, customerId }: NamedCustomer): Promise<readonly CustomerCard[]> {
  return keptCardsOf(engine, { merchantId, customerReference: customerId });
}

/** A token is named by the purchase that has kept its card. */
function tokenOf({ dialectData }: Pick<CustomerCard, 'dialectData'>): string {
  return dialectData.orderId ?? '';
}

async function findToken(context: DialectContext, request: FastifyRequest) {
  const client = await findClient(context, request);
  const { token } = paramsOf<{ readonly token: string }>(request);
  const card = (await cardsOf(context, client)).find((one) => tokenOf(one) === token.toLowerCase());
  if (card === undefined) throw notFound();
  return { card, merchantId: client.merchantId };
}

function write({ customerId, details, createdAtMs, updatedAtMs }: NamedCustomer): object {
  const [createdOn, updatedOn] = [createdAtMs, updatedAtMs].map((ms) => Math.floor(ms / 1_000));
  return { id: customerId, type: 'client', created_on: createdOn, updated_on: updatedOn, ...writeClient(details) };
}

function writeToken(one: CustomerCard): object {
  const at = Math.floor(one.createdAtMs / 1_000);
  const { bin, last4, brand } = one.card;
  return {
    ...{ id: tokenOf(one), type: 'client_recurring_token', created_on: at, updated_on: at },
    ...{ payment_method: methodOf(brand), description: `${bin}******${last4}` },
  };
}
