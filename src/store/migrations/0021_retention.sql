-- How long things are kept: card numbers by the merchant's own term, the past of webhooks, checkouts and visits by the operator's.

-- Days after the last possible refund or dispute; absent: the gateway's setting.
alter table polygate.merchant add column pan_retention_days smallint check (pan_retention_days between 1 and 3650);

grant delete on polygate.checkout, polygate.shopper_visit, polygate.authentication to polygate_app;
