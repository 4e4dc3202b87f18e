-- name: claimed
select predecessor, sum(amount)::bigint as cents from entry where kind = $1 group by predecessor;

-- name: payees
select distinct payee, code from payee where payee = any($1::int[]);

-- name: references
select entry_id, reference from entry where entry_id = any($1::bigint[]);
