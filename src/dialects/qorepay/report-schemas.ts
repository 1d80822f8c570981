/** Shapes of money reports and of deliveries, for the description of the API. */
import { integer, listOf, object, orNull, type Schema, seconds, text, uuid } from './schema.ts';

const pageOf = (name: string): Schema =>
  object({ results: listOf({ $ref: `#/components/schemas/${name}` }), next: orNull('string'), previous: orNull('string') });

const balance = {
  gross_balance: { type: 'integer', description: 'What came in and was not given or taken back, in the minor unit.' },
  balance: { type: 'integer', description: 'Of it, less fees.' },
  available_balance: { type: 'integer', description: 'Of the balance, what is neither reserved nor on its way out.' },
  reserved: { type: 'integer', description: 'Not settled yet.' },
  pending_outgoing: { type: 'integer', description: 'Refunds whose outcome is not certain.' },
  fee_sell: integer,
};

const payout = Object.fromEntries(Object.keys(balance).map((name) => [`payout_${name}`, integer]));

const side = object({ turnover: integer, fee_sell: integer, count: object({ all: integer }) });

const statement = object({
  ...{ id: uuid, type: { const: 'company_statement' }, format: { enum: ['csv', 'xlsx'] }, timezone: text, is_test: { type: 'boolean' } },
  ...{ company_uid: uuid, query_string: text, status: { enum: ['pending', 'processing', 'success', 'error', 'cancelled'] } },
  ...{
    download_url: orNull('string'),
    began_on: orNull('integer'),
    finished_on: orNull('integer'),
    created_on: seconds,
    updated_on: seconds,
  },
  ...{ progress: { type: 'integer', minimum: 0, maximum: 100 }, lines: integer, error: orNull('string') },
});

const delivery = object({
  ...{ created_on: text, delivered_on: orNull('string'), attempts: integer },
  delivery_attempts: listOf(object({ attempted_on: text, error_message: text })),
  ...{ url: text, event: text, payload: { type: 'object' } },
});

export const reportSchemas: Readonly<Record<string, Schema>> = {
  Balances: { type: 'object', additionalProperties: object(balance) },
  Turnover: object({ incoming: side, outgoing: side }),
  CompanyBalance: object({
    ecommerce: listOf(object({ currency: text, ...balance, ...payout })),
    bank_accounts: listOf({ type: 'object' }),
    payout_balances_enabled: { type: 'object', additionalProperties: { type: 'boolean' } },
  }),
  StatementRequest: {
    type: 'object',
    required: ['format'],
    properties: { format: { enum: ['csv', 'xlsx'] }, timezone: { type: 'string', description: 'IANA name; UTC when not given.' } },
  },
  CompanyStatement: statement,
  StatementPage: pageOf('CompanyStatement'),
  Delivery: delivery,
  DeliveryPage: pageOf('Delivery'),
};
