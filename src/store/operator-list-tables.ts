/** What operators can list, as SQL: the parts that are set up here, those about payments and webhooks beside it. */
import type { OperatorList } from '../core/operator/operator-store.ts';
import { before, equals, type ListTable, since } from './list-table.ts';
import { ledgerLists } from './operator-ledger-lists.ts';
import { paymentLists } from './operator-payment-lists.ts';
import { settlementLists } from './operator-settlement-lists.ts';

const merchants: ListTable = {
  columns: {
    merchant_id: 'm.merchant_id',
    routing_number: 'm.routing_number',
    name: 'm.name',
    enabled: 'm.enabled',
    created_at: 'm.created_at',
  },
  from: 'polygate.merchant m',
  keys: [{ sql: 'm.routing_number', type: 'bigint' }],
  filters: {
    merchant_id: equals('m.merchant_id', 'uuid'),
    name: (parameter) => `strpos(lower(m.name), lower(${parameter})) > 0`,
    enabled: equals('m.enabled', 'boolean'),
  },
};

const accounts: ListTable = {
  columns: {
    account_id: 'a.account_id',
    adapter: 'a.adapter',
    merchant_identifier: 'a.merchant_identifier',
    category_code: 'a.category_code',
    terminals: 'a.terminals',
  },
  from: 'polygate.acquirer_account a',
  keys: [{ sql: 'a.account_id', type: 'text' }],
  filters: { account_id: equals('a.account_id') },
};

const channels: ListTable = {
  columns: {
    merchant_id: 'c.merchant_id',
    channel_id: 'c.channel_id',
    dialect: 'c.dialect',
    wire_id: 'c.wire_id',
    account_id: 'c.account_id',
    name: 'c.name',
    enabled: 'c.enabled',
    currencies: 'c.currencies',
    brands: 'c.brands',
    flows: 'c.flows',
    bank_methods: 'c.bank_methods',
    policies: 'c.policies',
    look: 'c.look',
    without_authentication: 'c.without_authentication',
    authenticates_without_shopper: 'c.authenticates_without_shopper',
    accepts_partial_approval: 'c.accepts_partial_approval',
  },
  from: 'polygate.channel c',
  keys: [
    { sql: 'c.merchant_id', type: 'uuid' },
    { sql: 'c.channel_id', type: 'uuid' },
  ],
  filters: {
    merchant_id: equals('c.merchant_id', 'uuid'),
    channel_id: equals('c.channel_id', 'uuid'),
    dialect: equals('c.dialect'),
    wire_id: equals('c.wire_id'),
  },
};

const credentials: ListTable = {
  columns: {
    merchant_id: 'c.merchant_id',
    credential_id: 'c.credential_id',
    dialect: 'c.dialect',
    identifier: 'c.identifier',
    created_at: 'c.created_at',
    revoked_at: 'c.revoked_at',
  },
  from: 'polygate.credential c',
  keys: [
    { sql: 'c.merchant_id', type: 'uuid' },
    { sql: 'c.credential_id', type: 'uuid' },
  ],
  filters: {
    merchant_id: equals('c.merchant_id', 'uuid'),
    credential_id: equals('c.credential_id', 'uuid'),
    dialect: equals('c.dialect'),
    active: (parameter) => `(c.revoked_at is null) = ${parameter}::boolean`,
  },
};

const complianceDocuments: ListTable = {
  columns: {
    merchant_id: 'd.merchant_id',
    document_id: 'd.document_id',
    type: 'd.type',
    state: 'd.state',
    valid_from: 'd.valid_from',
    valid_until: 'd.valid_until',
    reason: 'd.reason',
    size_bytes: 'd.size_bytes',
    sha256: 'd.sha256',
    created_at: 'd.created_at',
    decided_at: 'd.decided_at',
  },
  from: 'polygate.compliance_document d',
  keys: [
    { sql: 'd.created_at', type: 'timestamptz' },
    { sql: 'd.document_id', type: 'uuid' },
    { sql: 'd.merchant_id', type: 'uuid' },
  ],
  descending: true,
  filters: {
    merchant_id: equals('d.merchant_id', 'uuid'),
    document_id: equals('d.document_id', 'uuid'),
    type: equals('d.type'),
    state: equals('d.state'),
  },
};

const endpoints: ListTable = {
  columns: {
    endpoint_id: 'ep.endpoint_id',
    merchant_id: 'ep.merchant_id',
    dialect: 'ep.dialect',
    channel_id: 'ep.channel_id',
    url: 'ep.url',
    settings: 'ep.settings',
    state: 'ep.state',
    reason: 'ep.reason',
    failing_since: 'ep.failing_since',
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
  filters: {
    endpoint_id: equals('ep.endpoint_id', 'uuid'),
    merchant_id: equals('ep.merchant_id', 'uuid'),
    dialect: equals('ep.dialect'),
    state: equals('ep.state'),
  },
};

const riskRules: ListTable = {
  columns: {
    merchant_id: 'r.merchant_id',
    rule_id: 'r.rule_id',
    channel_id: 'r.channel_id',
    kind: 'r.kind',
    action: 'r.action',
    subject: 'r.subject',
    value: 'r.value',
    attempts: 'r.attempts',
    window_seconds: 'r.window_seconds',
    created_at: 'r.created_at',
  },
  from: 'polygate.risk_rule r',
  keys: [
    { sql: 'r.merchant_id', type: 'uuid' },
    { sql: 'r.rule_id', type: 'uuid' },
  ],
  filters: {
    merchant_id: equals('r.merchant_id', 'uuid'),
    rule_id: equals('r.rule_id', 'uuid'),
    channel_id: equals('r.channel_id', 'uuid'),
    kind: equals('r.kind'),
    action: equals('r.action'),
    subject: equals('r.subject'),
    value: equals('r.value'),
  },
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
  columns: {
    operator_id: 'o.operator_id',
    name: 'o.name',
    role: 'o.role',
    created_at: 'o.created_at',
    revoked_at: 'o.revoked_at',
  },
  from: 'polygate.operator o',
  keys: [{ sql: 'o.operator_id', type: 'uuid' }],
  filters: {
    operator_id: equals('o.operator_id', 'uuid'),
    active: (parameter) => `(o.revoked_at is null) = ${parameter}::boolean`,
  },
};

const audit: ListTable = {
  columns: {
    sequence: 'a.sequence',
    happened_at: 'a.happened_at',
    actor: 'a.actor',
    act: 'a.act',
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
