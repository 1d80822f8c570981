/** `/api/v1/webhooks/`: where the merchant wants to be told, each with a key pair of its own; and the company's public key. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OwnEndpoint } from '../../../core/event/endpoints.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readObject } from '../body.ts';
import { eventTypes } from '../event-types.ts';
import { fieldsOf } from '../fields.ts';
import { isUuid } from '../ids.ts';
import { companyKey, newKey, publicPartOf } from '../keys.ts';
import { pageOf, readPage } from '../page.ts';
import { notFound } from '../problem.ts';
import { masked } from '../read.ts';
import { type ById, both, merchantOf, paramsOf } from '../request.ts';

const path = '/api/v1/webhooks/';
const dialect = 'qorepay';

interface WebhookTerms {
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
}

export function registerWebhooks(app: FastifyInstance, context: DialectContext): void {
  const findOwn = async (request: FastifyRequest): Promise<OwnEndpoint> => {
    const merchantId = await merchantOf(context, request);
    const { id } = paramsOf<ById>(request);
    const found = isUuid(id) ? await context.engine.endpoints.find({ merchantId, dialect, endpointId: id.toLowerCase() }) : undefined;
    if (found === undefined) throw notFound();
    return found;
  };
  const change = async (request: FastifyRequest, read: (before: OwnEndpoint, body: object) => WebhookTerms): Promise<object> => {
    const before = await findOwn(request);
    const terms = read(before, readObject(request));
    if (!(await context.engine.endpoints.change(before, stamped(terms, context.engine.clock.wallNow())))) throw notFound();
    return write(context, await findOwn(request));
  };

  both(app, 'post', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const terms = stamped(readTerms(readObject(request)), context.engine.clock.wallNow());
    const endpointId = randomUUID();
    const secret = await newKey();
    const sealedSecret = context.engine.vault.sealSecret({ merchantId, secretId: endpointId, secret });
    await context.engine.endpoints.add({ merchantId, endpointId, dialect, ...terms, sealedSecret });
    const made = await context.engine.endpoints.find({ merchantId, dialect, endpointId });
    if (made === undefined) throw notFound();
    return send(reply, 201, write(context, made));
  });
  both(app, 'get', path, async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const page = readPage(request);
    const found = await context.engine.endpoints.list({
      merchantId,
      dialect,
      limit: page.size + 1,
      ...(page.after === undefined ? {} : { after: page.after }),
    });
    const url = `${context.engine.shoppers.publicUrl}${path}`;
    return send(reply, 200, pageOf(found, page, { url, idOf: ({ endpointId }) => endpointId, write: (one) => write(context, one) }));
  });
  both(app, 'get', `${path}:id/`, async (request, reply) => send(reply, 200, write(context, await findOwn(request))));
  both(app, 'put', `${path}:id/`, async (request, reply) => send(reply, 200, await change(request, (_before, body) => readTerms(body))));
  both(app, 'patch', `${path}:id/`, async (request, reply) =>
    send(reply, 200, await change(request, (before, body) => readTerms({ ...shownTerms(before), ...body }))),
  );
  both(app, 'delete', `${path}:id/`, async (request, reply) => {
    if (!(await context.engine.endpoints.remove(await findOwn(request)))) throw notFound();
    return reply.code(204).send();
  });

  // A JSON string, as the platform has it: clients decode it so.
  both(app, 'get', '/api/v1/public_key/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    return send(reply, 200, publicPartOf(await companyKey(context.engine, merchantId)));
  });
}

const stamped = ({ url, settings }: WebhookTerms, nowMs: number): WebhookTerms => ({
  url,
  settings: { ...settings, updated_on: String(Math.floor(nowMs / 1_000)) },
});

function readTerms(body: object): WebhookTerms {
  const fields = fieldsOf(body as Readonly<Record<string, unknown>>);
  const title = masked(fields.text('title', { max: 100, required: true, standard: '' }));
  const allEvents = fields.flag('all_events');
  const events = fields.texts('events', { max: 100, choices: eventTypes });
  const url = fields.url('callback', { required: true });
  if (!allEvents && events.length === 0) fields.fail('events', 'required', 'Name the events, or set `all_events`.');
  fields.refuse();
  return { url, settings: { title, all_events: String(allEvents), events: allEvents ? '' : events.join(',') } };
}

/** In the words of a request. */
function shownTerms({ url, settings }: OwnEndpoint): object {
  const { title = '', all_events: all = 'false', events = '' } = settings;
  return { title, all_events: all === 'true', events: events === '' ? [] : events.split(','), callback: url ?? '' };
}

function write({ engine: { vault } }: DialectContext, endpoint: OwnEndpoint): object {
  const { merchantId, endpointId, sealedSecret, createdAtMs, settings } = endpoint;
  const createdOn = Math.floor(createdAtMs / 1_000);
  const key = sealedSecret === undefined ? '' : publicPartOf(vault.openSecret({ merchantId, secretId: endpointId, sealed: sealedSecret }));
  return {
    ...{ id: endpointId, type: 'webhook', created_on: createdOn, updated_on: Number(settings.updated_on ?? createdOn) },
    ...shownTerms(endpoint),
    public_key: key,
  };
}
