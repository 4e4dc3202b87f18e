-- name: has_year
-- Whether the ledger has the months of exercise $1.
select exists (select from period_start where exercise = $1);

-- name: held_acts
-- Lines that wait for a predecessor, of all files.
select coalesce(sum(suspended), 0)::bigint as lines, coalesce(sum(suspended_cents), 0)::bigint as cents
from (select distinct on (submission) suspended, suspended_cents from progress order by submission, batch desc) p;

-- name: undecided_files
select count(*)::bigint as lines, 0::bigint as cents from unfinished;

-- name: pending_runs_until
-- Payment runs of what was due by day $1, that are neither issued nor abandoned.
select run, state, r.lines::bigint as lines, r.cents from payment_state join payment_run r using (run)
where state in ('proposed', 'released', 'issuing') and r.until <= $1 order by run;

-- name: suspended_requests
-- Requests of exercise $1 that the accountant suspended, by kinds $2, and that no act of kinds $3 takes up again.
select count(*)::bigint as lines, coalesce(sum(r.amount), 0)::bigint as cents
from entry e join entry r on r.entry_id = e.predecessor
where e.kind = any($2::smallint[]) and r.exercise = $1
  and not exists (select from entry f where f.predecessor = e.entry_id and f.kind = any($3::smallint[]));

-- name: account_balances
-- The accounts that begin with $1 and are not zero in periods $2 to $3: of all accountants together, with how many of them are not zero.
with latest as (
    select accountant, account, period, max(batch) as batch from account_balance where period between $2 and $3 group by accountant, account, period
),
balance as (
    select b.accountant, t.code as account, sum(b.debit - b.credit)::bigint as cents
    from account_balance b join latest using (accountant, account, period, batch)
    join reference_text t on t.kind = 5 and t.id = b.account and starts_with(t.code, $1) group by 1, 2
)
select account, count(*) filter (where cents <> 0)::bigint as lines, sum(cents)::bigint as cents from balance
group by account having bool_or(cents <> 0) order by account;

-- name: late_commitments
-- Entries of kinds $3, which consume AE, on assignments of budget year $1, posted after day $2.
select count(*)::bigint as lines, coalesce(sum(e.amount), 0)::bigint as cents, coalesce(min(e.entry_id), 0)::bigint as first
from entry e join cell l using (cell) where l.budget_year = $1 and e.day > $2 and e.kind = any($3::smallint[]);
