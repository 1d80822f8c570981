-- An operation that was resolved could keep the moment of its next look, and then stood in the way of what waits for its resolution.
update polygate.operation set resolve_at = null
  where resolve_at is not null and state not in ('submitted', 'unknown', 'pending', 'escalated');
