/** Lists: a channel's payments, and the stored cards of a customer. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forget } from '../../../core/instrument/forget.ts';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import type { OperationView } from '../../../core/payment/operation.ts';
import type { OperationSearch } from '../../../core/payment/search.ts';
import type { DialectContext } from '../../dialect.ts';
import { countRequest, presentPayment, send } from '../answer.ts';
import { channelNamed, openToMerchant } from '../auth.ts';
import { fromMethodId, fromWireId, toMethodId, toWireId } from '../ids.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { problemOf } from '../refusals.ts';
import { callerOf } from '../request.ts';
import { statuses } from '../states.ts';
import { writeList, writeStoredCard } from '../write.ts';

type OfCustomer = { readonly Params: { readonly reference: string; readonly id: string } };

const dayMs = 86_400_000;
const spanByDefaultMs = 30 * dayMs;
/** Every id comes after it. */
const beforeAll = '00000000-0000-0000-0000-000000000000';
const names = ['channel', 'reference', 'from', 'to', 'status', 'limit', 'cursor'] as const;

type Filters = Partial<Record<(typeof names)[number], string>>;

export function registerCards(app: FastifyInstance, context: DialectContext): void {
  const { engine } = context;

  app.get('/payment', async (request, reply) => {
    const caller = callerOf(request);
    const filters = readFilters(request);
    if (filters.channel === undefined) throw fieldProblem('channel', 'is required');
    const channel = await channelNamed(context.directory, caller, filters.channel);
    countRequest(context, caller, `list ${channel.channelId}`);
    const search = readSearch(filters, { merchantId: channel.merchantId, channelId: channel.channelId }, engine.clock.businessNow());
    // One more than the page tells whether there is another.
    const { operations } = await engine.store.search({ ...search, limit: search.limit + 1 });
    const page = operations.slice(0, search.limit);
    const payments = await Promise.all(page.map((first) => presentPayment(context, channel, first)));
    const wanted = payments.filter(({ status }) => filters.status === undefined || status === filters.status);
    const last = operations.length > page.length ? page.at(-1) : undefined;
    return send(reply, 200, writeList(wanted, last === undefined ? undefined : toWireId('pay', last.operationId)));
  });

  app.get<OfCustomer>('/customer/:reference/payment-method', async (request, reply) => {
    const caller = callerOf(request);
    await openToMerchant(context.directory, caller);
    const cards = await storedCards(context, caller.merchantId, request.params.reference);
    return send(reply, 200, writeList(cards.map(writeStoredCard), undefined));
  });

  app.delete<OfCustomer>('/customer/:reference/payment-method/:id', async (request, reply) => {
    const caller = callerOf(request);
    const { merchantId } = caller;
    const { reference, id } = request.params;
    await openToMerchant(context.directory, caller);
    const token = fromMethodId(id);
    const cards = await storedCards(context, merchantId, reference);
    const [channel] = await context.directory.channelsOf({ dialect: 'tzero', merchantId });
    if (channel === undefined || token === undefined || !cards.some((card) => card.token === token))
      throw new Problem('payment_method_not_found');
    const done = await forget(engine, { channel, token, dialectData: {} });
    if (done.kind === 'refused') throw problemOf(done.refusal);
    return send(reply, 200, { id: toMethodId(token), deleted: true });
  });
}

interface StoredCard {
  readonly token: string;
  readonly card: NonNullable<OperationView['card']>;
}

/** Those that still exist. */
async function storedCards({ engine }: DialectContext, merchantId: string, customerReference: string): Promise<readonly StoredCard[]> {
  if (customerReference.includes('\0')) return [];
  const tokens = await engine.customers.tokensNamed({ merchantId, customerReference: maskCardNumbers(customerReference) });
  const found = await Promise.all(
    tokens.map(async (token) => ({ token, card: (await engine.vault.resolveToken({ merchantId, token }))?.summary })),
  );
  return found.flatMap(({ token, card }) => (card === undefined ? [] : [{ token, card }]));
}

function readFilters({ query }: FastifyRequest): Filters {
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    if (!names.some((known) => known === name)) throw fieldProblem(name, 'is no filter of this list');
    if (typeof value !== 'string' || value.includes('\0')) throw fieldProblem(name, 'must be given once');
  }
  return query as Filters;
}

function readSearch(filters: Filters, keys: Pick<OperationSearch, 'merchantId' | 'channelId'>, nowMs: number): OperationSearch {
  const { reference, status, limit = '20', cursor } = filters;
  const after = cursor === undefined || cursor === '' ? beforeAll : fromWireId('pay', cursor);
  if (!/^([1-9]\d?|100)$/.test(limit)) throw fieldProblem('limit', 'must be a whole number from 1 to 100');
  if (after === undefined) throw fieldProblem('cursor', 'must be the next_cursor of the page before');
  if (status !== undefined && !statuses.some((known) => known === status))
    throw fieldProblem('status', `must be one of ${statuses.join(', ')}`);
  const to = readTime(filters, 'to');
  const from = readTime(filters, 'from') ?? (reference === undefined ? (to ?? nowMs) - spanByDefaultMs : undefined);
  return {
    ...{ ...keys, kinds: ['preauthorization', 'debit'], limit: Number(limit), offset: 0, after },
    ...(reference === undefined || reference === '' ? {} : { merchantReference: reference }),
    ...(from === undefined ? {} : { createdFromMs: from }),
    ...(to === undefined ? {} : { createdToMs: to }),
  };
}

function readTime(filters: Filters, name: 'from' | 'to'): number | undefined {
  const text = filters[name];
  if (text === undefined || text === '') return undefined;
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/.test(text) ? new Date(text).getTime() : Number.NaN;
  if (Number.isNaN(time)) throw fieldProblem(name, 'must be a time in UTC, as in 2034-12-31T23:59:59Z');
  return name === 'to' && !text.includes('T') ? time + dayMs - 1 : time;
}
