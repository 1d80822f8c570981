-- What the scheme advises after a decline, as raw as the response code beside it.
alter table polygate.operation add column advice_code text;
