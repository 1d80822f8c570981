-- An outcome should change a row in its place, without touching any index. That needs two things: no index whose columns or condition it
-- changes, and room on the page. Indexes on the state of operations forbid the first. Now `resolve_at` is set only for what somebody has to look
-- at: by the outcome "unknown", by the sweep that finds what a crash has left submitted (it walks the primary key, which is in time order),
-- and as 'infinity' for what waits for an operator.
drop index polygate.operation_open;
drop index polygate.operation_escalated;
update polygate.operation set resolve_at = case when state = 'escalated' then 'infinity'::timestamptz end
  where resolve_at is not null and state not in ('submitted', 'unknown');
create index operation_unresolved on polygate.operation (resolve_at) where resolve_at is not null;

-- Each row is updated once, right after it was written.
alter table polygate.payment set (fillfactor = 45);
alter table polygate.operation set (fillfactor = 45);

-- Everything made before this moment (epoch ms) has been looked through for orphans.
insert into polygate.counter (name, next_value) values ('swept_until_ms', 0);
