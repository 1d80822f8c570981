/** Merchants' customers as rows. */
import type { Customer, CustomerStore } from '../core/instrument/customer.ts';
import { plainArray } from '../postgres/columns.ts';
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

export function createCustomerStore(database: Database): CustomerStore {
  return {
    async register({ merchantId, details, createdAtMs }) {
      const [row] = await reading(database.query<{ next_value: number }>(takeNumber, [merchantId]));
      if (row === undefined) throw new Error('the counter of customers gave no number');
      const customerNumber = row.next_value - 1;
      // Nobody knows the number before this has succeeded, so a failure loses nothing.
      await reading(database.query(insert, [merchantId, customerNumber, JSON.stringify(details), new Date(createdAtMs).toISOString()]));
      return customerNumber;
    },
    async find({ merchantId, customerNumber }) {
      const [row] = await reading(
        database.query<Row & { readonly details: Customer['details']; readonly created_ms: number }>(select, [merchantId, customerNumber]),
      );
      return row === undefined ? undefined : { merchantId, customerNumber, details: row.details, createdAtMs: row.created_ms };
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
