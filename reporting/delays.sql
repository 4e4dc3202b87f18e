-- name: has_postings
-- Whether something was posted to one of the accounts $1.
select exists (select from account_balance where account = any($1::smallint[]) and (debit > 0 or credit > 0));

-- name: has_payments
-- Whether CP of some node were consumed, which payments alone do; unlike accounts, this does not depend on reference files.
select exists (select from node_balance where cp_consumed <> 0);

-- name: cell_centres
select cell, centre, budget_year from cell;

-- name: interest_proposed
-- Claimed late interest by account assignment: acts of kinds $1 from day $2 to day $3.
select cell, sum(amount)::bigint as cents from entry where kind = any($1::smallint[]) and day between $2 and $3 group by cell;

-- name: interest_proposed_of_sender
-- The same of sender $4.  A claim of a sender of Crescendo's own, $5, belongs to the sender of the request that it follows.
select e.cell, sum(e.amount)::bigint as cents
from entry e join submission s on s.submission = e.submission
left join entry r on r.entry_id = e.predecessor left join submission o on o.submission = r.submission
where e.kind = any($1::smallint[]) and e.day between $2 and $3 and (s.sender = $4 or s.sender = any($5::text[]) and o.sender = $4)
group by e.cell;
