-- Rules by which merchants refuse payments, and the attempts that their limits count.

create table polygate.risk_rule (
  merchant_id uuid not null,
  rule_id uuid not null,
  -- Null: all channels of the merchant.
  channel_id uuid,
  kind text not null check (kind in ('block', 'limit')),
  subject text not null check (subject in ('card', 'bin', 'ip', 'email', 'country')),
  -- Of a block: what is blocked; of a card, the vault's fingerprint.
  value text,
  -- Of a limit.
  attempts integer check (attempts > 0),
  window_seconds integer check (window_seconds > 0),
  created_at timestamptz not null default now(),
  primary key (merchant_id, rule_id),
  check (case kind when 'block' then value is not null and attempts is null and window_seconds is null
    else value is null and attempts is not null and window_seconds is not null and subject in ('card', 'ip', 'email') end)
);

grant select, insert, delete on polygate.risk_rule to polygate_app;

-- Who has tried when, as keyed hashes; written for merchants with limits only, and deleted when no window reaches back to it. Business time.
create table polygate.risk_attempt (
  merchant_id uuid not null,
  subject text not null,
  value_hash bytea not null,
  attempt_hash bytea not null,
  tried_at timestamptz not null,
  primary key (merchant_id, subject, value_hash, attempt_hash)
);

create index risk_attempt_age on polygate.risk_attempt (((tried_at at time zone 'UTC')::date), merchant_id);

grant select, insert, delete on polygate.risk_attempt to polygate_app;
