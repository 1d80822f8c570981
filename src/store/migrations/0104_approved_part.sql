-- Of an approval for less that the merchant does not take: the part, for the reversal that takes it back, also after a restart.
alter table polygate.operation add column approved_part bigint;
