/** Money reports and deliveries of webhooks, as the description has them. */
import { type Endpoint, invalid, json, missing, unauthorized } from './endpoint.ts';

const group = 'Money';
const statements = '/api/v1/company_statements/';

const filters = (...names: readonly string[]) => names.map((name) => ({ name, required: false }));
const needed = (name: string) => ({ name, required: true });
const byPayment = ['brand', 'payment_method', 'product', 'flow', 'tokenized', 'from'];

export const reportEndpoints: readonly Endpoint[] = [
  {
    ...{ method: 'get', path: '/api/v1/account/json/balance/', name: 'readBalances', group, auth: 'api' },
    query: filters('currency', ...byPayment, 'to'),
    ...{
      summary: 'Balances by currency',
      description: 'What came in and is the company’s, from the ledger. A filter that is repeated means any of its values.',
    },
    answers: [{ status: 200, description: 'A balance for each currency.', schema: 'Balances' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: '/api/v1/account/json/turnover/', name: 'readTurnover', group, auth: 'api' },
    query: [needed('currency'), ...filters(...byPayment, 'to')],
    ...{ summary: 'Turnover in a currency', description: 'What came in and what went out, with how often, from the ledger.' },
    answers: [{ status: 200, description: 'Both directions.', schema: 'Turnover' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: '/api/v1/balance/', name: 'readCompanyBalance', group, auth: 'api' },
    ...{ summary: 'The balance of the company', description: 'By currency, with what may be paid out beside it.' },
    answers: [{ status: 200, description: 'All currencies.', schema: 'CompanyBalance' }, unauthorized],
  },
  {
    ...{ method: 'post', path: statements, name: 'createStatement', group, auth: 'api' },
    query: [
      needed('currency'),
      ...filters(
        'from',
        'to',
        'paid_from',
        'paid_to',
        'updated_from',
        'updated_to',
        'brand_id',
        'q',
        'status',
        'product',
        'payment_method',
        'flow',
      ),
    ],
    ...{
      summary: 'Ask for a statement',
      description: 'It is made beside the requests: read it until its status is `success`, then open `download_url`.',
    },
    body: { types: json, schema: 'StatementRequest', required: true, example: { format: 'csv', timezone: 'Africa/Lagos' } },
    answers: [{ status: 201, description: 'The statement, `pending`.', schema: 'CompanyStatement' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: statements, name: 'listStatements', group, auth: 'api' },
    query: filters('after', 'page_size'),
    ...{ summary: 'List the statements', description: 'In pages, the latest first. Statements are kept for 30 days.' },
    answers: [{ status: 200, description: 'A page.', schema: 'StatementPage' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: `${statements}:id/`, name: 'readStatement', group, auth: 'api' },
    ...{ summary: 'Read a statement', description: 'How far it is, and where its file is once it is finished.' },
    answers: [{ status: 200, description: 'The statement.', schema: 'CompanyStatement' }, unauthorized, missing],
  },
  {
    ...{ method: 'post', path: `${statements}:id/cancel/`, name: 'cancelStatement', group, auth: 'api' },
    ...{ summary: 'Call a statement off', description: 'Only while it is not finished.' },
    answers: [{ status: 200, description: 'The statement, `cancelled`.', schema: 'CompanyStatement' }, invalid, unauthorized, missing],
  },
  {
    ...{ method: 'get', path: `${statements}:id/download/`, name: 'downloadStatement', group, auth: 'api' },
    query: filters('expires', 'signature'),
    ...{
      summary: 'The file of a statement',
      description: '`download_url` works without a key for an hour; with the key it works without what is in its query.',
    },
    answers: [{ status: 200, description: 'CSV or a workbook.' }, unauthorized, missing],
  },
  {
    ...{ method: 'get', path: '/api/v1/webhooks/deliveries/', name: 'listDeliveries', group: 'Webhooks', auth: 'api' },
    query: [needed('id'), needed('source_type')],
    ...{
      summary: 'What webhooks were told',
      description: 'Of a purchase (`source_type=purchase`) or of a refund (`payment`): each event, each try, and what was sent.',
    },
    answers: [{ status: 200, description: 'All deliveries, oldest first.', schema: 'DeliveryPage' }, invalid, unauthorized, missing],
  },
];
