-- References that a merchant may use once, whichever of its channels they come through. Written only for merchants with several channels.
create table polygate.reference_claim (
  merchant_id uuid not null,
  reference text not null,
  channel_id uuid not null,
  claimed_at timestamptz not null default now(),
  primary key (merchant_id, reference)
);

grant select, insert, update on polygate.reference_claim to polygate_app;
