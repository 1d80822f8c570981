-- Payments that are sent only when their merchant says so, after the shopper has done what the issuer wanted; and holds whose rest is given
-- up as soon as a part of them was captured.

-- Null: nothing is asked of the merchant.
alter table polygate.shopper_visit add column merchant_word text check (merchant_word in ('awaited', 'given', 'refused'));

alter table polygate.due_work drop constraint due_work_kind_check;
alter table polygate.due_work add constraint due_work_kind_check check (kind in ('expiry', 'capture', 'rest'));
