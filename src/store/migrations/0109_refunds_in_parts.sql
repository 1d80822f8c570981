-- A refund of several captures is several operations. A row tells of it until all of them are asked for, so that one that a crash has cut off is
-- completed also when nobody repeats its request.
create table polygate.refund_in_parts (
  merchant_id uuid not null,
  -- Of the first part, which has the plan of all.
  operation_id uuid not null,
  channel_id uuid not null,
  -- Business time.
  due_at timestamptz not null,
  -- Until then whoever has taken the request, or the row, works on it alone.
  leased_until timestamptz not null,
  primary key (operation_id, merchant_id)
);
create index refund_in_parts_due on polygate.refund_in_parts (due_at);
grant select, insert, update, delete on polygate.refund_in_parts to polygate_app;
