-- Rules may ask for a review instead of blocking; a payment under review has a due row, which says for which rule.

alter table polygate.risk_rule add column action text not null default 'block' check (action in ('block', 'review'));
alter table polygate.due_work drop constraint due_work_kind_check;
alter table polygate.due_work add constraint due_work_kind_check check (kind in ('expiry', 'capture', 'rest', 'review'));
alter table polygate.due_work add column cause text;
