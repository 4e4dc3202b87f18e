-- name: last_entry
select coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as last_entry;

-- name: cells
-- The account assignments, in order.
select l.cell, l.budget_year, coalesce(c.code, '') as fund_centre, coalesce(a.code, '') as functional_area, coalesce(i.code, '') as commitment_item,
       coalesce(f.code, '') as fund, coalesce(o.code, '') as operation
from cell l
left join reference_text c on c.kind = 1 and c.id = l.centre left join reference_text a on a.kind = 2 and a.id = l.area
left join reference_text i on i.kind = 3 and i.id = l.item left join reference_text f on f.kind = 4 and f.id = l.fund
left join reference_text o on o.kind = 1 and o.id = l.operation
order by l.cell;

-- name: opening_balances
-- By accountant and account: what the year closes with, whose periods are from $1 up to, not including, $2, and what was opened in
-- period $2, which has the openings of the next year.
with latest as (
    select accountant, account, period, max(batch) as batch from account_balance
    where period >= $1 and period <= $2 group by accountant, account, period
)
select coalesce(o.code, '') as accountant, t.code as account,
       coalesce(sum(b.debit - b.credit) filter (where b.period < $2), 0)::bigint as closing,
       coalesce(sum(b.debit - b.credit) filter (where b.period = $2), 0)::bigint as opened
from account_balance b join latest using (accountant, account, period, batch)
join reference_text t on t.kind = 5 and t.id = b.account left join reference_text o on o.kind = 8 and o.id = b.accountant
group by 1, 2;

-- name: opening_items
-- Of exercise $1 and accounts $2: each line that left an amount there, by kinds $3, what kinds $4 did not clear of it, what kinds $5
-- opened of it in the next exercise, less what kinds $6 reduced it by; and the first of these openings, with what is left of it there.
-- Each line has one side, but a movement of the bank: a credit stands on the side of its credit, a debit (kinds $7) on that of its debit.
with cleared as (
    select predecessor, sum(amount) as amount from entry where kind = any($4::smallint[]) group by predecessor
),
opening as (
    select e.entry_id, e.predecessor, case when e.debit <> 0 then e.amount else -e.amount end as cents,
           e.amount - coalesce(c.amount, 0) as left_amount, coalesce(r.amount, 0) as reduction
    from entry e left join cleared c on c.predecessor = e.entry_id
    left join (select predecessor, sum(amount) as amount from entry where kind = any($6::smallint[]) group by predecessor) r
    on r.predecessor = e.entry_id
    where e.exercise = $1 + 1 and e.kind = any($5::smallint[])
),
opened as (
    select predecessor, min(entry_id) as first, sum(cents - sign(cents) * reduction) as cents from opening group by predecessor
)
select coalesce(o.code, '') as accountant, t.code as account, e.entry_id as entry,
       (case when e.credit <> 0 and e.kind <> all($7::smallint[]) then -1 else 1 end * (e.amount - coalesce(c.amount, 0)))::bigint as closing,
       coalesce(s.cents, 0)::bigint as opened, coalesce(s.first, 0)::bigint as opening,
       coalesce(sign(f.cents) * f.left_amount, 0)::bigint as left
from entry e join reference_text t on t.kind = 5 and t.id = case when e.credit <> 0 and e.kind <> all($7::smallint[]) then e.credit else e.debit end left join reference_text o on o.kind = 8 and o.id = e.accountant
left join cleared c on c.predecessor = e.entry_id
left join opened s on s.predecessor = e.entry_id left join opening f on f.entry_id = s.first
where e.exercise = $1 and e.kind = any($3::smallint[]) and t.code = any($2::text[]) and (e.amount <> coalesce(c.amount, 0) or s.cents <> 0);

-- name: senders
select submission, sender from submission;

-- name: sender_numbers
-- The senders whose references carries have, by the numbers that carries store.
select id, code from reference_text where kind = 6;

-- name: account_numbers
-- The accounts, by the numbers that entries have.
select id, code from reference_text where kind = 5;

-- name: pending_runs
-- Payment runs that are neither issued nor abandoned.
select run, state from payment_state where state in ('proposed', 'released', 'issuing') order by run;

-- name: open_accruals
-- Of exercise $1: the accruals of kinds $2, with the account of the balance sheet that each stands on, which is the credit of kinds $3, and
-- what no correction and no reversal, which are of kinds $4, took of it.
with changed as (select predecessor, sum(amount)::bigint as amount from entry where kind = any($4::smallint[]) group by predecessor)
select coalesce(o.code, '') as accountant, t.code as account, e.entry_id, e.amount - coalesce(c.amount, 0) as cents
from entry e left join changed c on c.predecessor = e.entry_id
join reference_text t on t.kind = 5 and t.id = case when e.kind = any($3::smallint[]) then e.credit else e.debit end
left join reference_text o on o.kind = 8 and o.id = e.accountant
where e.exercise = $1 and e.kind = any($2::smallint[]);

-- name: allotted_result
-- Of account $1, by accountant: what period $2 has, which is that of the result of a year, and what the periods of the next year after
-- its openings have, from $3 up to, not including, $4, in which settlement acts allot it.
with latest as (
    select b.accountant, b.account, b.period, max(b.batch) as batch
    from account_balance b join reference_text t on t.kind = 5 and t.id = b.account and t.code = $1
    where b.period = $2 or b.period >= $3 and b.period < $4 group by 1, 2, 3
)
select coalesce(o.code, '') as accountant,
       coalesce(sum(b.debit - b.credit) filter (where b.period = $2), 0)::bigint as determined,
       coalesce(sum(b.debit - b.credit) filter (where b.period <> $2), 0)::bigint as allotted
from account_balance b join latest using (accountant, account, period, batch)
left join reference_text o on o.kind = 8 and o.id = b.accountant
group by 1;
