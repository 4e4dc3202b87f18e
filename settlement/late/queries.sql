-- name: claimed
-- What was claimed for each, by whomever.  A COPY.
select predecessor as payable, sum(amount)::bigint as cents from entry where kind = {kind} group by predecessor order by predecessor

-- name: own
-- The names of our claims.
select e.predecessor, e.reference from entry e join submission s using (submission)
where e.kind = $1 and s.sender = $2 and e.predecessor = any($3::bigint[]);

-- name: payees
select distinct payee, code from payee where payee = any($1::int[]);

-- name: references
select entry_id, reference from entry where entry_id = any($1::bigint[]) order by entry_id;
