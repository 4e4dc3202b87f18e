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
