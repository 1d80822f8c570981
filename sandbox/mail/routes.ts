/** The mailbox over HTTP: `GET /control/mail` for those who look, `DELETE` to empty it. */
import type { FastifyInstance } from 'fastify';
import { readFilters } from '../control/filters.ts';
import type { Mailbox } from './mailbox.ts';

export function mailRoutes(app: FastifyInstance, mailbox: Mailbox): void {
  app.get('/control/mail', async ({ query }, reply) => {
    const read = readFilters(query, ['to', 'subject']);
    if ('error' in read) return reply.code(400).send(read);
    return { mails: mailbox.list(read.filters) };
  });
  app.delete('/control/mail', async () => {
    mailbox.clear();
    return { mails: [] };
  });
}
