/** The rules of the trail of operators' acts, as the verification of the books asks for them. */
import { hashOf, noHash } from './audit.ts';

/** Every row follows the one before it, and is what its hash says. */
export const auditChain = {
  name: 'audit trail',
  relations: [],
  body: `select null::uuid as merchant_id, null::uuid as payment_id, null::uuid as operation_id, case
      when c.sequence <> c.expected then format('entry %s comes where entry %s should be', c.sequence, c.expected)
      when c.previous_hash <> c.hash_before then format('entry %s (%s) does not follow the entry before it', c.sequence, c.act)
      else format('entry %s (%s) was changed: it does not have its hash', c.sequence, c.act) end as detail
  from (
    select a.*, row_number() over (order by a.sequence) as expected, lag(a.hash, 1, ${noHash}) over (order by a.sequence) as hash_before
    from polygate.audit a
  ) c
  where c.sequence <> c.expected or c.previous_hash <> c.hash_before or c.hash <> ${hashOf('c')}`,
};
