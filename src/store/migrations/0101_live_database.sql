-- The mark of a database that live mode works on: no sandbox writes its published credentials there.
create table polygate.live_database (
  is_live boolean primary key default true check (is_live),
  since timestamptz not null default now()
);

grant select, insert on polygate.live_database to polygate_app;
