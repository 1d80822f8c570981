-- Codes of payments that wait for their shopper. Unlogged: they never reach the write-ahead log, a replica or a backup, and a crash of the database
-- empties the table (PCI DSS 4.0.1, 3.3.1.2: not stored after authorization; before it, as shortly as the payment needs).
create unlogged table waiting_cvc (
  merchant_id uuid not null,
  visit_id uuid not null,
  key_version int not null,
  -- nonce (12 bytes) | ciphertext | tag (16 bytes)
  sealed bytea not null,
  expires_at timestamptz not null,
  primary key (visit_id, merchant_id)
);

create index waiting_cvc_expiry on waiting_cvc (expires_at);

grant select, insert, update, delete on waiting_cvc to polygate_vault;
