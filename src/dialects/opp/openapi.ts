/** The description of the API (OpenAPI 3.1), made from the tables that the dialect itself runs on. */
import type { ApiDescription, Mode } from '../dialect.ts';
import { answerSchemas } from './answers.ts';
import { type Endpoint, endpoints } from './endpoints.ts';
import { familyNotes, parameterNotes } from './parameter-notes.ts';
import { httpStatusOf, type ResultCode, resultOf } from './result-codes.ts';
import { bearerToken, demoEntityId } from './sandbox.ts';
import type { Format } from './wire.ts';

type Json = { readonly [name: string]: unknown };

const intro = `The server-to-server API of the Open Payment Platform family, at its own paths.

- Bodies are \`application/x-www-form-urlencoded\` with flat, dotted names. An empty value means that the parameter is absent; unknown names are refused.
- Answers are JSON whose leaves are all text. \`result.code\` says what became of the request; the HTTP status follows it.
- \`000.200.000\` means that the acquirer has not answered: ask again by the \`id\`. It is never a decline.
- A request that names an \`Idempotency-Key\` can be sent again safely. A change of a checkout needs none: it may be repeated as it is.`;

/** In live mode nothing is filled in: there are no published credentials. */
export function describeApi(mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, OPP dialect', version: '1', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ accessToken: [] }, {}],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(mode),
    components: {
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          description:
            'base64 of `userId|password`. Older clients send `authentication.userId` and `authentication.password` as parameters instead.',
        },
      },
      schemas: answerSchemas,
    },
  };
  return {
    title: 'OPP',
    summary: 'Zoopay and the Open Payment Platform family: HyperPay, Peach Payments, VR pay and others.',
    document,
    ...(mode === 'sandbox' ? { credential: { scheme: 'accessToken', value: bearerToken } } : {}),
  };
}

function writePaths(mode: Mode): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: writeEndpoint(endpoint, mode) };
  }
  return paths;
}

function writeEndpoint(endpoint: Endpoint, mode: Mode): Json {
  const { name, group, summary, description, id, method, answer } = endpoint;
  const filled: Readonly<Record<string, string>> = { ...endpoint.sample, ...(mode === 'sandbox' ? { entityId: demoEntityId } : {}) };
  const schemas = Object.entries(endpoint.parameters.exact).map(
    ([parameter, schema]) => [parameter, writeParameter(parameter, schema, filled[parameter])] as const,
  );
  const { required } = endpoint;
  const ids = id === undefined ? [] : [{ name: 'id', in: 'path', required: true, description: id, schema: { type: 'string' } }];
  return {
    ...{ operationId: name, tags: [group], summary, description },
    ...(method === 'post'
      ? {
          parameters: [...ids, ...(answer === 'Checkout' && id !== undefined ? [] : [idempotencyKey])],
          requestBody: writeBody(endpoint, schemas),
        }
      : {
          parameters: [
            ...ids,
            ...schemas.map(([parameter, { description, example, ...schema }]) => ({
              ...{ name: parameter, in: 'query', required: required.includes(parameter), description, schema },
              ...(example === undefined ? {} : { example }),
            })),
          ],
        }),
    responses: writeAnswers(endpoint),
  };
}

/** `filled`: what the form for trying it out begins with. */
function writeParameter(name: string, schema: Format, filled: string | undefined): Json {
  const [description, example] = parameterNotes[name] ?? [];
  return { ...schema, description, examples: example === undefined ? [] : [example], ...(filled === undefined ? {} : { example: filled }) };
}

const idempotencyKey = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description: 'Makes the request safe to repeat: the same key and the same request get the same transaction as it is now.',
  schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' },
};

/** What must be there comes first, then what the sample has. */
function writeBody({ parameters, required, sample }: Endpoint, schemas: readonly (readonly [name: string, schema: Json])[]): Json {
  const rank = (name: string) => (required.includes(name) ? 0 : name in sample ? 1 : 2);
  const properties = Object.fromEntries(schemas.toSorted(([a], [b]) => rank(a) - rank(b)));
  const families = Object.entries(parameters.families);
  const patternProperties = Object.fromEntries(families.map(([names, schema]) => [names, { ...schema, description: familyNote(names) }]));
  return {
    required: true,
    description: `Beside the parameters below, families of names:\n\n${families.flatMap(([names]) => familyLines(names)).join('\n')}`,
    content: {
      'application/x-www-form-urlencoded': {
        schema: { type: 'object', required, properties, patternProperties, additionalProperties: false },
      },
    },
  };
}

function notesOf(names: string) {
  return familyNotes.filter(({ name }) => new RegExp(names).test(name));
}

function familyNote(names: string): string {
  return notesOf(names)
    .map(({ name, example, description }) => `${description} Such as \`${name}=${example}\`.`)
    .join(' ');
}

function familyLines(names: string): readonly string[] {
  return notesOf(names).map(({ name, example, description }) => `- \`${name}=${example}\`: ${description}`);
}

/** What any request may be answered before it is looked at, with the status where the code alone does not tell it. */
const everywhere: readonly (readonly [code: ResultCode, status?: number])[] = [
  ['200.300.404'],
  ['200.100.103'],
  ['200.100.103', 413],
  ['500.100.201'],
  ['800.900.300', 401],
  ['800.900.300', 403],
  ['800.120.100', 429],
  ['999.999.999'],
  ['800.800.800'],
];

function writeAnswers({ outcomes, refusals, notFound, method, answer }: Endpoint): Json {
  const common = method === 'get' ? everywhere : [...everywhere, ['600.200.701'] as const];
  const refused = [...common, ...refusals.map((code) => [code] as const), ...(notFound === undefined ? [] : [[notFound, 404] as const])];
  const rows = [
    ...outcomes.map((code) => ({ code, status: httpStatusOf(code), schema: answer as string })),
    ...refused.map(([code, status]) => ({ code, status: status ?? httpStatusOf(code), schema: 'Refusal' })),
  ];
  const byStatus = [...Map.groupBy(rows, ({ status }) => status)].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(
    byStatus.map(([status, found]) => {
      const schemas = [...new Set(found.map(({ schema }) => schema))].map((schema) => ({ $ref: `#/components/schemas/${schema}` }));
      return [
        String(status),
        {
          description: codeTable(found.map(({ code }) => code)),
          content: { 'application/json': { schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas } } },
        },
      ];
    }),
  );
}

/** Markdown. */
function codeTable(codes: readonly ResultCode[]): string {
  const lines = [...new Set(codes)].toSorted().map((code) => `| \`${code}\` | ${resultOf(code).description.replaceAll('|', '\\|')} |`);
  return ['| `result.code` | meaning |', '|---|---|', ...lines].join('\n');
}
