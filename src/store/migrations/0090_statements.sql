-- Statements: files of what went through a merchant's books, made beside the requests, a page at a time.

create table polygate.statement (
  merchant_id uuid not null,
  statement_id uuid not null,
  dialect text not null,
  format text not null check (format in ('csv', 'xlsx')),
  time_zone text not null,
  -- What is in it, as core asks for it; and the same in the words of the protocol that it was asked for in.
  filter jsonb not null,
  asked_as text not null,
  state text not null check (state in ('pending', 'processing', 'success', 'error', 'cancelled')),
  -- How many lines are written, and of how many, once they are counted.
  lines integer not null default 0,
  lines_in_all integer,
  parts integer not null default 0,
  problem text,
  -- Whoever has it last may go on writing; until when, by the database's clock. Without a due time there is nothing to do.
  lease uuid,
  due_at timestamptz,
  -- Business time.
  created_at timestamptz not null,
  updated_at timestamptz not null,
  began_at timestamptz,
  finished_at timestamptz,
  primary key (merchant_id, statement_id)
);

create index statement_due on polygate.statement (due_at) where due_at is not null;
create index statement_by_time on polygate.statement (merchant_id, dialect, created_at, statement_id);

create table polygate.statement_part (
  merchant_id uuid not null,
  statement_id uuid not null,
  part integer not null,
  content bytea not null,
  primary key (merchant_id, statement_id, part)
);

grant select, insert, update, delete on polygate.statement, polygate.statement_part to polygate_app;
