/** Money reports: balances, turnover, and company statements, which are made beside the requests and fetched when they are finished. */
import { timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Balance } from '../../../core/ledger/merchant-books.ts';
import { shownSum } from '../../../core/money/sum.ts';
import { isTimeZone } from '../../../core/settlement/cut-off.ts';
import type { Statement } from '../../../core/statement/statement.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readJson } from '../body.ts';
import { readBooksFilter } from '../books-filter.ts';
import { fieldsOf, isObject } from '../fields.ts';
import { isUuid, newPurchaseId, routingNumberOf, shownId } from '../ids.ts';
import { pageOf, readPage } from '../page.ts';
import { generalProblem, notFound } from '../problem.ts';
import { type ById, both, merchantOf, paramsOf, queryOf } from '../request.ts';

const path = '/api/v1/company_statements/';
const dialect = 'qorepay';

export function registerReports(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/account/json/balance/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const found = await context.engine.books.balances({
      ...readBooksFilter(request, { brand: 'brand', from: 'booked' }),
      merchantId,
      dialect,
    });
    return send(reply, 200, Object.fromEntries(found.map((balance) => [balance.currency, writeBalance(balance)])));
  });
  both(app, 'get', '/api/v1/account/json/turnover/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const filter = readBooksFilter(request, { brand: 'brand', from: 'booked', oneCurrency: true });
    const { incoming, outgoing } = await context.engine.books.turnover({ ...filter, merchantId, dialect });
    const side = ({ amount, fees, count }: typeof incoming) => ({
      turnover: shownSum(amount),
      fee_sell: shownSum(fees),
      count: { all: count },
    });
    return send(reply, 200, { incoming: side(incoming), outgoing: side(outgoing) });
  });
  both(app, 'get', '/api/v1/balance/', async (request, reply) =>
    send(reply, 200, await allBalances(context, await merchantOf(context, request))),
  );
  both(app, 'post', path, async (request, reply) => {
    const made = await create(context, await merchantOf(context, request), request);
    return send(reply, 201, write(context, made));
  });
  both(app, 'get', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const page = readPage(request);
    const found = await context.engine.statements.list({
      ...{ merchantId, dialect, limit: page.size + 1 },
      ...(page.after === undefined ? {} : { after: page.after }),
    });
    const url = `${context.engine.shoppers.publicUrl}${path}`;
    return send(reply, 200, pageOf(found, page, { url, idOf: ({ statementId }) => statementId, write: (one) => write(context, one) }));
  });
  both(app, 'get', `${path}:id/`, async (request, reply) => send(reply, 200, write(context, await findOwn(context, request))));
  both(app, 'post', `${path}:id/cancel/`, async (request, reply) => {
    const statement = await findOwn(context, request);
    if (!(await context.engine.statements.cancel({ ...statement, nowMs: context.engine.clock.businessNow() }))) {
      throw generalProblem(400, 'company_statement_cancel_wrong_status', 'Only a statement that is not finished can be cancelled.');
    }
    return send(reply, 200, write(context, await findOwn(context, request)));
  });
  both(app, 'get', `${path}:id/download/`, (request, reply) => download(context, request, reply));
}

function writeBalance({ gross, fees, unsettled, refundsUnderWay }: Omit<Balance, 'currency'>): object {
  const balance = gross - fees;
  return sumsOf({
    ...{ gross_balance: gross, balance, available_balance: balance - unsettled - refundsUnderWay },
    ...{ reserved: unsettled, pending_outgoing: refundsUnderWay, fee_sell: fees },
  });
}

function sumsOf(sums: Readonly<Record<string, bigint>>): object {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, shownSum(sum)]));
}

const nothing = { gross: 0n, fees: 0n, unsettled: 0n, refundsUnderWay: 0n };

async function allBalances({ engine: { books } }: DialectContext, merchantId: string): Promise<object> {
  const [taken, payouts] = await Promise.all([books.balances({ merchantId, dialect }), books.payoutBalances(merchantId)]);
  const currencies = [...new Set([...taken, ...payouts].map(({ currency }) => currency))].toSorted();
  return {
    ecommerce: currencies.map((currency) => {
      const payout = payouts.find((one) => one.currency === currency);
      const [available, underWay] = [payout?.available ?? 0n, payout?.underWay ?? 0n];
      return {
        currency,
        ...writeBalance(taken.find((one) => one.currency === currency) ?? nothing),
        ...sumsOf({
          payout_gross_balance: available + underWay,
          payout_balance: available + underWay,
          payout_available_balance: available,
        }),
        ...sumsOf({ payout_reserved: 0n, payout_pending_outgoing: underWay, payout_fee_sell: 0n }),
      };
    }),
    bank_accounts: [],
    payout_balances_enabled: Object.fromEntries(currencies.map((currency) => [currency, payouts.some((one) => one.currency === currency)])),
  };
}

async function create({ engine, directory }: DialectContext, merchantId: string, request: FastifyRequest): Promise<Statement> {
  const body = readJson(request);
  const fields = fieldsOf(isObject(body) ? body : {});
  const format = fields.text('format', { max: 4, required: true, standard: '' });
  if (format !== '' && format !== 'csv' && format !== 'xlsx') fields.fail('format', 'invalid_choice', 'Expected csv or xlsx.');
  const timeZone = fields.text('timezone', { max: 64, standard: 'UTC', nullable: true });
  if (!isTimeZone(timeZone)) fields.fail('timezone', 'invalid_choice', 'This is not a valid time zone.');
  fields.refuse();
  const filter = readBooksFilter(request, { brand: 'brand_id', from: 'ordered', oneCurrency: true });
  const [channel] = await directory.channelsOf({ dialect, merchantId });
  if (channel === undefined) throw notFound();
  const createdAtMs = engine.clock.businessNow();
  const statementId = newPurchaseId(channel.routingNumber);
  await engine.statements.create({
    ...{ merchantId, statementId, dialect, format: format === 'xlsx' ? 'xlsx' : 'csv', timeZone, createdAtMs },
    // What happens while the file is made is in the next one.
    filter: { ...filter, bookedToMs: Math.min(filter.bookedToMs ?? Number.MAX_SAFE_INTEGER, createdAtMs + 1) },
    askedAs: request.url.split('?')[1]?.slice(0, 2_000) ?? '',
  });
  const made = await engine.statements.find({ merchantId, statementId, dialect });
  if (made === undefined) throw notFound();
  return made;
}

async function findOwn(context: DialectContext, request: FastifyRequest): Promise<Statement> {
  const merchantId = await merchantOf(context, request);
  const { id } = paramsOf<ById>(request);
  const found = isUuid(id) ? await context.engine.statements.find({ merchantId, statementId: id.toLowerCase(), dialect }) : undefined;
  if (found === undefined) throw notFound();
  return found;
}

/** How long an address works that a statement was answered with: it is opened by browsers and by programs that have no key. */
const addressLivesMs = 60 * 60_000;

function signatureOf({ engine }: DialectContext, statementId: string, expires: string): Buffer {
  return Buffer.from(engine.shoppers.ticketMac(`${dialect} statement|${statementId}|${expires}`)).subarray(0, 24);
}

function downloadUrl(context: DialectContext, { statementId, state }: Statement): string | null {
  if (state !== 'success') return null;
  const { clock, shoppers } = context.engine;
  const expires = String(Math.floor((clock.wallNow() + addressLivesMs) / 1_000));
  const signature = signatureOf(context, statementId, expires).toString('base64url');
  return `${shoppers.publicUrl}${path}${statementId}/download/?expires=${expires}&signature=${signature}`;
}

const types = { csv: 'text/csv; charset=utf-8', xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' } as const;

/** By the address alone, while it is good; with the key of the company at any time. */
async function download(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const statement = (await findByAddress(context, request)) ?? (await findOwn(context, request));
  const { merchantId, statementId, format, state } = statement;
  if (state !== 'success') throw notFound();
  return reply
    .headers({
      ...{ 'content-type': types[format], 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' },
      'content-disposition': `attachment; filename="statement-${statementId}.${format}"`,
    })
    .send(Readable.from(context.engine.statements.read({ merchantId, statementId })));
}

async function findByAddress(context: DialectContext, request: FastifyRequest): Promise<Statement | undefined> {
  const { expires, signature } = queryOf(request);
  const statementId = paramsOf<ById>(request).id.toLowerCase();
  const routingNumber = routingNumberOf(statementId);
  if (expires === undefined || signature === undefined || routingNumber === undefined || !/^\d{1,12}$/.test(expires)) return undefined;
  const [given, right] = [Buffer.from(signature, 'base64url'), signatureOf(context, statementId, expires)];
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw notFound();
  const { clock, shoppers, statements } = context.engine;
  if (Number(expires) * 1_000 < clock.wallNow()) throw notFound();
  const merchantId = await shoppers.visits.merchantOf(routingNumber);
  const found = merchantId === undefined ? undefined : await statements.find({ merchantId, statementId, dialect });
  if (found === undefined) throw notFound();
  return found;
}

const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : Math.floor(ms / 1_000));

/** `progress`, `lines` and `error` are this gateway's own. */
function write(context: DialectContext, statement: Statement): object {
  const { merchantId, statementId, format, timeZone, state, askedAs, lines, linesInAll, problem } = statement;
  const part = linesInAll === undefined ? 0 : linesInAll === 0 ? 100 : Math.floor((lines * 100) / linesInAll);
  return {
    ...{ id: statementId, type: 'company_statement', format, timezone: timeZone, is_test: context.mode === 'sandbox' },
    ...{ company_uid: shownId(merchantId), query_string: askedAs, status: state, download_url: downloadUrl(context, statement) },
    ...{ began_on: seconds(statement.beganAtMs), finished_on: seconds(statement.finishedAtMs) },
    ...{ created_on: seconds(statement.createdAtMs), updated_on: seconds(statement.updatedAtMs) },
    ...{ progress: state === 'success' ? 100 : Math.min(part, 99), lines, error: problem ?? null },
  };
}
