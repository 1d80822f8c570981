/** Invoices as rows. */
import type { Invoice, InvoiceStore } from '../core/invoice/invoice-store.ts';
import { jsonText, timeOrNull, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const takeNumber: Statement = {
  name: 'take_invoice_number',
  text: `insert into polygate.counter as c (name, next_value) values ('invoice_number ' || $1::uuid, 1001)
on conflict (name) do update set next_value = c.next_value + 1 returning next_value`,
};

const insert: Statement = {
  name: 'insert_invoice',
  text: `insert into polygate.invoice (merchant_id, invoice_number, channel_id, order_id, reference, email, details, remind_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning invoice_number`,
};

const columns = `merchant_id, invoice_number, channel_id, order_id, reference, email, details, replaced_by,
  (extract(epoch from remind_at) * 1000)::bigint as remind_ms, (extract(epoch from created_at) * 1000)::bigint as created_ms`;

const byNumber: Statement = {
  name: 'find_invoice',
  text: `select ${columns} from polygate.invoice where merchant_id = $1 and invoice_number = $2`,
};

const byReference: Statement = {
  name: 'find_invoice_by_reference',
  text: `select ${columns} from polygate.invoice where merchant_id = $1 and reference = $2 order by invoice_number desc limit 1`,
};

const setReplaced: Statement = {
  name: 'replace_invoice',
  text: 'update polygate.invoice set replaced_by = $3, remind_at = null where merchant_id = $1 and invoice_number = $2',
};

const due: Statement = {
  name: 'due_invoices',
  text: `select ${columns} from polygate.invoice where remind_at <= $1 order by remind_at, merchant_id limit $2`,
};

const endReminder: Statement = {
  name: 'end_invoice_reminder',
  text: 'update polygate.invoice set remind_at = null where merchant_id = $1 and invoice_number = $2',
};

const nextDue: Statement = {
  name: 'next_invoice_reminder',
  text: '(select (extract(epoch from remind_at) * 1000)::bigint as next_ms from polygate.invoice where remind_at is not null order by remind_at limit 1)',
};

interface InvoiceRow extends Row {
  readonly merchant_id: string;
  readonly invoice_number: number;
  readonly channel_id: string;
  readonly order_id: string;
  readonly reference: string;
  readonly email: string;
  readonly details: Invoice['details'];
  readonly replaced_by: number | null;
  readonly remind_ms: number | null;
  readonly created_ms: number;
}

export function createInvoiceStore(database: Database): InvoiceStore {
  const one = async (statement: Statement, values: readonly unknown[]) => {
    const [row] = await reading(database.query<InvoiceRow>(statement, values));
    return row === undefined ? undefined : invoiceOf(row);
  };
  return {
    async create({ merchantId, channelId, orderId, reference, email, details, remindAtMs, createdAtMs }) {
      const [counter] = await reading(database.query<{ next_value: number }>(takeNumber, [merchantId]));
      if (counter === undefined) throw new Error('the counter of invoices gave no number');
      const number = counter.next_value - 1;
      const [made] = await reading(
        database.query(insert, [
          ...[merchantId, number, channelId, orderId, reference, email, jsonText(details)],
          ...[timeOrNull(remindAtMs), timeText(createdAtMs)],
        ]),
      );
      return made === undefined ? undefined : number;
    },
    find: ({ merchantId, invoiceNumber }) => one(byNumber, [merchantId, invoiceNumber]),
    findByReference: ({ merchantId, reference }) => one(byReference, [merchantId, reference]),
    async replace({ merchantId, invoiceNumber, by }) {
      await reading(database.query(setReplaced, [merchantId, invoiceNumber, by]));
    },
    async dueReminders({ businessNowMs, limit }) {
      return (await database.query<InvoiceRow>(due, [timeText(businessNowMs), limit])).map(invoiceOf);
    },
    async endReminder({ merchantId, invoiceNumber }) {
      await reading(database.query(endReminder, [merchantId, invoiceNumber]));
    },
    async nextReminderAtMs() {
      const [row] = await database.query<{ next_ms: number }>(nextDue);
      return row?.next_ms;
    },
  };
}

function invoiceOf(row: InvoiceRow): Invoice {
  return {
    ...{ merchantId: row.merchant_id, invoiceNumber: row.invoice_number, channelId: row.channel_id, orderId: row.order_id },
    ...{ reference: row.reference, email: row.email, details: row.details, createdAtMs: row.created_ms },
    ...(row.replaced_by === null ? {} : { replacedBy: row.replaced_by }),
    ...(row.remind_ms === null ? {} : { remindAtMs: row.remind_ms }),
  };
}
