/** The description of the console API (OpenAPI 3.1), made from the routes that serve it. */
import { STATUS_CODES } from 'node:http';
import { type TObject, type TSchema, Type } from 'typebox';
import type { ApiDescription, Mode } from '../dialects/dialect.ts';
import { fields, means, nullable, oneOf, text, whole } from './forms.ts';
import { type ProblemName, problemStatuses } from './problem.ts';
import type { ConsoleRoute } from './route.ts';
import { queryOf } from './serve.ts';

type Json = { readonly [name: string]: unknown };

const intro = `What operators see and do. Send your key as a bearer token.

- Roles: a *viewer* looks, an *operator* acts on what has happened, an *admin* manages merchants, credentials, keys and operators; each may do what the one before may. \`polygate operator add\` makes a key; the settings OPERATOR_KEY (admin) and VIEWER_KEY (viewer) are keys as well.
- Amounts are whole numbers of minor units. Times are in UTC.
- Lists have pages: ask for the next one with \`cursor\` = \`next_cursor\`, until that is null. \`format=csv\` streams all of a list as one table.
- What is refused is answered with problem details (RFC 9457): \`error\` is for programs, \`detail\` for people, \`errors\` names the fields at fault.
- Every act leaves its row in the audit trail.`;

const problemSchema = fields({
  type: text,
  title: text,
  status: whole,
  error: oneOf(Object.keys(problemStatuses) as ProblemName[]),
  detail: text,
  errors: Type.Optional(Type.Array(fields({ field: text, detail: text }))),
});

/** In live mode nothing is filled in: there are no published keys. */
export function describeConsole(routes: readonly ConsoleRoute[], mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, console API', version: '1', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ operatorKey: [] }],
    tags: [...new Set(routes.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(routes),
    components: {
      securitySchemes: { operatorKey: { type: 'http', scheme: 'bearer', description: 'The key of an operator.' } },
      schemas: { Problem: problemSchema },
    },
  };
  return {
    title: 'Console API',
    summary: 'For the operator of this gateway: merchants, payments, the ledger, webhooks, disputes, decisions, reports, the audit trail.',
    document,
    ...(mode === 'sandbox' ? { credential: { scheme: 'operatorKey', value: 'sandbox-viewer-key' } } : {}),
  };
}

function writePaths(routes: readonly ConsoleRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = `/console-api${route.at.replaceAll(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [route.method]: writeOperation(route) };
  }
  return paths;
}

function writeOperation(route: ConsoleRoute): Json {
  const { name, group, summary, description, role } = route;
  const body = route.kind === 'act' && route.body !== undefined ? { schema: route.body, example: route.sample } : undefined;
  return {
    ...{ operationId: name, tags: [group], summary },
    description: [description, `Needs the role **${role}**.`].filter((part) => part !== undefined).join('\n\n'),
    parameters: [...parametersIn('path', route.path), ...parametersIn('query', queryOf(route))],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': body } } }),
    responses: { ...writeAnswer(route), ...writeProblems(route) },
  };
}

function parametersIn(place: 'path' | 'query', form: TObject): readonly Json[] {
  const required = new Set<string>(form.required ?? []);
  return Object.entries<TSchema & { readonly description?: string }>(form.properties).map(([name, schema]) => {
    const { description, ...rest } = schema;
    return {
      ...{ name, in: place, required: place === 'path' || required.has(name), schema: rest },
      ...(description === undefined ? {} : { description }),
    };
  });
}

function writeAnswer(route: ConsoleRoute): Json {
  if (route.kind === 'act') return { [route.status]: { description: 'Done.', content: { 'application/json': { schema: route.answer } } } };
  const items = Type.Array(route.item);
  const next = means(nullable(text), 'Null: there is no other page.');
  const schema = route.kind === 'list' ? fields({ items, next_cursor: next }) : fields({ items });
  const csv = { schema: { type: 'string', description: 'The same as a table, with a line of names (RFC 4180).' } };
  return { 200: { description: 'A page, or with `format=csv` all.', content: { 'application/json': { schema }, 'text/csv': csv } } };
}

/** Any route may be answered so; what a route adds is its own. */
const everywhere: readonly ProblemName[] = ['bad_request', 'unauthorized', 'forbidden', 'too_many_requests', 'unavailable', 'internal'];

function writeProblems(route: ConsoleRoute): Json {
  // What comes with an act is read before it is found to be no body of its own.
  const body: readonly ProblemName[] = route.method === 'get' ? [] : ['too_large'];
  const names = [...new Set([...everywhere, ...body, ...(route.kind === 'act' ? route.problems : [])])];
  return Object.fromEntries(
    [...Map.groupBy(names, (name) => problemStatuses[name])].map(([status, words]) => [
      status,
      {
        description: `${STATUS_CODES[status]}: ${words.map((word) => `\`${word}\``).join(', ')}`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}
