-- Style sheets and words that merchants lay over the pages of their shoppers.

create table polygate.page_template (
  merchant_id uuid not null references polygate.merchant (merchant_id),
  name text not null,
  css text,
  texts json,
  written_at timestamptz not null default now(),
  primary key (merchant_id, name)
);

grant select, insert, update, delete on polygate.page_template to polygate_app;
