-- Rules may be about what the issuer has found of the holder's address and of the code on the card; they decline, or ask for a review.
alter table polygate.risk_rule
  drop constraint risk_rule_action_check,
  drop constraint risk_rule_check,
  drop constraint risk_rule_kind_check,
  drop constraint risk_rule_subject_check,
  add constraint risk_rule_kind_check check (kind in ('block', 'limit', 'check')),
  add constraint risk_rule_action_check check (case kind when 'check' then action in ('decline', 'review') else action in ('block', 'review') end),
  add constraint risk_rule_subject_check check (case kind
    when 'check' then subject in ('address', 'street', 'postcode', 'cvc')
    when 'limit' then subject in ('card', 'ip', 'email')
    else subject in ('card', 'bin', 'ip', 'email', 'country') end),
  add constraint risk_rule_check check (case kind
    when 'limit' then value is null and attempts is not null and window_seconds is not null
    else value is not null and attempts is null and window_seconds is null end),
  add constraint risk_rule_result_check check (kind <> 'check' or value in ('mismatch', 'not_checked', 'unavailable'));
