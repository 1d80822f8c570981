-- Ids of cards are made in time order (UUIDv7): led by them, new cards of all merchants go to the same, cached edge of the index.
alter table card drop constraint card_pkey, add primary key (id, merchant_id);
