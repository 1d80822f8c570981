-- Whether the issuer is asked about payments that the merchant starts with a stored card (3RI). The directory of channels is read from memory.
alter table polygate.channel add column authenticates_without_shopper boolean not null default false;
