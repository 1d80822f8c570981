/** The description of the API (OpenAPI 3.1), made from the schemas that the dialect itself runs on. */
import type { ApiDescription, Mode } from '../dialect.ts';
import { answerSchemas } from './answers.ts';
import { type Endpoint, endpoints } from './endpoints.ts';
import { type ErrorCode, messageOf, statusOf } from './problem.ts';
import { demoChannelId, demoKey } from './sandbox.ts';
import { authoriseBody, methods } from './wire.ts';

type Json = { readonly [name: string]: unknown };

const intro = `The direct API of tZero Pay, at its own paths.

- Bodies are JSON. Members that nobody knows are ignored; an empty text means that the member is absent.
- Every payment that a customer starts is answered with HTTP 201 and a \`redirect_url\`: send the customer there, they come back to the return URL of the channel. A payment that you start (\`mit\`) is answered at once, with 200.
- A decline is no HTTP error: \`status\` is \`declined\`, and \`result\` says why. \`processing\` means that the processor has not answered: ask again, or wait for the callback. It is never a decline.
- A \`reference\` makes a payment or refund safe to repeat for 24 hours, and an \`Idempotency-Key\` any request; a reference is used once, whatever key it comes with.`;

/** In live mode nothing is filled in: there are no published credentials. */
export function describeApi(mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, tZero dialect', version: '1', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ secretKey: [] }, { bearer: [] }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(mode),
    components: {
      securitySchemes: {
        secretKey: { type: 'apiKey', in: 'header', name: 'X-Secret-Key', description: '`sk_` and 32 characters of 0-9 and a-f.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The same key; also without the word Bearer.' },
      },
      schemas: answerSchemas,
    },
  };
  return {
    title: 'tZero',
    summary: 'tZero Pay: one call, one address where the customer finishes the payment.',
    document,
    ...(mode === 'sandbox' ? { credential: { scheme: 'secretKey', value: demoKey } } : {}),
  };
}

function writePaths(mode: Mode): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    for (const at of [endpoint.path, ...(endpoint.aliases ?? [])]) {
      const path = at.replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [endpoint.method]: writeEndpoint(endpoint, at, mode) };
    }
  }
  return paths;
}

function writeEndpoint(endpoint: Endpoint, path: string, mode: Mode): Json {
  const { name, group, summary, description, query = [], isOpen, isKeyed } = endpoint;
  const ids = [...path.matchAll(/:(\w+)/g)].map(([, id = '']) => ({
    ...{ name: id, in: 'path', required: true, description: endpoint.ids?.[id] ?? 'The id of the payment.', schema: { type: 'string' } },
  }));
  const parameters = [
    ...ids,
    ...query.map(({ example, ...parameter }) => ({ ...parameter, in: 'query', ...(example === undefined ? {} : { example }) })),
    ...(isKeyed === true ? [idempotencyKey] : []),
  ];
  const operationId =
    path === endpoint.path ? name : `${name}At${path.replaceAll(/[^a-z]+(.)/gi, (_match, letter: string) => letter.toUpperCase())}`;
  return {
    ...{ operationId, tags: [group], summary, description },
    ...(isOpen === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.body === undefined ? {} : { requestBody: writeBody(endpoint, mode) }),
    responses: writeAnswers(endpoint),
  };
}

const idempotencyKey = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description: 'Makes the request safe to repeat: the same key and the same request get the same answer, as it is now.',
  schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,128}$' },
};

/** What is paid with has fields of its own beside its type. */
const methodSchema = {
  description: 'What is paid with; its fields stand beside `type`.',
  oneOf: Object.entries(methods).map(([type, method]) => ({
    ...method,
    properties: { type: { type: 'string', const: type }, ...method.properties },
    required: ['type', ...method.required],
  })),
};

function writeBody({ body, sample, contentType = 'application/json' }: Endpoint, mode: Mode): Json {
  const schema =
    body === authoriseBody ? { ...authoriseBody, properties: { ...authoriseBody.properties, payment_method: methodSchema } } : body;
  const filled = sample !== undefined && 'channel' in sample && mode === 'sandbox' ? { ...sample, channel: demoChannelId } : sample;
  return { required: true, content: { [contentType]: { schema, ...(filled === undefined ? {} : { example: filled }) } } };
}

/** What any request with a body, and any request at all, may be answered before it is looked at. */
const everywhere: readonly ErrorCode[] = ['missing_key', 'invalid_key', 'rate_limited', 'internal_error', 'service_unavailable'];
const withBody: readonly ErrorCode[] = [
  ...(['malformed_json', 'malformed_jwe', 'unreadable_request', 'body_too_large', 'unsupported_media_type', 'validation_failed'] as const),
];

function writeAnswers({ answers, errors, body, isOpen }: Endpoint): Json {
  const codes = [
    ...new Set([...(isOpen === true ? ['internal_error' as const] : everywhere), ...(body === undefined ? [] : withBody), ...errors]),
  ];
  const refused = [...Map.groupBy(codes, statusOf)].map(
    ([status, found]) =>
      [
        String(status),
        {
          description: ['| `error.code` | meaning |', '|---|---|', ...found.map((code) => `| \`${code}\` | ${messageOf(code)} |`)].join(
            '\n',
          ),
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
        },
      ] as const,
  );
  const done = Object.entries(answers).map(
    ([status, { description, schema, contentType = 'application/json' }]) =>
      [status, { description, content: { [contentType]: { schema: { $ref: `#/components/schemas/${schema}` } } } }] as const,
  );
  return Object.fromEntries([...done, ...refused].toSorted(([a], [b]) => Number(a) - Number(b)));
}
