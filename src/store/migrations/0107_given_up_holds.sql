-- What is due for a hold and was given up waits for an operator, who is to see since when (business time).
alter table polygate.due_work add column given_up_at timestamptz;

update polygate.due_work d set given_up_at = d.leased_until + c.offset_ms * interval '1 millisecond'
from polygate.clock c where d.state = 'failed';

-- Only what was given up is in it: nothing that is written for a payment has to keep it up.
create index due_work_given_up on polygate.due_work (due_at) where state = 'failed';
