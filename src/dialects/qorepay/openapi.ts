/** The description of the API (OpenAPI 3.1), made from the table of endpoints. */
import type { ApiDescription, Mode } from '../dialect.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoints } from './endpoints.ts';
import { demoApiKey, demoBrandId } from './sandbox.ts';
import { schemas } from './schemas.ts';

type Json = { readonly [name: string]: unknown };

const intro = `The API of the platform behind QorePay, CHIP Collect, Klix, Libernetix and Sitesway, at its own paths.

- A purchase is made with an API key, and paid at its \`direct_post_url\`: by the merchant's server with \`?s2s=true\` and an S2S token, or by the payer's browser.
- Amounts are integers in the minor unit, times are Unix seconds. Unknown fields are ignored.
- An error is an object of field names, each with a list of \`{message, code}\`; \`__all__\` is what no field is to blame for.
- \`pending\` and \`pending_…\` mean that the acquirer has not answered: a webhook tells the outcome. They are never a decline.`;

/** In live mode nothing is filled in: there are no published credentials. */
export function describeApi(mode: Mode): ApiDescription {
  const document = {
    openapi: '3.1.1',
    info: { title: 'Polygate, QorePay dialect', version: '1', description: intro },
    servers: [{ url: '/', description: 'This gateway' }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths: writePaths(mode),
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: "The company's API key." },
        s2sToken: { type: 'http', scheme: 'bearer', description: 'The S2S token, with which card data may be posted.' },
      },
      schemas,
    },
  };
  return {
    title: 'QorePay',
    summary: 'QorePay and its siblings: CHIP Collect, Klix, Libernetix, Sitesway.',
    document,
    ...(mode === 'sandbox' ? { credential: { scheme: 'apiKey', value: demoApiKey } } : {}),
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

const parameterNotes: Readonly<Record<string, string>> = {
  id: 'The id, as it was answered.',
  token: 'The id of the purchase that has kept the card.',
  client: 'The id of the client.',
  q: 'Text that is somewhere in what is said of the client; for statements, in a reference, an id or an e-mail.',
  session: 'As `callback_url` has it.',
  s2s: '`true`: the body is card data from the merchant’s server.',
  brand_id: 'The brand.',
  currency: 'ISO 4217.',
  PaReq: 'As it was answered.',
  MD: 'As it was answered; may be empty.',
  TermUrl: 'Where the browser goes in the end, with `PaRes` and `MD` in a form.',
  after: 'As `next` has it.',
  page_size: 'How many at most, up to 100.',
  source_type: '`purchase`, `payment`, `payout` or `billing_template_client`.',
  brand: 'Of this brand.',
  payment_method: 'A name as in `payment_methods/`.',
  product: 'As in the purchase.',
  flow: '`payform`, `direct_post`, `server_to_server` or `api`.',
  tokenized: '`true`: with a card that was kept.',
  from: 'Unix seconds, included: when the money came; for statements, when the purchase was made.',
  to: 'Unix seconds, included.',
  paid_from: 'Unix seconds, included: when the money came.',
  paid_to: 'Unix seconds, included.',
  updated_from: 'Unix seconds, included: when anything happened last.',
  updated_to: 'Unix seconds, included.',
  status: '`paid`, `refunded`, `chargeback`; `success` for what went out.',
  expires: 'As `download_url` has it.',
  signature: 'As `download_url` has it.',
  preferred: 'The only method that is offered.',
  country: 'Is not looked at.',
  language: 'Is not looked at.',
  amount: 'Is not looked at.',
  recurring: '`true`: only what can be charged again.',
  skip_capture: '`true`: only what can be held.',
  preauthorization: '`true`: only what can be kept.',
};

const keyHeader: Json = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' } },
  description: 'Makes the request safe to repeat: the same key and body get the same result as it is now.',
};

function writeEndpoint(endpoint: Endpoint, mode: Mode): Json {
  const { name, group, summary, description, path, auth, query = [], takesKey, body, answers } = endpoint;
  const ids = [...path.matchAll(/:(\w+)/g)].map(([, id = '']) => parameterOf(id, 'path', true, mode));
  const asked = query.map(({ name: parameter, required }) => parameterOf(parameter, 'query', required, mode));
  return {
    ...{ operationId: name, tags: [group], summary, description },
    security: auth === 'none' ? [] : auth === 'either' ? [{ s2sToken: [] }, {}] : [{ apiKey: [] }],
    parameters: [...ids, ...asked, ...(takesKey === true ? [keyHeader] : [])],
    ...(body === undefined ? {} : { requestBody: { required: body.required, content: contentOf(body, mode) } }),
    responses: Object.fromEntries(
      [...answers, ...everywhere].map(({ status, description: told, schema }) => [
        String(status),
        { description: told, ...answerContent(schema) },
      ]),
    ),
  };
}

/** What any request may be answered. */
const everywhere: Endpoint['answers'] = [
  { status: 429, description: 'Too many requests; `Retry-After` says when to come again.', schema: 'Errors' },
];

function parameterOf(name: string, where: 'path' | 'query', required: boolean, mode: Mode): Json {
  const filled = name === 'brand_id' && mode === 'sandbox' ? demoBrandId : name === 'currency' ? 'NGN' : undefined;
  return {
    ...{ name, in: where, required, description: parameterNotes[name] ?? '', schema: { type: 'string' } },
    ...(filled === undefined ? {} : { example: filled }),
  };
}

function contentOf({ types, schema, example }: NonNullable<Endpoint['body']>, mode: Mode): Json {
  const shown =
    example === undefined
      ? {}
      : { example: mode === 'sandbox' ? { ...example, ...('brand_id' in example ? { brand_id: demoBrandId } : {}) } : example };
  return Object.fromEntries(types.map((type) => [type, { schema: { $ref: `#/components/schemas/${schema}` }, ...shown }]));
}

function answerContent(schema: string | undefined): Json {
  if (schema === undefined) return {};
  if (schema === 'page') return { content: { 'text/html': { schema: { type: 'string' } } } };
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}
