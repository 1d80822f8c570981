/** Queues mails: one row each, which the outbox delivers. */
import type { MailQueue } from '../core/mail/send.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';

// All mails of a merchant that no endpoint has asked for belong to one that stands for their addresses; its id is the merchant's.
const queueMail: Statement = {
  name: 'queue_mail',
  text: `with place as (
  insert into polygate.endpoint (merchant_id, endpoint_id, dialect, settings, state) values ($1, $1, 'mail', '{}', 'active')
  on conflict (merchant_id, endpoint_id) do update set removed_at = null where endpoint.removed_at is not null
)
insert into polygate.delivery (merchant_id, endpoint_id, subject, payment_id, sequence, operation_id, state, due_at, mail)
values ($1, $1, 'mail', $2, 1, $2, 'pending', now(), $3) on conflict do nothing
returning payment_id`,
};

/** In a transaction of the caller's with its `query`, or in one of its own. */
export function createMailQueue(database: Pick<Database, 'query'>): MailQueue {
  return {
    async queue({ merchantId, mailId, ...mail }) {
      return (await database.query(queueMail, [merchantId, mailId, jsonText(mail)])).length > 0;
    },
  };
}
