-- Protocols that give a card one token, however often it is stored, look it up by the card's fingerprint. It is kept beside the token: tokens are few
-- beside cards, which stay without such an index.

alter table vault.token add column fingerprint bytea;

update vault.token t set fingerprint = c.fingerprint from vault.card c where c.merchant_id = t.merchant_id and c.id = t.card_id;

create index token_fingerprint on vault.token (fingerprint, merchant_id) where deleted_at is null;
