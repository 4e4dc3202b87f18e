-- The rules of assets, one statement each as in checks.sql.  Runs in DuckDB.

-- name: asset_register
-- An asset is put into service on an account of assets of its budget year, from the account under construction of its plan. What is charged
-- and taken out follows it in the books of its accountant, on the accounts of its plan: no more is charged than the plan gives to the end of
-- the month, and no more leaves than stands: of the depreciation the share that leaves with net value (D311). No other act moves these accounts, openings apart, so that the register adds up to them (D293).
with numbered as (select id, code from reference_text where kind = 5),
plan as (
    select p.year, a.id as account, u.id as under_construction, d.id as depreciation, c.id as charge, n.id as net_value, p.months::bigint as months
    from asset_plan p join numbered a on a.code = p.account join numbered u on u.code = p.under_construction
    join numbered n on n.code = p.net_value
    left join numbered d on d.code = p.depreciation left join numbered c on c.code = p.charge
),
line as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.accountant, e.day, e.debit, e.credit, k.name, k.family, c.budget_year
    from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
),
asset as (
    select l.entry_id, l.reference, l.amount, l.accountant, l.day, l.debit, l.credit, p.* exclude (year)
    from line l left join plan p on p.year = l.budget_year and p.account = l.debit where l.name = 'asset_service'
),
moved as (
    select l.entry_id, l.reference, l.name, l.amount, a.entry_id as asset, a.amount as first_cost, a.months,
           datediff('month', a.day, l.day) + 1 as passed, l.debit, l.credit, l.accountant = a.accountant as is_of_accountant,
           case l.name when 'asset_depreciation' then a.charge when 'asset_disposal' then a.net_value else a.depreciation end as own_debit,
           if(l.name = 'asset_depreciation', a.depreciation, a.account) as own_credit
    from line l left join asset a on a.entry_id = l.predecessor and a.entry_id < l.entry_id
    where l.family = 'ASSET' and l.name <> 'asset_service'
),
running as (
    select asset, entry_id, reference, name, months, passed,
           first_cost - coalesce(sum(amount) filter (where name <> 'asset_depreciation') over earlier, 0) as cost,
           coalesce(sum(case name when 'asset_depreciation' then amount when 'asset_disposal' then 0 else -amount end) over upto, 0) as depreciated,
           first_cost - sum(if(name = 'asset_depreciation_disposal', 0, amount)) over upto as net
    from moved where asset is not null
    window earlier as (partition by asset order by entry_id rows between unbounded preceding and 1 preceding),
           upto as (partition by asset order by entry_id rows between unbounded preceding and current row)
),
stepped as (
    select *, row_number() over (partition by asset order by entry_id) as step
    from running join (select entry_id, amount from moved) using (entry_id) where name <> 'asset_depreciation'
),
    -- depreciated and net are those after the entry: before it, a disposal of net value has its own amount more, one of depreciation too
shared as (
    with recursive shared as (
        select asset, entry_id, reference, name, amount, net, step, 0::hugeint as allowed,
               if(name = 'asset_disposal', depreciated::hugeint * amount // nullif(net + amount, 0), 0)::hugeint as leaving
        from stepped where step = 1
        union all
        select n.asset, n.entry_id, n.reference, n.name, n.amount, n.net, n.step, s.leaving,
               if(n.name = 'asset_disposal', s.leaving + (n.depreciated - s.leaving) * n.amount // nullif(n.net + n.amount, 0),
                  greatest(s.leaving - n.amount, 0))::hugeint
        from shared s join stepped n on n.asset = s.asset and n.step = s.step + 1
    )
    select * from shared
),
held as (select distinct account, false as is_depreciation from plan union select distinct depreciation, true from plan where depreciation is not null),
balance as (
    select account, accountant, sum(cents) as cents from (
        select debit as account, accountant, amount as cents from line where family <> 'OPENING'
        union all select credit, accountant, -amount from line where family <> 'OPENING'
    ) join held using (account) group by all
),
registered as (
    select account, accountant, sum(cents) as cents from (
        select account, accountant, amount as cents from asset
        union all
        select a.account, a.accountant, -m.amount from moved m join asset a on a.entry_id = m.asset where m.name <> 'asset_depreciation'
        union all
        select a.depreciation, a.accountant, if(m.name = 'asset_depreciation', -m.amount, m.amount)
        from moved m join asset a on a.entry_id = m.asset where m.name <> 'asset_disposal'
    ) where account is not null group by all
)
select entry_name(entry_id, reference) as place, 'puts an asset into service on ' || account_name(debit) || ' from ' || account_name(credit) as found,
       'an account of assets, and the account under construction of its plan' as expected
from asset where account is null or credit <> under_construction
union all
select entry_name(entry_id, reference), 'a ' || name || ' from ' || account_name(debit) || ' to ' || account_name(credit),
       'an earlier asset of its accountant, and the accounts of its plan'
from moved where asset is null or not is_of_accountant or debit is distinct from own_debit or credit is distinct from own_credit
union all
select entry_name(entry_id, reference), euros(depreciated) || ' depreciated of asset ' || asset || ' of ' || euros(cost),
       'at most ' || euros(case when months > 0 then (cost * least(passed, months) // months)::bigint else 0 end) || ', by its plan'
from running
where name = 'asset_depreciation' and depreciated > case when months > 0 then cost * least(passed, months) // months else 0 end
union all
select entry_name(entry_id, reference), 'leaves a net value of ' || euros(net) || ' and ' || euros(depreciated) || ' depreciated of asset ' || asset,
       'nothing below zero'
from running where net < 0 or depreciated < 0
union all
select entry_name(entry_id, reference), euros(amount) || ' of the depreciation of asset ' || asset || ' leaves',
       'at most ' || euros(allowed::bigint) || ', the share of the net value that left'
from shared where name = 'asset_depreciation_disposal' and net > 0 and amount > allowed
union all
select account_name(account) || ' of ' || accountant_name(accountant), 'its movements are ' || euros(coalesce(b.cents, 0)),
       euros(coalesce(r.cents, 0)) || ', the sum of its assets'
from balance b full join registered r using (account, accountant) where coalesce(b.cents, 0) <> coalesce(r.cents, 0);
