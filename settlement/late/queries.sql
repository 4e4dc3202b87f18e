-- name: claimed
-- What was claimed for each, by whomever; and the names of our own claims.
select e.predecessor, sum(e.amount)::bigint as cents,
       coalesce(array_agg(e.reference) filter (where s.sender = $2), array[]::text[]) as names
from entry e join submission s using (submission) where e.kind = $1 group by e.predecessor;

-- name: payees
select distinct payee, code from payee where payee = any($1::int[]);

-- name: references
select entry_id, reference from entry where entry_id = any($1::bigint[]);
