-- The schema that the migrations make. Written by: POLYGATE_UPDATE_SCHEMA=1 npm test test/migrate.test.ts

create schema polygate;
grant usage on schema polygate to polygate_app;

create schema vault;
grant usage on schema vault to polygate_vault;

create table polygate.account_fee (
  account_id text not null,
  kind text not null,
  currency text not null,
  basis_points integer not null,
  fixed bigint not null,
  constraint account_fee_pkey PRIMARY KEY (account_id, kind, currency),
  constraint account_fee_account_id_fkey FOREIGN KEY (account_id) REFERENCES polygate.acquirer_account(account_id),
  constraint account_fee_basis_points_check CHECK (((basis_points >= 0) AND (basis_points <= 10000))),
  constraint account_fee_fixed_check CHECK ((fixed >= 0))
);
grant delete, insert, select, update on polygate.account_fee to polygate_app;

create table polygate.account_limit (
  merchant_id uuid not null,
  account smallint not null,
  currency text not null,
  available bigint not null,
  constraint account_limit_pkey PRIMARY KEY (merchant_id, account, currency),
  constraint account_limit_available_check CHECK ((available >= 0))
);
grant insert, select, update on polygate.account_limit to polygate_app;

create table polygate.acquirer_account (
  account_id text not null,
  adapter text not null,
  merchant_identifier text not null,
  category_code text not null,
  terminals text[] not null,
  cut_off_minute smallint not null default 1380,
  time_zone text not null default 'UTC'::text,
  constraint acquirer_account_pkey PRIMARY KEY (account_id),
  constraint acquirer_account_cut_off_minute_check CHECK (((cut_off_minute >= 0) AND (cut_off_minute <= 1439))),
  constraint acquirer_account_terminals_check CHECK ((cardinality(terminals) > 0))
);
grant insert, select, update on polygate.acquirer_account to polygate_app;

create table polygate.acquirer_message (
  merchant_id uuid not null,
  rrn text not null,
  mti text not null,
  purpose text not null,
  operation_id uuid not null,
  account_id text not null,
  terminal text not null,
  stan text not null,
  transmitted_at timestamp with time zone not null,
  constraint acquirer_message_pkey PRIMARY KEY (rrn, mti, merchant_id),
  constraint acquirer_message_purpose_check CHECK ((purpose = ANY (ARRAY['request'::text, 'undo'::text])))
);
grant insert, select on polygate.acquirer_message to polygate_app;

create table polygate.attempt (
  merchant_id uuid not null,
  payment_id uuid not null,
  number smallint not null,
  card_id uuid,
  brand text,
  bin text,
  last4 text,
  expiry_month smallint,
  expiry_year smallint,
  holder text,
  created_at timestamp with time zone not null,
  bank_method text,
  return_url text,
  constraint attempt_pkey PRIMARY KEY (payment_id, number, merchant_id),
  constraint attempt_instrument CHECK (
CASE
    WHEN (bank_method IS NULL) THEN ((card_id IS NOT NULL) AND (brand IS NOT NULL) AND (bin IS NOT NULL) AND (last4 IS NOT NULL) AND (expiry_month IS NOT NULL) AND (expiry_year IS NOT NULL) AND (return_url IS NULL))
    WHEN (bank_method = 'transfer'::text) THEN ((card_id IS NULL) AND (return_url IS NULL) AND (holder IS NOT NULL) AND (last4 IS NOT NULL))
    ELSE ((card_id IS NULL) AND (return_url IS NOT NULL))
END)
);
grant insert, select on polygate.attempt to polygate_app;

create table polygate.audit (
  sequence bigint not null,
  happened_at timestamp with time zone not null,
  actor text not null,
  act text not null,
  details text not null,
  previous_hash bytea not null,
  hash bytea not null,
  constraint audit_pkey PRIMARY KEY (sequence),
  constraint audit_act_check CHECK ((act !~ '[[:cntrl:]]'::text)),
  constraint audit_actor_check CHECK ((actor !~ '[[:cntrl:]]'::text)),
  constraint audit_sequence_check CHECK ((sequence > 0))
);
grant insert, select on polygate.audit to polygate_app;

create table polygate.authentication (
  merchant_id uuid not null,
  authentication_id uuid not null,
  visit_id uuid not null,
  number smallint not null,
  state text not null,
  amount bigint not null,
  currency text not null,
  card_id uuid not null,
  request json not null,
  version text not null,
  method_url text,
  method_done boolean not null default false,
  returned boolean not null default false,
  asked_at timestamp with time zone,
  acs_url text,
  acs_transaction_id uuid,
  ds_transaction_id uuid,
  trans_status text,
  reason text,
  eci text,
  sealed_value bytea,
  permission text,
  shifts_liability boolean not null default false,
  rule text,
  challenge_cancel text,
  late_status text,
  created_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  acs_transaction_spelling text,
  ds_transaction_spelling text,
  constraint authentication_pkey PRIMARY KEY (authentication_id, merchant_id),
  constraint authentication_amount_check CHECK ((amount > 0))
);
CREATE INDEX authentication_visit ON polygate.authentication USING btree (visit_id);
grant delete, insert, select, update on polygate.authentication to polygate_app;

create table polygate.bank_receipt (
  merchant_id uuid not null,
  receipt_id text not null,
  payment_id uuid not null,
  amount bigint not null,
  unassigned bigint not null,
  received_at timestamp with time zone not null,
  constraint bank_receipt_pkey PRIMARY KEY (receipt_id, payment_id, merchant_id),
  constraint bank_receipt_amount_check CHECK ((amount > 0)),
  constraint bank_receipt_check CHECK (((unassigned >= 0) AND (unassigned <= amount)))
);
CREATE INDEX bank_receipt_payment ON polygate.bank_receipt USING btree (payment_id);
grant insert, select, update on polygate.bank_receipt to polygate_app;

create table polygate.billing_template (
  merchant_id uuid not null,
  template_id uuid not null,
  channel_id uuid not null,
  plan json,
  active boolean not null,
  document json not null,
  input_hash bytea,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  removed_at timestamp with time zone,
  constraint billing_template_pkey PRIMARY KEY (merchant_id, template_id)
);
CREATE INDEX billing_template_by_time ON polygate.billing_template USING btree (merchant_id, created_at, template_id) WHERE (removed_at IS NULL);
grant insert, select, update on polygate.billing_template to polygate_app;

create table polygate.card_block (
  merchant_id uuid not null,
  bin text not null,
  last4 text not null,
  fingerprint bytea not null,
  amount bigint not null,
  currency text not null,
  only_merchant_initiated boolean not null,
  until timestamp with time zone,
  constraint card_block_pkey PRIMARY KEY (bin, last4, merchant_id, fingerprint, amount, currency, only_merchant_initiated)
);
grant delete, insert, select, update on polygate.card_block to polygate_app;

create table polygate.card_decline (
  merchant_id uuid not null,
  fingerprint bytea not null,
  operation_id uuid not null,
  amount bigint not null,
  currency text not null,
  declined_at timestamp with time zone not null,
  constraint card_decline_pkey PRIMARY KEY (merchant_id, fingerprint, operation_id)
);
CREATE INDEX card_decline_age ON polygate.card_decline USING btree ((((declined_at AT TIME ZONE 'UTC'::text))::date), merchant_id);
grant delete, insert, select, update on polygate.card_decline to polygate_app;

create table polygate.channel (
  merchant_id uuid not null,
  channel_id uuid not null,
  dialect text not null,
  wire_id text not null,
  name text not null,
  account_id text not null,
  enabled boolean not null default true,
  currencies text[],
  accepts_partial_approval boolean not null default false,
  policies json not null default '{}'::json,
  without_authentication text not null default 'proceed'::text,
  look json,
  bank_methods text[],
  brands text[],
  flows text[],
  authenticates_without_shopper boolean not null default false,
  constraint channel_pkey PRIMARY KEY (merchant_id, channel_id),
  constraint channel_account_id_fkey FOREIGN KEY (account_id) REFERENCES polygate.acquirer_account(account_id),
  constraint channel_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES polygate.merchant(merchant_id),
  constraint channel_without_authentication_check CHECK ((without_authentication = ANY (ARRAY['proceed'::text, 'stop'::text])))
);
grant insert, select, update on polygate.channel to polygate_app;

create table polygate.checkout (
  merchant_id uuid not null,
  checkout_id uuid not null,
  channel_id uuid not null,
  secret_hash bytea,
  amount bigint not null,
  currency text not null,
  terms json not null,
  revision integer not null default 1,
  attempts smallint not null default 0,
  operation_id uuid,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  closed text,
  begun smallint not null default 0,
  begun_at timestamp with time zone,
  viewed boolean not null default false,
  events integer not null default 0,
  spent_for text,
  chosen_token text,
  declared_paid_at timestamp with time zone,
  expiry text not null default 'open'::text,
  expiry_look_at timestamp with time zone,
  leased_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  constraint checkout_pkey PRIMARY KEY (merchant_id, checkout_id),
  constraint checkout_closed_check CHECK ((closed = ANY (ARRAY['cancelled'::text, 'declared_paid'::text]))),
  constraint checkout_expiry_check CHECK ((expiry = ANY (ARRAY['open'::text, 'told'::text, 'over'::text])))
);
CREATE INDEX checkout_by_time ON polygate.checkout USING btree (merchant_id, created_at, checkout_id);
CREATE INDEX checkout_expiring ON polygate.checkout USING btree (COALESCE(expiry_look_at, expires_at)) WHERE ((expiry = 'open'::text) AND (secret_hash IS NULL) AND (expires_at IS NOT NULL));
CREATE UNIQUE INDEX checkout_secret ON polygate.checkout USING btree (secret_hash, merchant_id);
grant delete, insert, select, update on polygate.checkout to polygate_app;

create table polygate.checkout_attempt (
  merchant_id uuid not null,
  checkout_id uuid not null,
  attempt smallint not null,
  operation_id uuid not null,
  constraint checkout_attempt_pkey PRIMARY KEY (merchant_id, checkout_id, attempt)
);
grant insert, select on polygate.checkout_attempt to polygate_app;

create table polygate.checkout_event (
  merchant_id uuid not null,
  checkout_id uuid not null,
  sequence integer not null,
  name text not null,
  happened_at timestamp with time zone not null,
  recorded_in xid8 default pg_current_xact_id(),
  constraint checkout_event_pkey PRIMARY KEY (merchant_id, checkout_id, sequence)
);
CREATE INDEX checkout_event_recorded ON polygate.checkout_event USING btree (recorded_in) WHERE (recorded_in IS NOT NULL);
grant insert, select on polygate.checkout_event to polygate_app;

create table polygate.clock (
  only_row boolean not null default true,
  offset_ms bigint not null,
  mover_id uuid,
  moving_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  constraint clock_pkey PRIMARY KEY (only_row),
  constraint clock_only_row_check CHECK (only_row)
);
grant insert, select, update on polygate.clock to polygate_app;

create unlogged table polygate.clock_reader (
  node_id uuid not null,
  offset_ms bigint not null,
  read_at timestamp with time zone not null,
  constraint clock_reader_pkey PRIMARY KEY (node_id)
);
grant delete, insert, select, update on polygate.clock_reader to polygate_app;

create table polygate.compliance_document (
  merchant_id uuid not null,
  document_id uuid not null,
  type text not null,
  state text not null default 'submitted'::text,
  valid_from timestamp with time zone not null,
  valid_until timestamp with time zone,
  reason text,
  size_bytes integer,
  sha256 text,
  sealed bytea,
  created_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  warned_at integer[] not null default '{}'::integer[],
  constraint compliance_document_pkey PRIMARY KEY (merchant_id, document_id),
  constraint compliance_document_state_check CHECK ((state = ANY (ARRAY['submitted'::text, 'approved'::text, 'rejected'::text]))),
  constraint compliance_document_type_check CHECK ((type = ANY (ARRAY['asv_scan'::text, 'saq'::text, 'aoc'::text])))
);
CREATE INDEX compliance_document_end ON polygate.compliance_document USING btree (valid_until) WHERE ((state = 'approved'::text) AND (valid_until IS NOT NULL));
grant insert, select, update on polygate.compliance_document to polygate_app;

create table polygate.counter (
  name text not null,
  next_value bigint not null,
  constraint counter_pkey PRIMARY KEY (name)
);
grant insert, select, update on polygate.counter to polygate_app;

create table polygate.credential (
  merchant_id uuid not null,
  credential_id uuid not null,
  dialect text not null,
  identifier text not null,
  secret_hash bytea not null,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone,
  sealed_secret bytea,
  constraint credential_pkey PRIMARY KEY (merchant_id, credential_id),
  constraint credential_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES polygate.merchant(merchant_id)
);
CREATE INDEX credential_identifier ON polygate.credential USING btree (dialect, identifier);
grant insert, select, update on polygate.credential to polygate_app;

create table polygate.customer (
  merchant_id uuid not null,
  customer_number bigint not null,
  details jsonb not null,
  created_at timestamp with time zone not null,
  customer_id uuid,
  input_hash bytea,
  updated_at timestamp with time zone,
  removed_at timestamp with time zone,
  constraint customer_pkey PRIMARY KEY (merchant_id, customer_number)
);
CREATE UNIQUE INDEX customer_by_id ON polygate.customer USING btree (merchant_id, customer_id) WHERE (customer_id IS NOT NULL);
CREATE INDEX customer_by_time ON polygate.customer USING btree (merchant_id, created_at, customer_id) WHERE ((customer_id IS NOT NULL) AND (removed_at IS NULL));
grant insert, select, update on polygate.customer to polygate_app;

create table polygate.delivery (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  subject text not null,
  payment_id uuid not null,
  sequence integer not null,
  operation_id uuid not null,
  state text not null,
  tries integer not null default 0,
  messages_sent smallint not null default 0,
  due_at timestamp with time zone,
  lease uuid,
  created_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  mail json,
  order_id uuid,
  constraint delivery_pkey PRIMARY KEY (payment_id, endpoint_id, sequence, merchant_id),
  constraint delivery_mail_check CHECK (((subject = 'mail'::text) = (mail IS NOT NULL))),
  constraint delivery_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'given_up'::text]))),
  constraint delivery_subject_check CHECK ((subject = ANY (ARRAY['payment'::text, 'token'::text, 'checkout'::text, 'subscriber'::text, 'mail'::text])))
);
CREATE INDEX delivery_due ON polygate.delivery USING btree (endpoint_id, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX delivery_made ON polygate.delivery USING btree (merchant_id, endpoint_id, created_at);
CREATE INDEX delivery_order ON polygate.delivery USING btree (order_id, endpoint_id) WHERE ((order_id IS NOT NULL) AND (state = 'pending'::text));
grant delete, insert, select, update on polygate.delivery to polygate_app;

create table polygate.delivery_attempt (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  payment_id uuid not null,
  sequence integer not null,
  attempt_id uuid not null,
  started_at timestamp with time zone not null,
  duration_ms integer not null,
  status smallint,
  problem text,
  answer text,
  constraint delivery_attempt_pkey PRIMARY KEY (payment_id, endpoint_id, sequence, attempt_id, merchant_id)
);
grant delete, insert, select, update on polygate.delivery_attempt to polygate_app;

create table polygate.dispute (
  merchant_id uuid not null,
  dispute_id uuid not null,
  payment_id uuid not null,
  charge_id uuid not null,
  amount bigint not null,
  currency text not null,
  stage text not null,
  scheme_reason text,
  case_number text,
  reversal_id uuid,
  opened_at timestamp with time zone not null,
  confirmed_at timestamp with time zone,
  reversed_at timestamp with time zone,
  reversal_confirmed_at timestamp with time zone,
  constraint dispute_pkey PRIMARY KEY (dispute_id, merchant_id),
  constraint dispute_amount_check CHECK ((amount > 0)),
  constraint dispute_stage_check CHECK ((stage = ANY (ARRAY['chargeback'::text, 'reversed'::text])))
);
CREATE UNIQUE INDEX dispute_case ON polygate.dispute USING btree (case_number, merchant_id);
CREATE INDEX dispute_payment ON polygate.dispute USING btree (payment_id);
grant insert, select, update on polygate.dispute to polygate_app;

create table polygate.due_work (
  merchant_id uuid not null,
  payment_id uuid not null,
  kind text not null,
  channel_id uuid not null,
  operation_id uuid not null,
  state text not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone not null,
  failed_tries smallint not null default 0,
  reason text,
  cause text,
  given_up_at timestamp with time zone,
  constraint due_work_pkey PRIMARY KEY (payment_id, kind, merchant_id),
  constraint due_work_kind_check CHECK ((kind = ANY (ARRAY['expiry'::text, 'capture'::text, 'rest'::text, 'review'::text]))),
  constraint due_work_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'failed'::text])))
);
CREATE INDEX due_work_due ON polygate.due_work USING btree (due_at) WHERE (state = 'waiting'::text);
CREATE INDEX due_work_given_up ON polygate.due_work USING btree (due_at) WHERE (state = 'failed'::text);
grant delete, insert, select, update on polygate.due_work to polygate_app;

create table polygate.endpoint (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  dialect text not null,
  channel_id uuid,
  url text,
  settings json not null,
  secret bytea,
  state text not null,
  reason text,
  failures integer not null default 0,
  failing_since timestamp with time zone,
  wake_at timestamp with time zone not null default now(),
  created_at timestamp with time zone not null default now(),
  removed_at timestamp with time zone,
  constraint endpoint_pkey PRIMARY KEY (merchant_id, endpoint_id),
  constraint endpoint_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES polygate.merchant(merchant_id),
  constraint endpoint_state_check CHECK ((state = ANY (ARRAY['inactive'::text, 'active'::text, 'parked'::text, 'paused'::text])))
);
CREATE UNIQUE INDEX endpoint_of_requests ON polygate.endpoint USING btree (merchant_id, dialect) WHERE ((url IS NULL) AND (removed_at IS NULL));
grant insert, select, update on polygate.endpoint to polygate_app;

create table polygate.entry_point (
  dialect text not null,
  wire_id text not null,
  merchant_id uuid not null,
  channel_id uuid not null,
  constraint entry_point_pkey PRIMARY KEY (dialect, wire_id),
  constraint entry_point_merchant_id_channel_id_fkey FOREIGN KEY (merchant_id, channel_id) REFERENCES polygate.channel(merchant_id, channel_id)
);
grant insert, select, update on polygate.entry_point to polygate_app;

create table polygate.event (
  merchant_id uuid not null,
  payment_id uuid not null,
  sequence integer not null,
  operation_id uuid not null,
  name text not null,
  payment_state text not null,
  operation_state text not null,
  snapshot json not null,
  happened_at timestamp with time zone not null,
  recorded_in xid8 default pg_current_xact_id(),
  constraint event_pkey PRIMARY KEY (payment_id, sequence, merchant_id)
);
CREATE INDEX event_recorded ON polygate.event USING btree (recorded_in) WHERE (recorded_in IS NOT NULL);
grant insert, select on polygate.event to polygate_app;

create table polygate.event_cursor (
  name text not null,
  snapshot pg_snapshot not null,
  constraint event_cursor_pkey PRIMARY KEY (name)
);
grant select, update on polygate.event_cursor to polygate_app;

create table polygate.idempotency_key (
  merchant_id uuid not null,
  channel_id uuid not null,
  key text not null,
  operation_id uuid not null,
  input_hash bytea not null,
  expires_at timestamp with time zone not null,
  constraint idempotency_key_pkey PRIMARY KEY (merchant_id, channel_id, key)
);
CREATE INDEX idempotency_key_expiry ON polygate.idempotency_key USING btree ((((expires_at AT TIME ZONE 'UTC'::text))::date), merchant_id);
grant delete, insert, select, update on polygate.idempotency_key to polygate_app;

create table polygate.imported_operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  content_mac bytea,
  terminal text not null,
  transmitted_on date not null,
  stan text not null,
  constraint imported_operation_pkey PRIMARY KEY (merchant_id, operation_id),
  constraint imported_operation_merchant_id_terminal_transmitted_on_stan_key UNIQUE (merchant_id, terminal, transmitted_on, stan)
);
grant insert, select on polygate.imported_operation to polygate_app;

create table polygate.invoice (
  merchant_id uuid not null,
  invoice_number bigint not null,
  channel_id uuid not null,
  order_id uuid not null,
  reference text not null,
  email text not null,
  details jsonb not null,
  replaced_by bigint,
  remind_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint invoice_pkey PRIMARY KEY (merchant_id, invoice_number),
  constraint invoice_merchant_id_order_id_key UNIQUE (merchant_id, order_id)
);
CREATE INDEX invoice_by_reference ON polygate.invoice USING btree (merchant_id, reference, invoice_number);
CREATE INDEX invoice_reminder ON polygate.invoice USING btree (remind_at, merchant_id) WHERE (remind_at IS NOT NULL);
grant insert, select, update on polygate.invoice to polygate_app;

create table polygate.ledger_entry (
  merchant_id uuid not null,
  operation_id uuid not null,
  line smallint not null,
  payment_id uuid not null,
  kind text not null,
  layer text not null,
  debit_account smallint not null,
  credit_account smallint not null,
  amount bigint not null,
  currency text not null,
  booked_at timestamp with time zone not null,
  constraint ledger_entry_pkey PRIMARY KEY (operation_id, line, merchant_id),
  constraint ledger_entry_amount_check CHECK ((amount > 0)),
  constraint ledger_entry_layer_check CHECK ((layer = ANY (ARRAY['pending'::text, 'posted'::text])))
);
grant insert, select on polygate.ledger_entry to polygate_app;

create table polygate.live_database (
  is_live boolean not null default true,
  since timestamp with time zone not null default now(),
  constraint live_database_pkey PRIMARY KEY (is_live),
  constraint live_database_is_live_check CHECK (is_live)
);
grant insert, select on polygate.live_database to polygate_app;

create table polygate.merchant (
  merchant_id uuid not null,
  routing_number integer not null,
  name text not null,
  created_at timestamp with time zone not null default now(),
  pan_retention_days smallint,
  enabled boolean not null default true,
  constraint merchant_pkey PRIMARY KEY (merchant_id),
  constraint merchant_routing_number_key UNIQUE (routing_number),
  constraint merchant_pan_retention_days_check CHECK (((pan_retention_days >= 1) AND (pan_retention_days <= 3650))),
  constraint merchant_routing_number_check CHECK (((routing_number >= 1) AND (routing_number <= 1679615)))
);
grant insert, select, update on polygate.merchant to polygate_app;

create table polygate.operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  attempt_number smallint not null,
  target_id uuid,
  target_kind text,
  kind text not null,
  state text not null,
  amount bigint not null,
  remaining bigint,
  refunded bigint not null default 0,
  refund_pending bigint not null default 0,
  reversed bigint not null default 0,
  reverse_pending bigint not null default 0,
  merchant_reference text,
  rrn text,
  token text,
  approval_code text,
  response_code text,
  host_code text,
  network_reference text,
  reason text,
  dialect_data json not null,
  created_at timestamp with time zone not null,
  resolve_at timestamp with time zone,
  resolve_attempts smallint not null default 0,
  late_approved boolean not null default false,
  charged_back bigint not null default 0,
  chargeback_reversed bigint not null default 0,
  dispute_id uuid,
  declared boolean not null default false,
  reference_id uuid,
  agreement json,
  requested_amount bigint,
  settled boolean not null default false,
  number integer not null default 0,
  approved_part bigint,
  advice_code text,
  checks text,
  constraint operation_pkey PRIMARY KEY (operation_id, merchant_id),
  constraint operation_check CHECK (((refund_pending >= 0) AND (reverse_pending >= 0) AND ((((refunded + refund_pending) + reversed) + reverse_pending) <= amount)))
) with (fillfactor=45);
CREATE INDEX operation_agreement ON polygate.operation USING btree (token) WHERE (agreement IS NOT NULL);
CREATE UNIQUE INDEX operation_chargeback_reversal ON polygate.operation USING btree (dispute_id, merchant_id) WHERE (kind = 'chargeback_reversal'::text);
CREATE INDEX operation_customer ON polygate.operation USING btree (((dialect_data ->> 'customerReference'::text)), merchant_id) WHERE ((token IS NOT NULL) AND ((dialect_data ->> 'customerReference'::text) IS NOT NULL));
CREATE INDEX operation_payment ON polygate.operation USING btree (payment_id);
CREATE INDEX operation_payout ON polygate.operation USING btree (merchant_id) WHERE (kind = 'payout'::text);
CREATE INDEX operation_reference ON polygate.operation USING btree (merchant_reference, merchant_id) WHERE (merchant_reference IS NOT NULL);
CREATE INDEX operation_unresolved ON polygate.operation USING btree (resolve_at) WHERE (resolve_at IS NOT NULL);
grant insert, select, update on polygate.operation to polygate_app;

create table polygate.operator (
  operator_id uuid not null,
  name text not null,
  role text not null,
  key_hash bytea not null,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone,
  constraint operator_pkey PRIMARY KEY (operator_id),
  constraint operator_key_hash_key UNIQUE (key_hash),
  constraint operator_name_check CHECK ((name !~ '[[:cntrl:]]'::text)),
  constraint operator_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
);
CREATE UNIQUE INDEX operator_name ON polygate.operator USING btree (name) WHERE (revoked_at IS NULL);
grant insert, select, update on polygate.operator to polygate_app;

create table polygate.page_template (
  merchant_id uuid not null,
  name text not null,
  css text,
  texts json,
  written_at timestamp with time zone not null default now(),
  constraint page_template_pkey PRIMARY KEY (merchant_id, name),
  constraint page_template_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES polygate.merchant(merchant_id)
);
grant delete, insert, select, update on polygate.page_template to polygate_app;

create table polygate.partner (
  partner_id uuid not null,
  dialect text not null,
  identifier text not null,
  login text not null,
  secret_hash bytea not null,
  sealed_secret bytea,
  created_at timestamp with time zone not null default now(),
  constraint partner_pkey PRIMARY KEY (partner_id),
  constraint partner_dialect_identifier_key UNIQUE (dialect, identifier)
);
grant insert, select, update on polygate.partner to polygate_app;

create table polygate.partner_merchant (
  partner_id uuid not null,
  login text not null,
  merchant_id uuid not null,
  identifier text not null,
  constraint partner_merchant_pkey PRIMARY KEY (partner_id, login),
  constraint partner_merchant_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES polygate.partner(partner_id)
);
grant delete, insert, select, update on polygate.partner_merchant to polygate_app;

create table polygate.payment (
  merchant_id uuid not null,
  payment_id uuid not null,
  channel_id uuid not null,
  state text not null,
  currency text not null,
  amount bigint not null,
  authorized bigint not null default 0,
  captured bigint not null default 0,
  capture_pending bigint not null default 0,
  released bigint not null default 0,
  release_pending bigint not null default 0,
  refunded bigint not null default 0,
  reversed bigint not null default 0,
  last_sequence integer not null default 0,
  created_at timestamp with time zone not null,
  charged_back bigint not null default 0,
  chargeback_reversed bigint not null default 0,
  operations integer not null default 1,
  constraint payment_pkey PRIMARY KEY (merchant_id, payment_id),
  constraint payment_check CHECK (((capture_pending >= 0) AND (release_pending >= 0) AND ((((captured + capture_pending) + released) + release_pending) <= GREATEST(authorized, captured))))
) with (fillfactor=45);
grant insert, select, update on polygate.payment to polygate_app;

create table polygate.payment_number (
  merchant_id uuid not null,
  payment_number bigint not null,
  operation_id uuid not null,
  constraint payment_number_pkey PRIMARY KEY (merchant_id, payment_number)
);
grant insert, select on polygate.payment_number to polygate_app;

create table polygate.receipt (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  amount bigint not null,
  confirmed bigint not null,
  constraint receipt_pkey PRIMARY KEY (operation_id, merchant_id),
  constraint receipt_amount_check CHECK ((amount > 0)),
  constraint receipt_check CHECK (((confirmed >= 0) AND (confirmed <= amount)))
);
CREATE INDEX receipt_payment ON polygate.receipt USING btree (payment_id);
grant insert, select, update on polygate.receipt to polygate_app;

create table polygate.reconciliation (
  settlement_id uuid not null,
  currency text not null,
  account_id text not null,
  cut_off_at timestamp with time zone not null,
  state text not null,
  ours json not null,
  theirs json,
  terminal text,
  stan text,
  rrn text,
  transmitted_at timestamp with time zone,
  tries integer not null default 0,
  leased_until timestamp with time zone not null,
  answered_at timestamp with time zone,
  constraint reconciliation_pkey PRIMARY KEY (settlement_id, currency),
  constraint reconciliation_settlement_id_fkey FOREIGN KEY (settlement_id) REFERENCES polygate.settlement(settlement_id),
  constraint reconciliation_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'in_balance'::text, 'apart'::text])))
);
CREATE INDEX reconciliation_waiting ON polygate.reconciliation USING btree (cut_off_at) WHERE (state = 'waiting'::text);
grant insert, select, update on polygate.reconciliation to polygate_app;

create table polygate.reference_claim (
  merchant_id uuid not null,
  reference text not null,
  channel_id uuid not null,
  claimed_at timestamp with time zone not null default now(),
  constraint reference_claim_pkey PRIMARY KEY (merchant_id, reference)
);
grant insert, select, update on polygate.reference_claim to polygate_app;

create table polygate.refund_in_parts (
  merchant_id uuid not null,
  operation_id uuid not null,
  channel_id uuid not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone not null,
  constraint refund_in_parts_pkey PRIMARY KEY (operation_id, merchant_id)
);
CREATE INDEX refund_in_parts_due ON polygate.refund_in_parts USING btree (due_at);
grant delete, insert, select, update on polygate.refund_in_parts to polygate_app;

create table polygate.request_key (
  key_id uuid not null,
  public_jwk json not null,
  sealed_private_jwk bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint request_key_pkey PRIMARY KEY (key_id)
);
grant insert, select on polygate.request_key to polygate_app;

create unlogged table polygate.request_window (
  merchant_id uuid not null,
  subject text not null,
  hits bigint[] not null,
  expires_at timestamp with time zone not null,
  constraint request_window_pkey PRIMARY KEY (merchant_id, subject)
);
grant delete, insert, select, update on polygate.request_window to polygate_app;

create table polygate.risk_attempt (
  merchant_id uuid not null,
  subject text not null,
  value_hash bytea not null,
  attempt_hash bytea not null,
  tried_at timestamp with time zone not null,
  constraint risk_attempt_pkey PRIMARY KEY (merchant_id, subject, value_hash, attempt_hash)
);
CREATE INDEX risk_attempt_age ON polygate.risk_attempt USING btree ((((tried_at AT TIME ZONE 'UTC'::text))::date), merchant_id);
grant delete, insert, select on polygate.risk_attempt to polygate_app;

create table polygate.risk_rule (
  merchant_id uuid not null,
  rule_id uuid not null,
  channel_id uuid,
  kind text not null,
  subject text not null,
  value text,
  attempts integer,
  window_seconds integer,
  created_at timestamp with time zone not null default now(),
  action text not null default 'block'::text,
  constraint risk_rule_pkey PRIMARY KEY (merchant_id, rule_id),
  constraint risk_rule_action_check CHECK (
CASE kind
    WHEN 'check'::text THEN (action = ANY (ARRAY['decline'::text, 'review'::text]))
    ELSE (action = ANY (ARRAY['block'::text, 'review'::text]))
END),
  constraint risk_rule_attempts_check CHECK ((attempts > 0)),
  constraint risk_rule_check CHECK (
CASE kind
    WHEN 'limit'::text THEN ((value IS NULL) AND (attempts IS NOT NULL) AND (window_seconds IS NOT NULL))
    ELSE ((value IS NOT NULL) AND (attempts IS NULL) AND (window_seconds IS NULL))
END),
  constraint risk_rule_kind_check CHECK ((kind = ANY (ARRAY['block'::text, 'limit'::text, 'check'::text]))),
  constraint risk_rule_result_check CHECK (((kind <> 'check'::text) OR (value = ANY (ARRAY['mismatch'::text, 'not_checked'::text, 'unavailable'::text])))),
  constraint risk_rule_subject_check CHECK (
CASE kind
    WHEN 'check'::text THEN (subject = ANY (ARRAY['address'::text, 'street'::text, 'postcode'::text, 'cvc'::text]))
    WHEN 'limit'::text THEN (subject = ANY (ARRAY['card'::text, 'ip'::text, 'email'::text]))
    ELSE (subject = ANY (ARRAY['card'::text, 'bin'::text, 'ip'::text, 'email'::text, 'country'::text]))
END),
  constraint risk_rule_window_seconds_check CHECK ((window_seconds > 0))
);
grant delete, insert, select on polygate.risk_rule to polygate_app;

create table polygate.schedule (
  merchant_id uuid not null,
  schedule_id uuid not null,
  channel_id uuid not null,
  state text not null,
  kind text not null,
  token text not null,
  amount bigint not null,
  currency text not null,
  expression text not null,
  ends_at timestamp with time zone,
  next_due_at timestamp with time zone not null,
  leased_until timestamp with time zone not null,
  failed_tries smallint not null default 0,
  cancel_id uuid,
  reason text,
  merchant_reference text,
  dialect_data json not null,
  idempotency_key text,
  input_hash bytea,
  created_at timestamp with time zone not null,
  constraint schedule_pkey PRIMARY KEY (schedule_id, merchant_id),
  constraint schedule_amount_check CHECK ((amount > 0)),
  constraint schedule_kind_check CHECK ((kind = ANY (ARRAY['preauthorization'::text, 'debit'::text]))),
  constraint schedule_state_check CHECK ((state = ANY (ARRAY['active'::text, 'ended'::text, 'canceled'::text, 'failed'::text])))
);
CREATE INDEX schedule_due ON polygate.schedule USING btree (next_due_at) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX schedule_key ON polygate.schedule USING btree (merchant_id, channel_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
grant insert, select, update on polygate.schedule to polygate_app;

create table polygate.settled_operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  account_id text not null,
  settlement_id uuid,
  kind text,
  currency text,
  amount bigint,
  fee bigint,
  constraint settled_operation_pkey PRIMARY KEY (operation_id, merchant_id)
);
CREATE INDEX settled_operation_batch ON polygate.settled_operation USING btree (settlement_id, operation_id) WHERE (settlement_id IS NOT NULL);
CREATE INDEX settled_operation_waiting ON polygate.settled_operation USING btree (account_id, operation_id) WHERE (settlement_id IS NULL);
grant delete, insert, select, update on polygate.settled_operation to polygate_app;

create table polygate.settlement (
  settlement_id uuid not null,
  account_id text not null,
  cut_off_at timestamp with time zone not null,
  state text not null,
  closed_at timestamp with time zone,
  constraint settlement_pkey PRIMARY KEY (settlement_id),
  constraint settlement_account_id_cut_off_at_key UNIQUE (account_id, cut_off_at),
  constraint settlement_account_id_fkey FOREIGN KEY (account_id) REFERENCES polygate.acquirer_account(account_id),
  constraint settlement_state_check CHECK ((state = ANY (ARRAY['collecting'::text, 'closed'::text])))
);
grant insert, select, update on polygate.settlement to polygate_app;

create table polygate.settlement_cycle (
  account_id text not null,
  cut_off_at timestamp with time zone,
  due_at timestamp with time zone,
  last_cut_off_at timestamp with time zone,
  leased_until timestamp with time zone not null,
  waiting_since timestamp with time zone,
  constraint settlement_cycle_pkey PRIMARY KEY (account_id),
  constraint settlement_cycle_account_id_fkey FOREIGN KEY (account_id) REFERENCES polygate.acquirer_account(account_id)
);
grant insert, select, update on polygate.settlement_cycle to polygate_app;

create table polygate.settlement_part (
  merchant_id uuid not null,
  settlement_id uuid not null,
  currency text not null,
  part_id uuid not null,
  operations integer not null,
  gross bigint not null,
  fees bigint not null,
  constraint settlement_part_pkey PRIMARY KEY (settlement_id, merchant_id, currency),
  constraint settlement_part_fees_check CHECK ((fees >= 0)),
  constraint settlement_part_operations_check CHECK ((operations > 0))
);
grant insert, select, update on polygate.settlement_part to polygate_app;

create table polygate.shopper_visit (
  merchant_id uuid not null,
  visit_id uuid not null,
  channel_id uuid not null,
  payment_id uuid,
  authentication_id uuid not null,
  return_url text not null,
  tokenize boolean not null default false,
  has_cvc boolean not null default false,
  capture_data json,
  expires_at timestamp with time zone not null,
  due_at timestamp with time zone,
  leased_until timestamp with time zone,
  created_at timestamp with time zone not null,
  merchant_word text,
  confirmation text,
  constraint shopper_visit_pkey PRIMARY KEY (visit_id, merchant_id),
  constraint shopper_visit_confirmation_check CHECK ((confirmation = ANY (ARRAY['asked'::text, 'given'::text, 'refused'::text]))),
  constraint shopper_visit_merchant_word_check CHECK ((merchant_word = ANY (ARRAY['awaited'::text, 'given'::text, 'refused'::text])))
);
CREATE INDEX shopper_visit_due ON polygate.shopper_visit USING btree (due_at) WHERE (due_at IS NOT NULL);
grant delete, insert, select, update on polygate.shopper_visit to polygate_app;

create table polygate.statement (
  merchant_id uuid not null,
  statement_id uuid not null,
  dialect text not null,
  format text not null,
  time_zone text not null,
  filter jsonb not null,
  asked_as text not null,
  state text not null,
  lines integer not null default 0,
  lines_in_all integer,
  parts integer not null default 0,
  problem text,
  lease uuid,
  due_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  began_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint statement_pkey PRIMARY KEY (merchant_id, statement_id),
  constraint statement_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'xlsx'::text]))),
  constraint statement_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'processing'::text, 'success'::text, 'error'::text, 'cancelled'::text])))
);
CREATE INDEX statement_by_time ON polygate.statement USING btree (merchant_id, dialect, created_at, statement_id);
CREATE INDEX statement_due ON polygate.statement USING btree (due_at) WHERE (due_at IS NOT NULL);
grant delete, insert, select, update on polygate.statement to polygate_app;

create table polygate.statement_part (
  merchant_id uuid not null,
  statement_id uuid not null,
  part integer not null,
  content bytea not null,
  constraint statement_part_pkey PRIMARY KEY (merchant_id, statement_id, part)
);
grant delete, insert, select, update on polygate.statement_part to polygate_app;

create table polygate.subscriber (
  merchant_id uuid not null,
  subscriber_id uuid not null,
  template_id uuid not null,
  customer_id uuid not null,
  channel_id uuid not null,
  status text not null,
  starts_at timestamp with time zone not null,
  next_cycle integer not null,
  cycles_billed integer not null,
  order_id uuid,
  tries smallint not null,
  attempt smallint not null,
  mails_on_failure boolean not null,
  settings json not null,
  due_at timestamp with time zone,
  leased_until timestamp with time zone not null,
  input_hash bytea,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint subscriber_pkey PRIMARY KEY (merchant_id, subscriber_id),
  constraint subscriber_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'paused'::text, 'ended'::text])))
);
CREATE INDEX subscriber_by_time ON polygate.subscriber USING btree (merchant_id, template_id, created_at, subscriber_id);
CREATE INDEX subscriber_due ON polygate.subscriber USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX subscriber_of_customer ON polygate.subscriber USING btree (merchant_id, customer_id) WHERE (status <> 'ended'::text);
CREATE UNIQUE INDEX subscriber_once ON polygate.subscriber USING btree (merchant_id, template_id, customer_id) WHERE (status <> 'ended'::text);
grant insert, select, update on polygate.subscriber to polygate_app;

create table polygate.subscriber_event (
  merchant_id uuid not null,
  subscriber_id uuid not null,
  sequence integer not null,
  name text not null,
  happened_at timestamp with time zone not null,
  recorded_in xid8 default pg_current_xact_id(),
  constraint subscriber_event_pkey PRIMARY KEY (merchant_id, subscriber_id, sequence)
);
CREATE INDEX subscriber_event_recorded ON polygate.subscriber_event USING btree (recorded_in) WHERE (recorded_in IS NOT NULL);
grant insert, select on polygate.subscriber_event to polygate_app;

create table polygate.terminal_day (
  terminal text not null,
  business_date date not null,
  next_stan integer not null,
  constraint terminal_day_pkey PRIMARY KEY (terminal, business_date)
);
grant insert, select, update on polygate.terminal_day to polygate_app;

create table polygate.token_act (
  merchant_id uuid not null,
  act_id uuid not null,
  channel_id uuid not null,
  kind text not null,
  token text not null,
  brand text,
  bin text,
  last4 text,
  expiry_month smallint,
  expiry_year smallint,
  holder text,
  reason text,
  merchant_reference text,
  dialect_data json not null,
  idempotency_key text,
  input_hash bytea,
  created_at timestamp with time zone not null,
  recorded_in xid8 default pg_current_xact_id(),
  constraint token_act_pkey PRIMARY KEY (merchant_id, act_id),
  constraint token_act_kind_check CHECK ((kind = ANY (ARRAY['tokenization'::text, 'deletion'::text])))
);
CREATE INDEX token_act_customer ON polygate.token_act USING btree (((dialect_data ->> 'customerReference'::text)), merchant_id) WHERE ((dialect_data ->> 'customerReference'::text) IS NOT NULL);
CREATE UNIQUE INDEX token_act_key ON polygate.token_act USING btree (merchant_id, channel_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX token_act_recorded ON polygate.token_act USING btree (recorded_in) WHERE (recorded_in IS NOT NULL);
CREATE UNIQUE INDEX token_act_token ON polygate.token_act USING btree (merchant_id, token, kind);
grant insert, select on polygate.token_act to polygate_app;

create table public.polygate_migration (
  set text not null,
  file text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint polygate_migration_pkey PRIMARY KEY (set, file)
);
grant select on public.polygate_migration to polygate_app;
grant select on public.polygate_migration to polygate_vault;

create table vault.card (
  merchant_id uuid not null,
  id uuid not null,
  key_version integer not null,
  sealed bytea not null,
  fingerprint bytea not null,
  purge_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  constraint card_pkey PRIMARY KEY (id, merchant_id)
);
CREATE INDEX card_purge ON vault.card USING btree ((((purge_at AT TIME ZONE 'UTC'::text))::date), merchant_id);
grant delete, insert, select, update on vault.card to polygate_vault;

create table vault.card_rotation (
  merchant_id uuid not null,
  to_version integer not null,
  started_at timestamp with time zone not null default now(),
  total bigint not null,
  done bigint not null default 0,
  damaged bigint not null default 0,
  sweep smallint not null default 1,
  last_id uuid,
  leased_by uuid,
  leased_until timestamp with time zone,
  finished_at timestamp with time zone,
  constraint card_rotation_pkey PRIMARY KEY (merchant_id, to_version)
);
grant insert, select, update on vault.card_rotation to polygate_vault;

create table vault.data_key (
  merchant_id uuid not null,
  version integer not null,
  key_id text not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint data_key_pkey PRIMARY KEY (merchant_id, version),
  constraint data_key_version_check CHECK ((version > 0))
);
grant insert, select, update on vault.data_key to polygate_vault;

create table vault.import_key (
  key_id text not null,
  public_key json not null,
  sealed bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint import_key_pkey PRIMARY KEY (key_id)
);
grant insert, select on vault.import_key to polygate_vault;

create table vault.node (
  node_id uuid not null,
  name text not null,
  key_ids text[] not null,
  started_at timestamp with time zone not null default now(),
  seen_at timestamp with time zone not null default now(),
  caught_up_at timestamp with time zone not null default now(),
  constraint node_pkey PRIMARY KEY (node_id)
);
grant delete, insert, select, update on vault.node to polygate_vault;

create table vault.root_key (
  name text not null,
  key_id text not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint root_key_pkey PRIMARY KEY (name)
);
grant insert, select, update on vault.root_key to polygate_vault;

create table vault.token (
  merchant_id uuid not null,
  token text not null,
  card_id uuid not null,
  summary json not null,
  purge_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  deleted_at timestamp with time zone,
  fingerprint bytea,
  constraint token_pkey PRIMARY KEY (merchant_id, token)
);
CREATE INDEX token_card ON vault.token USING btree (card_id);
CREATE INDEX token_fingerprint ON vault.token USING btree (fingerprint, merchant_id) WHERE (deleted_at IS NULL);
CREATE INDEX token_purge ON vault.token USING btree ((((purge_at AT TIME ZONE 'UTC'::text))::date), merchant_id);
grant delete, insert, select, update on vault.token to polygate_vault;

create unlogged table vault.waiting_cvc (
  merchant_id uuid not null,
  visit_id uuid not null,
  key_version integer not null,
  sealed bytea not null,
  expires_at timestamp with time zone not null,
  token text,
  constraint waiting_cvc_pkey PRIMARY KEY (visit_id, merchant_id)
);
CREATE INDEX waiting_cvc_expiry ON vault.waiting_cvc USING btree (expires_at);
CREATE INDEX waiting_cvc_token ON vault.waiting_cvc USING btree (token, merchant_id) WHERE (token IS NOT NULL);
grant delete, insert, select, update on vault.waiting_cvc to polygate_vault;
