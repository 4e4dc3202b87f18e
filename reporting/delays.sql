-- name: cell_centres
select cell, centre, budget_year from cell;

-- name: interest_proposed
-- Claimed late interest by account assignment: acts of kinds $1 from day $2 to day $3.
select cell, sum(amount)::bigint as cents from entry where kind = any($1::smallint[]) and day between $2 and $3 group by cell;
