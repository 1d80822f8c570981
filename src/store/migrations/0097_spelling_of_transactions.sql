-- The ids of issuers' and directory servers' transactions as they write them, where that is not in small letters: they get them back as they wrote them.
alter table polygate.authentication add column acs_transaction_spelling text, add column ds_transaction_spelling text;
