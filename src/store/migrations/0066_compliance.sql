-- Documents by which merchants show that they comply with PCI DSS.

create table polygate.compliance_document (
  merchant_id uuid not null,
  document_id uuid not null,
  type text not null check (type in ('asv_scan', 'saq', 'aoc')),
  state text not null default 'submitted' check (state in ('submitted', 'approved', 'rejected')),
  -- Business time; null: it does not expire.
  valid_from timestamptz not null,
  valid_until timestamptz,
  reason text,
  size_bytes integer,
  sha256 text,
  -- The file, encrypted by the vault.
  sealed bytea,
  created_at timestamptz not null,
  decided_at timestamptz,
  -- Days before its end at which its merchant was warned.
  warned_at integer[] not null default '{}',
  primary key (merchant_id, document_id)
);

create index compliance_document_end on polygate.compliance_document (valid_until) where state = 'approved' and valid_until is not null;

grant select, insert, update on polygate.compliance_document to polygate_app;
