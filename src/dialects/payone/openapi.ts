/** The description of the API (OpenAPI 3.1), made from the schemas that the dialect itself runs on. */
import type { ApiDescription, Mode } from '../dialect.ts';
import { answerSchemas } from './answers.ts';
import { type Endpoint, endpoints, type QueryParameter } from './endpoints.ts';
import { demoMerchantId } from './sandbox.ts';

type Json = { readonly [name: string]: unknown };

const intro = `The server API of the PAYONE Commerce Platform and of the Worldline Direct family, at its own paths.

- Bodies are JSON in camelCase; amounts are integers in minor units of their currency. A member that is null or empty counts as absent; unknown members are refused.
- Every request is signed (\`Authorization: GCS v1HMAC:<key id>:<signature>\`), so this page cannot send any: use one of the platform's libraries, or the commands of the dialect's page.
- \`statusOutput.statusCode\` says how a payment stands: 5 authorized, 9 paid, 8 refunded, 6 canceled, 2 refused, 46 at the issuer; 52, 82 and 92 were not answered yet and are never a decline.
- A request that names an \`X-GCS-Idempotence-Key\` can be sent again safely.`;

/** In live mode nothing is filled in: there are no published credentials. */
export function describeApi(mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, PAYONE dialect', version: '2', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ signature: [] }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(mode),
    components: {
      securitySchemes: {
        session: {
          ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
          description: '`GCS v1Client:<clientSessionId>`: the session that the shop’s server has opened.',
        },
        signature: {
          ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
          description: '`GCS v1HMAC:<key id>:<signature>`: the signature is made of method, content type, date, `X-GCS-` headers and path.',
        },
      },
      schemas: answerSchemas,
    },
  };
  return { title: 'PAYONE', summary: 'PAYONE Commerce Platform and the Worldline Direct family.', document };
}

function writePaths(mode: Mode): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    const root = endpoint.isForPages === true ? '/client/v1' : '/v2';
    const path = `${root}/{merchantId}/${endpoint.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [endpoint.method]: writeEndpoint(endpoint, mode) };
    const { name, pagesRoot } = endpoint;
    if (pagesRoot === undefined) continue;
    const same = path.replace(root, pagesRoot);
    const forPages = { ...endpoint, name: `${name}FromPage`, group: 'Pages and apps', isForPages: true as const };
    paths[same] = { ...paths[same], [endpoint.method]: writeEndpoint(forPages, mode) };
  }
  return paths;
}

function writeEndpoint(
  { name, group, summary, description, path, body, sample, query = [], keyed, outcomes, isForPages }: Endpoint,
  mode: Mode,
): Json {
  const ids = path.includes(':id')
    ? [{ name: 'id', in: 'path', required: true, description: 'As an earlier answer told it.', schema: { type: 'string' } }]
    : [];
  return {
    ...{ operationId: name, tags: [group], summary },
    ...(isForPages === true ? { security: [{ session: [] }] } : {}),
    ...(description === undefined ? {} : { description }),
    parameters: [merchant(mode), ...ids, ...query.map(writeQuery), ...(keyed === undefined ? [] : [idempotenceKey])],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: false,
            content: { 'application/json': { schema: body, ...(sample === undefined ? {} : { example: sample }) } },
          },
        }),
    responses: writeAnswers(outcomes),
  };
}

function merchant(mode: Mode): Json {
  return {
    ...{ name: 'merchantId', in: 'path', required: true, description: 'The account (PSPID).', schema: { type: 'string' } },
    ...(mode === 'sandbox' ? { example: demoMerchantId } : {}),
  };
}

function writeQuery({ name, required, description, example }: QueryParameter): Json {
  return { name, in: 'query', required, description, schema: { type: 'string' }, example };
}

const idempotenceKey = {
  ...{ name: 'X-GCS-Idempotence-Key', in: 'header', required: false },
  description: 'Makes the request safe to repeat: the same key gets the same payment as it is now, and the time of the first request.',
  schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,40}$' },
};

const meanings: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  204: 'Done; there is nothing to tell.',
  400: 'Malformed, or not allowed now: `errors` says what is wrong, and where.',
  402: 'Refused by the issuer, the acquirer or 3-D Secure. It was recorded, and is here as well.',
  403: 'Key, secret, date and account do not fit together.',
  404: 'Not there, or not this account’s.',
  409: 'The same request, or another one on the same payment, is under way.',
  413: 'The body is too large.',
  415: 'The body is no JSON.',
  429: 'Too many requests.',
  500: 'An error of the gateway.',
  503: 'The gateway cannot take it now; nothing was recorded.',
};

const everywhere: Endpoint['outcomes'] = { 403: 'Refusal', 413: 'Refusal', 415: 'Refusal', 429: 'Refusal', 500: 'Refusal', 503: 'Refusal' };

function writeAnswers(outcomes: Endpoint['outcomes']): Json {
  return Object.fromEntries(
    Object.entries({ ...everywhere, ...outcomes }).map(([status, schema]) => [
      status,
      {
        description: meanings[status] ?? '',
        ...(schema === undefined ? {} : { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } }),
      },
    ]),
  );
}
