-- Payments that are sent only after their shopper was on the page of the payment: the issuer has asked them there, or they have pressed a button.

-- Null: nothing is asked. `asked` until the shopper has answered; an answered challenge of the issuer counts as well, and leaves it so.
alter table polygate.shopper_visit add column confirmation text check (confirmation in ('asked', 'given', 'refused'));
