-- A code that waits for the payment with a token goes with that token. Codes of challenges have none, so the index is as small as its use.

alter table vault.waiting_cvc add column token text;

create index waiting_cvc_token on vault.waiting_cvc (token, merchant_id) where token is not null;
