/** Serves the routes that are described: who asks, whether the request fits, the answer as JSON or as a stream of CSV. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import type { ListPage } from '../core/operator/operator-store.ts';
import { csvOf } from '../core/statement/csv.ts';
import { type AccessParts, requireRole } from './access.ts';
import { checker } from './check.ts';
import { fields, nothing, optional, page } from './forms.ts';
import { type ConsoleProblem, fieldProblem } from './problem.ts';
import type { ActRoute, ConsoleRoute, ListRoute, ReportRoute } from './route.ts';

type Texts = Readonly<Record<string, string>>;

const pageSize = 100;
/** Rows of an export that are in memory at a time. */
const exportedAtOnce = 500;

/** The query of a route, with what every list has. */
export function queryOf(route: ConsoleRoute): TObject {
  switch (route.kind) {
    case 'act':
      return route.query;
    case 'list':
      return optional({ ...route.query.properties, ...page });
    case 'report':
      return fields({ ...route.query.properties, ...optional({ format: page.format }).properties });
  }
}

export function serve(app: FastifyInstance, access: AccessParts, route: ConsoleRoute): void {
  const answer = answererOf(route);
  const checkPath = checker(route.path, 'path');
  const checkQuery = checker(queryOf(route), 'query');
  const checkBody = checker((route.kind === 'act' ? route.body : undefined) ?? nothing, 'body');
  app.route({
    method: route.method.toUpperCase(),
    url: `/console-api${route.at}`,
    exposeHeadRoute: false,
    async handler(request, reply) {
      const { name } = await requireRole(access, request, route.role);
      checkPath(request.params);
      checkQuery(request.query);
      checkBody(request.body ?? {});
      reply.header('cache-control', 'no-store');
      reply.header('x-content-type-options', 'nosniff');
      return answer(request, reply, `${name} (console)`);
    },
  });
}

type Answerer = (request: FastifyRequest, reply: FastifyReply, actor: string) => Promise<unknown>;

function answererOf(route: ConsoleRoute): Answerer {
  switch (route.kind) {
    case 'act':
      return (request, reply, actor) => answerAct(route, { request, reply, actor });
    case 'list':
      return (request, reply) => answerList(route, request, reply);
    case 'report':
      return (request, reply) => answerReport(route, request, reply);
  }
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly actor: string;
}

async function answerAct(route: ActRoute, { request, reply, actor }: Asked): Promise<unknown> {
  // The forms have been checked; what they say of the types, the route's own description knows.
  const { params, query, body } = request as Readonly<Record<'params' | 'query' | 'body', Record<string, never>>>;
  const answer = await route.handle({ path: params, query, body: body ?? {}, actor });
  return reply.code(route.status).send(answer);
}

async function answerList({ list, store, path, query: known, item }: ListRoute, request: FastifyRequest, reply: FastifyReply) {
  const { cursor, limit, format, ...query } = request.query as Texts;
  const filters = { ...pick(query, known), ...pick(request.params as Texts, path) };
  const after = cursor === undefined ? {} : { after: readCursor(cursor) };
  const readPage = (from: { readonly after?: readonly string[] }, size: number): Promise<ListPage> =>
    store.page({ list, filters, limit: size, ...from }).catch((error: unknown) => {
      throw isBadCursor(error) && from.after !== undefined ? badCursor() : error;
    });
  if (format === 'csv') {
    // The first page is read before anything is sent: what is wrong by then still gets its own answer.
    const first = await readPage(after, exportedAtOnce);
    return sendCsv(reply, {
      name: list,
      columns: Object.keys(item.properties),
      pages: pagesFrom(first, (from) => readPage(from, exportedAtOnce)),
    });
  }
  const { rows, next } = await readPage(after, limit === undefined ? pageSize : Number(limit));
  return { items: rows, next_cursor: next === undefined ? null : writeCursor(next) };
}

async function answerReport(route: ReportRoute, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { format, ...query } = request.query as Texts;
  const rows = await route.rows(query);
  if (format !== 'csv') return { items: rows };
  const columns = route.columns(query);
  return sendCsv(reply, { name: route.name, columns, pages: pagesFrom({ rows }, () => Promise.resolve({ rows: [] })) });
}

async function* pagesFrom(first: ListPage, read: (from: { readonly after: readonly string[] }) => Promise<ListPage>) {
  for (let current = first; ; ) {
    yield current.rows;
    if (current.next === undefined) return;
    current = await read({ after: current.next });
  }
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly pages: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>;
}

function sendCsv(reply: FastifyReply, { name, columns, pages }: Table): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${name.replaceAll('_', '-')}.csv"`)
    .send(Readable.from(csvOf(columns, pages), { highWaterMark: 1 }));
}

/** What a form knows of what was given. */
function pick(given: Texts, form: TObject): Texts {
  return Object.fromEntries(Object.keys(form.properties).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}

function writeCursor(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

function readCursor(cursor: string): readonly string[] {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(keys) && keys.length <= 4 && keys.every((key) => typeof key === 'string' && key.length <= 200))
      return keys as string[];
  } catch {
    // Not one of ours.
  }
  throw badCursor();
}

/** A cursor of another list: too few or too many keys, or of other types; or one that was made up. */
function isBadCursor(error: unknown): boolean {
  return ['08P01', '22P02', '22007', '22008', '22009', '22021', '22003', '42P02'].includes(
    String((error as { readonly code?: unknown }).code),
  );
}

function badCursor(): ConsoleProblem {
  return fieldProblem('cursor', 'is not the `next_cursor` of this list');
}
