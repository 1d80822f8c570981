-- What the issuer has found of the holder's address and of the code on the card, with its own codes: see src/core/instrument/card-checks.ts.
alter table polygate.operation add column checks text;
