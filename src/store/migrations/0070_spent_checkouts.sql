-- A card that was kept for one payment: what it was spent for, by a name that only that payment has. Null while it can be paid with.
alter table polygate.checkout add column spent_for text;
-- Of a page that keeps a card: the stored card that the shopper chose instead.
alter table polygate.checkout add column chosen_token text;
