/** Merchants' customers as rows. */
import type { Customer, CustomerStore, NamedCustomer } from '../core/instrument/customer.ts';
import { jsonText, plainArray, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const firstNumber = 10_000;

const takeNumber: Statement = {
  name: 'take_customer_number',
  text: `insert into polygate.counter as c (name, next_value) values ('customer_number ' || $1::uuid, ${firstNumber + 1})
on conflict (name) do update set next_value = c.next_value + 1 returning next_value`,
};

const insert: Statement = {
  name: 'insert_customer',
  text: 'insert into polygate.customer (merchant_id, customer_number, details, created_at) values ($1, $2, $3, $4)',
};

const select: Statement = {
  name: 'find_customer',
  text: `select details, (extract(epoch from created_at) * 1000)::bigint as created_ms from polygate.customer
where merchant_id = $1 and customer_number = $2`,
};

const ofCustomer: Statement = {
  name: 'tokens_of_customer',
  text: `select o.token from polygate.operation o
where o.merchant_id = $1 and o.token = any ($2::text[]) and o.dialect_data ->> 'customerId' = $3
union
select t.token from polygate.token_act t
where t.merchant_id = $1 and t.token = any ($2::text[]) and t.dialect_data ->> 'customerId' = $3`,
};

const named: Statement = {
  name: 'tokens_of_named_customer',
  text: `select o.token from polygate.operation o
where o.dialect_data ->> 'customerReference' = $2 and o.merchant_id = $1 and o.token is not null order by o.operation_id limit 100`,
};

const insertNamed: Statement = {
  name: 'insert_named_customer',
  text: `insert into polygate.customer (merchant_id, customer_number, customer_id, details, input_hash, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing returning customer_id`,
};

const namedColumns = `c.merchant_id, c.customer_id, c.details, c.input_hash, (extract(epoch from c.created_at) * 1000)::bigint as created_ms,
  (extract(epoch from c.updated_at) * 1000)::bigint as updated_ms`;

const selectNamed: Statement = {
  name: 'find_named_customer',
  text: `select ${namedColumns} from polygate.customer c where c.merchant_id = $1 and c.customer_id = $2 and c.removed_at is null`,
};

const listNamed: Statement = {
  name: 'list_named_customers',
  text: `select ${namedColumns} from polygate.customer c
where c.merchant_id = $1 and c.customer_id is not null and c.removed_at is null
  and ($2::text is null or exists (select from jsonb_each_text(c.details) d where position(lower($2) in lower(d.value)) > 0))
  and ($3::uuid is null or (c.created_at, c.customer_id) > (
    select a.created_at, a.customer_id from polygate.customer a where a.merchant_id = $1 and a.customer_id = $3
  ))
order by c.created_at, c.customer_id limit $4`,
};

const changeNamed: Statement = {
  name: 'change_named_customer',
  text: `update polygate.customer set details = $3, updated_at = $4
where merchant_id = $1 and customer_id = $2 and removed_at is null returning customer_id`,
};

// What was said of the person goes; the id stays taken.
const removeNamed: Statement = {
  name: 'remove_named_customer',
  text: `update polygate.customer set details = '{}', removed_at = $3
where merchant_id = $1 and customer_id = $2 and removed_at is null returning customer_id`,
};

// A payment that was made with a token has it as well, and has not kept the card.
const keptCards: Statement = {
  name: 'kept_cards_of_customer',
  text: `select k.token, k.dialect_data, (extract(epoch from k.created_at) * 1000)::bigint as created_ms from (
  select o.merchant_id, o.token, o.dialect_data, o.created_at from polygate.operation o
  where o.dialect_data ->> 'customerReference' = $2 and o.merchant_id = $1 and o.token is not null and o.state = 'approved'
    and coalesce(o.agreement ->> 'sequence', 'initial') = 'initial'
  union all
  select t.merchant_id, t.token, t.dialect_data, t.created_at from polygate.token_act t
  where t.dialect_data ->> 'customerReference' = $2 and t.merchant_id = $1 and t.kind = 'tokenization' and t.reason is null
) k
where not exists (select from polygate.token_act d where d.merchant_id = k.merchant_id and d.token = k.token and d.kind = 'deletion')
order by k.created_at, k.token limit $3`,
};

interface NamedRow extends Row {
  readonly merchant_id: string;
  readonly customer_id: string;
  readonly details: NamedCustomer['details'];
  readonly input_hash: Buffer | null;
  readonly created_ms: number;
  readonly updated_ms: number;
}

function customerOf(row: NamedRow) {
  return {
    ...{ merchantId: row.merchant_id, customerId: row.customer_id, details: row.details },
    ...{ createdAtMs: row.created_ms, updatedAtMs: row.updated_ms },
    ...(row.input_hash === null ? {} : { inputHash: row.input_hash }),
  };
}

export function createCustomerStore(database: Database): CustomerStore {
  const nextNumber = async (merchantId: string): Promise<number> => {
    const [row] = await reading(database.query<{ next_value: number }>(takeNumber, [merchantId]));
    if (row === undefined) throw new Error('the counter of customers gave no number');
    return row.next_value - 1;
  };
  return {
    async register({ merchantId, details, createdAtMs }) {
      const customerNumber = await nextNumber(merchantId);
      // Nobody knows the number before this has succeeded, so a failure loses nothing.
      await reading(database.query(insert, [merchantId, customerNumber, jsonText(details), timeText(createdAtMs)]));
      return customerNumber;
    },
    async find({ merchantId, customerNumber }) {
      const [row] = await reading(
        database.query<Row & { readonly details: Customer['details']; readonly created_ms: number }>(select, [merchantId, customerNumber]),
      );
      return row === undefined ? undefined : { merchantId, customerNumber, details: row.details, createdAtMs: row.created_ms };
    },
    async add({ merchantId, customerId, details, inputHash, createdAtMs }) {
      const number = await nextNumber(merchantId);
      const hash = inputHash === undefined ? null : Buffer.from(inputHash);
      const values = [merchantId, number, customerId, jsonText(details), hash, timeText(createdAtMs)];
      return (await reading(database.query(insertNamed, values))).length === 1;
    },
    async findNamed({ merchantId, customerId }) {
      const [row] = await reading(database.query<NamedRow>(selectNamed, [merchantId, customerId]));
      return row === undefined ? undefined : customerOf(row);
    },
    async listNamed({ merchantId, text, after, limit }) {
      return (await reading(database.query<NamedRow>(listNamed, [merchantId, text ?? null, after ?? null, limit]))).map(customerOf);
    },
    async change({ merchantId, customerId, details, updatedAtMs }) {
      const values = [merchantId, customerId, jsonText(details), timeText(updatedAtMs)];
      return (await reading(database.query(changeNamed, values))).length === 1;
    },
    async remove({ merchantId, customerId, nowMs }) {
      return (await reading(database.query(removeNamed, [merchantId, customerId, timeText(nowMs)]))).length === 1;
    },
    async keptCards({ merchantId, customerReference, limit }) {
      const rows = await reading(
        database.query<{ token: string; dialect_data: Record<string, string>; created_ms: number }>(keptCards, [
          merchantId,
          customerReference,
          limit,
        ]),
      );
      return rows.map(({ token, dialect_data, created_ms }) => ({ token, dialectData: dialect_data, createdAtMs: created_ms }));
    },
    async tokensNamed({ merchantId, customerReference }) {
      return (await reading(database.query<{ readonly token: string }>(named, [merchantId, customerReference]))).map(({ token }) => token);
    },
    async tokensOf({ merchantId, customerNumber, tokens }) {
      const rows = await reading(
        database.query<{ readonly token: string }>(ofCustomer, [merchantId, plainArray(tokens), String(customerNumber)]),
      );
      return new Set(rows.map(({ token }) => token));
    },
  };
}
