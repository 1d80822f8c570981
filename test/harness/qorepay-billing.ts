/** A merchant of the QorePay dialect who bills clients by templates, and what came of it: purchases, webhooks. */
import assert from 'node:assert/strict';
import { createHooks, hurryDeliveries } from './hooks.ts';
import { eventually } from './processes.ts';
import { type Answer, type Body, idOf, type QorepayCalls } from './qorepay.ts';

export interface Billing {
  /** A new client with an address that nobody else has. */
  client(more?: object): Promise<{ readonly id: string; readonly email: string }>;
  /** The id of a new template. */
  template(terms: object): Promise<string>;
  subscribe(templateId: string, clientId: string, more?: object, headers?: Record<string, string>): Promise<Answer>;
  /** A client's subscription, as it is now. */
  subscriber(templateId: string, clientId: string): Promise<Body>;
  /** Purchases of a template, oldest first. */
  billed(templateId: string): Promise<readonly Body[]>;
  /** The client keeps a card with the merchant, by a purchase of its own, whose id is the token. */
  keepCard(clientId: string, card?: object): Promise<string>;
  /** What the demo merchant's webhook was told of an object. */
  told(id: string, event: string): Promise<Body>;
}

export function billingAt(shop: QorepayCalls): Billing {
  let clients = 0;
  return {
    async client(more = {}) {
      clients += 1;
      const email = `subscriber-${clients}@client.example`;
      return { id: idOf(await shop.api('POST', 'clients/', { email, ...more })), email };
    },
    async template(terms) {
      const made = await shop.api('POST', 'billing_templates/', terms);
      assert.equal(made.status, 201, made.text);
      return idOf(made);
    },
    subscribe: (templateId, clientId, more = {}, headers = {}) =>
      shop.api('POST', `billing_templates/${templateId}/add_subscriber/`, { client_id: clientId, ...more }, { headers }),
    subscriber: async (templateId, clientId) => (await shop.api('GET', `billing_templates/${templateId}/clients/${clientId}/`)).body,
    async billed(templateId) {
      const { rows } = await shop.parts.database.query<{ id: string }>(
        `select checkout_id as id from polygate.checkout where terms #>> '{document,billing,templateId}' = $1 order by created_at, checkout_id`,
        [templateId],
      );
      return Promise.all(rows.map(({ id }) => shop.read(id)));
    },
    async keepCard(clientId, card = {}) {
      const made = await shop.create({ client: undefined, client_id: clientId });
      assert.deepEqual((await shop.s2s(made, { remember_card: 'on', ...card })).body, { status: 'executed' });
      return idOf(made);
    },
    async told(id, event) {
      const hooks = createHooks(shop.parts.host.url);
      let found: Body | undefined;
      await eventually(async () => {
        await hurryDeliveries(shop.parts.database);
        const bodies = (await hooks.list('qorepay')).map(({ body }) => JSON.parse(body) as Body);
        found = bodies.find((body) => String(body.id) === id && String(body.event_type) === event);
        return found !== undefined;
      }, `${event} of ${id}`);
      return found ?? {};
    },
  };
}
