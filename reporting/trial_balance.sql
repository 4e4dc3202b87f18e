-- name: trial_balance
-- The last sums of each account and period at or before batch $1, of the periods from $2 up to, not including, $3.
with latest as (
    select distinct on (account, period) account, debit, credit from account_balance
    where batch <= $1 and period >= $2 and period < $3
    order by account, period, batch desc
)
select account, sum(debit)::bigint as debit, sum(credit)::bigint as credit from latest group by account;
