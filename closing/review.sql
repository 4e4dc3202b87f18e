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

-- name: accountant_balances
-- What each accountant has on account $1 in periods $2 to $3, where it is not zero.
with latest as (
    select accountant, account, period, max(batch) as batch from account_balance where period between $2 and $3 group by accountant, account, period
)
select coalesce(o.code, '') as accountant, sum(b.debit - b.credit)::bigint as cents
from account_balance b join latest using (accountant, account, period, batch)
join reference_text t on t.kind = 5 and t.id = b.account and t.code = $1 left join reference_text o on o.kind = 8 and o.id = b.accountant
group by 1 having sum(b.debit - b.credit) <> 0 order by 1;

-- name: accountant_balances_on_day
-- What each accountant has on account $1 in the books of exercise $2 by the entries up to day $3, where there are any; less what later entries of
-- those books (kinds $4) take back of receipts of these days: no money moves by them, they correct these books.
select coalesce(o.code, '') as accountant, sum(s.cents)::bigint as cents
from (
    select e.accountant, sum(case when e.debit = t.id then e.amount else -e.amount end) as cents
    from reference_text t join entry e on t.id in (e.debit, e.credit)
    where t.kind = 5 and t.code = $1 and e.exercise = $2::smallint and (
        e.day <= $3::date or e.kind = any($4::smallint[]) and (select r.day from entry r where r.entry_id = e.predecessor) <= $3)
    group by e.accountant
) s left join reference_text o on o.kind = 8 and o.id = s.accountant group by 1 order by 1;

-- name: late_commitments
-- Entries of kinds $3, which consume AE, on assignments of budget year $1, posted after day $2.
select count(*)::bigint as lines, coalesce(sum(e.amount), 0)::bigint as cents, coalesce(min(e.entry_id), 0)::bigint as first
from entry e join cell l using (cell) where l.budget_year = $1 and e.day > $2 and e.kind = any($3::smallint[]);

-- name: latest_carry
-- Of the files of a step, whose batch ids are $1 and the last entry from which they were computed, or P and the proof of who gave them to
-- the engine, whose decision has that entry as its number: the latest such entry, and all lines that were accepted.  No row if there is none.
select max(coalesce(d.number, substring(s.batch_id from '-([0-9]{1,18})$')::bigint)) as entry, coalesce(sum(p.accepted), 0)::bigint as lines
from submission s
left join person_decision d on d.decision = 'closing' and d.person_decision = substring(s.batch_id from '-P([0-9]{1,18})$')::bigint
left join lateral (select accepted from progress where submission = s.submission order by batch desc limit 1) p on true
where s.sender = 'closing' and starts_with(s.batch_id, $1)
having max(coalesce(d.number, substring(s.batch_id from '-([0-9]{1,18})$')::bigint)) is not null;

-- name: later_assignments
-- The account assignments of the entries after $1.
select distinct cell from entry where entry_id > $1;

-- name: later_mirrors
-- What acts of kinds $2 undo after entry $1.
select distinct predecessor from entry where entry_id > $1 and kind = any($2::smallint[]);

-- name: has_assignment
-- Whether one of the account assignments $1 is of year $2 or of one before.
select exists (select from cell where cell = any($1::int[]) and budget_year <= $2);

-- name: has_carry
-- Whether one of the entries $1 is a carry, of kinds $2.
select exists (select from entry where kind = any($2::smallint[]) and entry_id = any($1::bigint[]));
