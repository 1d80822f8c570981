/** The description of the API (OpenAPI 3.1), made from the tables that the dialect itself runs on. */
import type { ApiDescription, Mode } from '../dialect.ts';
import { answerSchemas } from './answers.ts';
import { type Endpoint, endpoints } from './endpoints.ts';
import { descriptions, type ResultCode } from './result-codes.ts';
import { demoMember } from './sandbox.ts';
import { type ParameterName, parameters } from './wire.ts';

type Json = { readonly [name: string]: unknown };

const intro = `The transactionServices REST API of the Paymentz family, at its own paths.

- Get a token first, and send it as the header \`AuthToken\` for an hour. Every request beside is signed with \`authentication.checksum\`.
- Bodies are forms with dotted names, or JSON that may nest them at the dots. An empty value means that the parameter is absent; unknown names are refused.
- Answers are JSON, or XML where \`Accept\` says so, with the same content. All leaves are text.
- HTTP 200 says that the request was understood: \`transactionStatus\` and \`result.code\` say what came of it. \`P\` is never a decline: ask again.
- \`merchantTransactionId\` is used once. A repeated request is refused with \`20015\` and the \`paymentId\` of the first, so it can be sent again safely.`;

/** In live mode nothing is filled in: there are no published credentials. */
export function describeApi(mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, Paymentz dialect', version: '1', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ authToken: [] }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(mode),
    components: {
      securitySchemes: {
        authToken: { type: 'apiKey', in: 'header', name: 'AuthToken', description: 'The `AuthToken` of an answer to `authToken`.' },
      },
      schemas: answerSchemas,
    },
  };
  return {
    title: 'Paymentz',
    summary: 'transactionServices REST of the Paymentz family: TransactWorld, Xoala, Shimotomo and others.',
    document,
  };
}

function writePaths(mode: Mode): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    for (const [index, path] of endpoint.paths.entries()) {
      const written = path.replaceAll(/:(\w+)/g, '{$1}');
      paths[written] = { ...paths[written], [endpoint.method]: writeEndpoint(endpoint, mode, index) };
    }
  }
  return paths;
}

/** `index`: of the path among those of the endpoint; the others are for older clients. */
function writeEndpoint(endpoint: Endpoint, mode: Mode, index: number): Json {
  const { name, group, summary, description, id, method, isOpen } = endpoint;
  const ids = id === undefined ? [] : [{ name: 'id', in: 'path', required: true, description: id, schema: { type: 'string' } }];
  return {
    ...{ operationId: index === 0 ? name : `${name}${index + 1}`, tags: [group], summary, description },
    ...(index === 0 ? {} : { deprecated: true }),
    ...(isOpen === true ? { security: [] } : {}),
    parameters: [...ids, ...queryOf(endpoint)],
    ...(method === 'post' ? { requestBody: writeBody(endpoint, mode) } : {}),
    responses: writeAnswers(endpoint),
  };
}

/** Of pages, which programs do not call. */
function queryOf({ leadsToPage = [] }: Endpoint): readonly Json[] {
  return leadsToPage.map((name) => ({ name, in: 'query', required: true, schema: { type: 'string' } }));
}

/** What must be there comes first, then what the sample has. */
function writeBody(endpoint: Endpoint, mode: Mode): Json {
  const { required, sample } = endpoint;
  const filled: Readonly<Record<string, string | undefined>> = mode === 'sandbox' ? { ...sample, ...demoValues(endpoint) } : sample;
  const rank = (name: ParameterName) => (required.includes(name) ? 0 : name in sample ? 1 : 2);
  const properties = Object.fromEntries(
    endpoint.parameters.toSorted((a, b) => rank(a) - rank(b)).map((name) => [name, writeParameter(name, filled[name])]),
  );
  const schema = { type: 'object', required, properties, additionalProperties: false };
  const content = { 'application/x-www-form-urlencoded': { schema }, 'application/json': { schema } };
  return { required: true, content };
}

function demoValues({ parameters: taken }: Endpoint): Readonly<Record<string, string>> {
  const values = {
    'authentication.memberId': demoMember.memberId,
    'authentication.terminalId': demoMember.terminalId,
    ...(taken.includes('authentication.checksum') ? {} : { 'authentication.sKey': demoMember.key }),
  };
  return Object.fromEntries(Object.entries(values).filter(([name]) => taken.some((one) => one === name)));
}

function writeParameter(name: ParameterName, filled: string | undefined): Json {
  const { pattern, note, example } = parameters[name];
  // Word lists are taken in any case; a pattern of JSON Schema has no flag for that.
  const format = pattern.flags.includes('i') ? {} : { pattern: pattern.source };
  return {
    type: 'string',
    ...format,
    description: note,
    examples: [example],
    ...(filled === undefined || filled === '' ? {} : { example: filled }),
  };
}

/** What any request may be answered before it is looked at. */
const everywhere: readonly (readonly [code: ResultCode, status: number])[] = [
  ...(['20001', '20002'] as const).map((code) => [code, 200] as const),
  ['20002', 400],
  ['20002', 413],
  ['20099', 429],
  ['30001', 500],
  ['30002', 503],
];
const withToken: readonly (readonly [code: ResultCode, status: number])[] = [
  ['20003', 200],
  ['20008', 401],
];

function writeAnswers(endpoint: Endpoint): Json {
  const { codes, isOpen, answer, leadsToPage } = endpoint;
  const rows = [
    ...codes.map((code) => [code, code === '20008' ? 401 : 200] as const),
    ...everywhere,
    ...(isOpen === true ? [] : withToken),
  ];
  const byStatus = [...Map.groupBy(rows, ([, status]) => status)].toSorted(([a], [b]) => a - b);
  const page = { 303: { description: 'The hosted page.' }, 404: { description: 'There is no such page.' } };
  if (leadsToPage !== undefined && endpoint.method === 'get') return page;
  const answers = Object.fromEntries(
    byStatus.map(([status, found]) => {
      const names = status === 200 ? [answer, 'Refusal'] : ['Refusal'];
      const schema = { anyOf: names.map((name) => ({ $ref: `#/components/schemas/${name}` })) };
      const content = { 'application/json': { schema }, 'application/xml': { schema } };
      return [String(status), { description: codeTable(found.map(([code]) => code)), content }];
    }),
  );
  return leadsToPage === undefined ? answers : { ...answers, 303: page[303] };
}

/** Markdown. */
function codeTable(codes: readonly ResultCode[]): string {
  const lines = [...new Set(codes)].toSorted().map((code) => `| \`${code}\` | ${descriptions[code]} |`);
  return ['| `result.code` | meaning |', '|---|---|', ...lines].join('\n');
}
