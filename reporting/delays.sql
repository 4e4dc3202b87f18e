-- name: has_postings
-- Whether something was posted to one of the accounts $1.
select exists (select from account_balance where account = any($1::smallint[]) and (debit > 0 or credit > 0));

-- name: has_payments
-- Whether CP of some node were consumed, which payments alone do; unlike accounts, this does not depend on reference files.
select exists (select from node_balance where cp_consumed <> 0);
