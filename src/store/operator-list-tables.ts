/** What operators can list, as SQL: the parts that are set up here, those about payments and webhooks beside it. */
import type { OperatorList } from '../core/operator/operator-store.ts';
import { before, columnsOf, equals, equalsOf, type ListTable, since } from './list-table.ts';
import { ledgerLists } from './operator-ledger-lists.ts';
import { paymentLists } from './operator-payment-lists.ts';
import { settlementLists } from './operator-settlement-lists.ts';

const merchants: ListTable = {
  columns: columnsOf('m', ['merchant_id', 'routing_number', 'name', 'enabled', 'created_at']),
  from: 'polygate.merchant m',
  keys: [{ sql: 'm.routing_number', type: 'bigint' }],
  filters: {
    merchant_id: equals('m.merchant_id', 'uuid'),
    name: (parameter) => `strpos(lower(m.name), lower(${parameter})) > 0`,
    enabled: equals('m.enabled', 'boolean'),
  },
};

const accounts: ListTable = {
  columns: columnsOf('a', ['account_id', 'adapter', 'merchant_identifier', 'category_code', 'terminals']),
  from: 'polygate.acquirer_account a',
  keys: [{ sql: 'a.account_id', type: 'text' }],
  filters: { account_id: equals('a.account_id') },
};

const channels: ListTable = {
  columns: columnsOf('c', [
    'merchant_id',
    'channel_id',
    'dialect',
    'wire_id',
    'account_id',
    'name',
    'enabled',
    'currencies',
    'brands',
    'flows',
    'bank_methods',
    'policies',
    'look',
    'without_authentication',
    'authenticates_without_shopper',
    'accepts_partial_approval',
  ]),
  from: 'polygate.channel c',
  keys: [
    { sql: 'c.merchant_id', type: 'uuid' },
    { sql: 'c.channel_id', type: 'uuid' },
  ],
  filters: equalsOf('c', { merchant_id: 'uuid', channel_id: 'uuid', dialect: 'text', wire_id: 'text' }),
};

const credentials: ListTable = {
  columns: columnsOf('c', ['merchant_id', 'credential_id', 'dialect', 'identifier', 'created_at', 'revoked_at']),
  from: 'polygate.credential c',
  keys: [
    { sql: 'c.merchant_id', type: 'uuid' },
    { sql: 'c.credential_id', type: 'uuid' },
  ],
  filters: {
    ...equalsOf('c', { merchant_id: 'uuid', credential_id: 'uuid', dialect: 'text' }),
    active: (parameter) => `(c.revoked_at is null) = ${parameter}::boolean`,
  },
};

const complianceDocuments: ListTable = {
  columns: columnsOf('d', [
    'merchant_id',
    'document_id',
    'type',
    'state',
    'valid_from',
    'valid_until',
    'reason',
    'size_bytes',
    'sha256',
    'created_at',
    'decided_at',
  ]),
  from: 'polygate.compliance_document d',
  keys: [
    { sql: 'd.created_at', type: 'timestamptz' },
    { sql: 'd.document_id', type: 'uuid' },
    { sql: 'd.merchant_id', type: 'uuid' },
  ],
  descending: true,
  filters: equalsOf('d', { merchant_id: 'uuid', document_id: 'uuid', type: 'text', state: 'text' }),
};

const endpoints: ListTable = {
  columns: {
    ...columnsOf('ep', ['endpoint_id', 'merchant_id', 'dialect', 'channel_id', 'url', 'settings', 'state', 'reason', 'failing_since']),
    retry_at: 'case when ep.wake_at > now() then ep.wake_at end',
    created_at: 'ep.created_at',
    // Counted up to a limit: an endpoint that has been down for a week must not make the list slow.
    waiting: `(select count(*)::int from (
      select from polygate.delivery d where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at is not null limit 10000
    ) d)`,
  },
  from: 'polygate.endpoint ep',
  where: 'ep.removed_at is null',
  keys: [
    { sql: 'ep.merchant_id', type: 'uuid' },
    { sql: 'ep.endpoint_id', type: 'uuid' },
  ],
  filters: equalsOf('ep', { endpoint_id: 'uuid', merchant_id: 'uuid', dialect: 'text', state: 'text' }),
};

const riskRules: ListTable = {
  columns: columnsOf('r', [
    'merchant_id',
    'rule_id',
    'channel_id',
    'kind',
    'action',
    'subject',
    'value',
    'attempts',
    'window_seconds',
    'created_at',
  ]),
  from: 'polygate.risk_rule r',
  keys: [
    { sql: 'r.merchant_id', type: 'uuid' },
    { sql: 'r.rule_id', type: 'uuid' },
  ],
  filters: equalsOf('r', {
    merchant_id: 'uuid',
    rule_id: 'uuid',
    channel_id: 'uuid',
    kind: 'text',
    action: 'text',
    subject: 'text',
    value: 'text',
  }),
};

const pageTemplates: ListTable = {
  columns: { merchant_id: 't.merchant_id', name: 't.name', css: 't.css', texts: 't.texts', written_at: 't.written_at' },
  from: 'polygate.page_template t',
  keys: [
    { sql: 't.merchant_id', type: 'uuid' },
    { sql: 't.name', type: 'text' },
  ],
  filters: { merchant_id: equals('t.merchant_id', 'uuid'), name: equals('t.name') },
};

const operators: ListTable = {
  columns: columnsOf('o', ['operator_id', 'name', 'role', 'created_at', 'revoked_at']),
  from: 'polygate.operator o',
  keys: [{ sql: 'o.operator_id', type: 'uuid' }],
  filters: {
    operator_id: equals('o.operator_id', 'uuid'),
    active: (parameter) => `(o.revoked_at is null) = ${parameter}::boolean`,
  },
};

const audit: ListTable = {
  columns: {
    ...columnsOf('a', ['sequence', 'happened_at', 'actor', 'act']),
    details: 'a.details::json',
    hash: `encode(a.hash, 'hex')`,
  },
  from: 'polygate.audit a',
  keys: [{ sql: 'a.sequence', type: 'bigint' }],
  descending: true,
  filters: {
    actor: equals('a.actor'),
    act: (parameter) => `(a.act = ${parameter} or starts_with(a.act, ${parameter} || '.'))`,
    from: since('a.happened_at'),
    to: before('a.happened_at'),
  },
};

export const listTables: Readonly<Record<OperatorList, ListTable>> = {
  ...{
    merchants,
    accounts,
    channels,
    credentials,
    compliance_documents: complianceDocuments,
    risk_rules: riskRules,
    page_templates: pageTemplates,
    endpoints,
    operators,
    audit,
  },
  ...paymentLists,
  ...ledgerLists,
  ...settlementLists,
};
