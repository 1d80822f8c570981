-- The end of orders: what nobody has paid when its time is over is told once. `open`: still to be looked at; `told`: it has expired; `over`: there is
-- nothing to tell. What is here already is over, unless its time is still to come: nobody is told of orders that expired long ago.
alter table polygate.checkout
  add column expiry text not null default 'over' constraint checkout_expiry_check check (expiry in ('open', 'told', 'over')),
  -- Business time. Null: as soon as it expires. Later where somebody was paying it then.
  add column expiry_look_at timestamptz,
  add column leased_until timestamptz not null default '-infinity';
alter table polygate.checkout alter column expiry set default 'open';

update polygate.checkout set expiry = 'open'
where secret_hash is null and closed is null
  and expires_at > now() + coalesce((select offset_ms from polygate.clock), 0) * interval '1 millisecond';

-- Only orders that may expire, and on columns that no payment changes.
create index checkout_expiring on polygate.checkout (coalesce(expiry_look_at, expires_at))
  where expiry = 'open' and secret_hash is null and expires_at is not null;
