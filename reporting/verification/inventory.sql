-- The rules of the inventory at the end of a year, one statement each as in checks.sql.  Runs in DuckDB.

-- name: accruals
-- An entry of the inventory is of 31 December of its exercise and budget year, and stands against the account that inventory.csv gives for its
-- kind and the account that it states.  What is accrued is reversed by the closing, once, whole and between the same two accounts, on 2 January
-- of the next year, and by then it may be corrected in its own year; a provision is released on the account that answers to its own, and never
-- reversed.  Of a year that is locked nothing is left to reverse (rule A65).
with line as (
    select e.*, k.name, k.family, k.debit_role, k.reaches, c.budget_year, u.sender, d.code as debited, t.code as credited,
           p.exercise as original_year, p.amount as original_amount, p.debit as original_debit, p.credit as original_credit, pk.reaches as original_reaches,
           coalesce(sum(e.amount) filter (where k.family = 'INVENTORY_CHANGE') over (partition by e.predecessor order by e.entry_id), 0)::bigint as taken
    from entry e join kind k on k.kind = e.kind left join cell c on c.cell = e.cell left join submission u on u.submission = e.submission
    left join reference_text d on d.kind = 5 and d.id = e.debit left join reference_text t on t.kind = 5 and t.id = e.credit
    left join entry p on p.entry_id = e.predecessor left join kind pk on pk.kind = p.kind
    where k.family in ('INVENTORY', 'INVENTORY_CHANGE')
),
stated as (
    select l.*, case when l.name = 'provision_release' then l.credited when l.debit_role = 'INVENTORY' then l.debited else l.credited end as account,
           case when l.name = 'provision_release' then l.debited when l.debit_role = 'INVENTORY' then l.credited else l.debited end as found
    from line l where l.name not in ('inventory_reversal', 'inventory_correction', 'provision_correction')
),
left_over as (
    select a.entry_id, a.reference, a.exercise, a.amount - coalesce(sum(c.amount), 0)::bigint as cents, count(*) filter (where c.name = 'inventory_reversal') as reversals
    from line a left join line c on c.predecessor = a.entry_id where a.reaches = 'ACCRUED' group by a.entry_id, a.reference, a.exercise, a.amount
)
select entry_name(s.entry_id, s.reference) as place, s.name || ' of ' || coalesce(s.account, 'no account') || ' against ' || coalesce(s.found, 'no account') as found,
       coalesce('against ' || n.counterpart, 'an account that inventory.csv lists') as expected
from stated s left join counterpart n on n.year = s.exercise and n.kind = s.name and n.account = s.account
where s.found is distinct from n.counterpart or n.counterpart is null
union all
select entry_name(entry_id, reference), 'of ' || day || ', budget year ' || coalesce(budget_year::varchar, 'none'), '31 December ' || exercise
from line where name <> 'inventory_reversal' and (day <> make_date(exercise, 12, 31) or family = 'INVENTORY' and budget_year is distinct from exercise)
union all
select entry_name(entry_id, reference), name || ' in ' || exercise, 'in ' || original_year from line where name in ('inventory_correction', 'provision_correction') and exercise is distinct from original_year
union all
select entry_name(entry_id, reference), 'reversed on ' || day || ' by ' || coalesce(sender, 'nobody'), '2 January ' || coalesce((original_year + 1)::varchar, 'after an accrual') || ', by closing'
from line where name = 'inventory_reversal' and (original_reaches is distinct from 'ACCRUED' or day <> make_date(original_year + 1, 1, 2) or sender is distinct from 'closing')
union all
select entry_name(entry_id, reference), 'between ' || coalesce(debited, 'no account') || ' and ' || coalesce(credited, 'no account'), 'the accounts of entry ' || predecessor || ', exchanged'
from line where name in ('inventory_reversal', 'inventory_correction', 'provision_correction') and (debit is distinct from original_credit or credit is distinct from original_debit)
union all
select entry_name(entry_id, reference), 'off ' || coalesce(debited, 'no account'), 'off the account of provision ' || predecessor
from line where name = 'provision_release' and (debit is distinct from original_credit or original_reaches is distinct from 'PROVIDED')
union all
select entry_name(entry_id, reference), euros(taken) || ' taken off entry ' || predecessor, 'at most ' || euros(coalesce(original_amount, 0))
from line where family = 'INVENTORY_CHANGE' and (taken > original_amount or original_amount is null)
union all
select entry_name(entry_id, reference), reversals || ' reversals, ' || euros(cents) || ' left', 'one reversal of the whole'
from left_over where reversals > 1 or reversals = 1 and cents <> 0
union all
select entry_name(entry_id, reference), euros(cents) || ' of a locked year left', 'reversed on 2 January ' || exercise + 1
from left_over where cents <> 0 and exercise in (select year from step_execution where step = 'C13' and state = 'proven');
