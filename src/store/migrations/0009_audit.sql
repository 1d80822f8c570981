-- What operators did, from the command line on: each row carries the hash of the one before, so that no row can be changed, put in or taken
-- out in the middle unseen. What is cut off at the end can be seen only by comparing with a copy kept elsewhere.
create table polygate.audit (
  sequence bigint primary key check (sequence > 0),
  happened_at timestamptz not null,
  actor text not null check (actor !~ '[[:cntrl:]]'),
  act text not null check (act !~ '[[:cntrl:]]'),
  -- JSON as it was hashed, so as text.
  details text not null,
  previous_hash bytea not null,
  hash bytea not null
);

-- Written once: nobody may change a row, or take one away.
grant select, insert on polygate.audit to polygate_app;

-- Counts the acts of operators: whoever acts holds this row, so that acts come one after another, and nodes see by it that there was one.
insert into polygate.counter (name, next_value) values ('operator_act', 1);
