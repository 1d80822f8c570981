-- Mails wait in the outbox like everything that is told. A mail that is no event's is one row of its own: its id stands for the payment's, the
-- number is 1, and what it says is with it. It belongs to an endpoint of the merchant without an address of its own, as the URLs of requests do.
alter table delivery add column mail json;
alter table delivery drop constraint delivery_subject_check;
alter table delivery add constraint delivery_subject_check check (subject in ('payment', 'token', 'mail'));
alter table delivery add constraint delivery_mail_check check ((subject = 'mail') = (mail is not null));
