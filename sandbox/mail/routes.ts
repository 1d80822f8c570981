/** The mailbox over HTTP: `GET /control/mail` for those who look, `DELETE` to empty it. */
import type { FastifyInstance } from 'fastify';
import type { Mailbox } from './mailbox.ts';

const FILTERS = ['to', 'subject'];

export function mailRoutes(app: FastifyInstance, mailbox: Mailbox): void {
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/control/mail', async ({ query }, reply) => {
    const unknown = Object.keys(query).find((name) => !FILTERS.includes(name));
    if (unknown !== undefined)
      return reply.code(400).send({ error: 'unknown filter; expected to or subject', field: unknown.slice(0, 40) });
    const { to, subject } = query;
    return { mails: mailbox.list({ ...(typeof to === 'string' ? { to } : {}), ...(typeof subject === 'string' ? { subject } : {}) }) };
  });
  app.delete('/control/mail', async () => {
    mailbox.clear();
    return { mails: [] };
  });
}
