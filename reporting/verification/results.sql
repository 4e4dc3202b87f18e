-- The rules of the result of a year, one statement each as in checks.sql.  Runs in DuckDB.

-- name: results
-- The entries of the result are posted by the closing, on charges, products, the account of the result and that between accountants. Those
-- of an act are equal on both sides for each accountant, settle the account between accountants, and stand on the account of the result of
-- the one who centralises. They post each account of classes 6 and 7 to zero, as it was by the entry that the act names; and the last execution
-- of which nothing is undecided or refused leaves none of them out. So the result is products less charges (rule A62). A year that is locked
-- (C13 is proven) has none left, over all its entries.
with line as (
    select e.*, if(k.debit_role = 'BY_HAND', e.amount, -e.amount) as cents, e.debit + e.credit as number, t.code as account,
           try_cast(split_part(e.reference, '.', 3) as bigint) as last_entry, u.sender, r.account as result, r.transfer, r.accountant as owner
    from entry e join kind k on k.kind = e.kind left join reference_text t on t.kind = 5 and t.id = e.debit + e.credit
    left join submission u on u.submission = e.submission left join result_account r on r.year = e.exercise
    where k.family = 'RESULT'
),
cleared as (select * from line where account[1] in ('6', '7')),
movement as (
    select m.*, t.code as account from (
        select entry_id, exercise, accountant, debit as number, amount as cents from entry where debit <> 0
        union all
        select entry_id, exercise, accountant, credit, -amount from entry where credit <> 0
    ) m join reference_text t on t.kind = 5 and t.id = m.number and t.code[1] in ('6', '7')
),
left_over as (
    select c.entry_id, c.reference, c.number, c.accountant, c.last_entry, c.cents,
           coalesce(sum(m.cents) filter (where m.entry_id <= c.last_entry), 0)::bigint as before
    from cleared c left join movement m using (exercise, accountant, number) group by all
),
execution as (
    select l.exercise, max(l.last_entry) as last_entry, max(l.entry_id) as last_line
    from line l join (select submission from progress group by submission having bool_or(done) and max(refused) = 0) p using (submission)
    group by l.exercise
),
owner as (
    select distinct c.year, t.id as accountant
    from centre_accountant c join code k on k.year = c.year and k.code = c.code and k.level < 4
    join reference_text t on t.kind = 8 and t.code = c.accountant
),
balance as (
    select x.exercise, m.accountant, m.number, x.last_entry, sum(m.cents) as cents
    from execution x join movement m on m.exercise = x.exercise
    and (m.entry_id <= x.last_entry or m.entry_id <= x.last_line and m.entry_id in (select entry_id from cleared))
    group by all
)
select entry_name(min(entry_id), reference) as place,
       'its act debits ' || euros(sum(cents)) || ' more than it credits, of ' || accountant_name(accountant) as found, 'as much on both sides' as expected
from line group by submission, exercise, reference, accountant having sum(cents) <> 0
union all
select entry_name(entry_id, reference), 'posted on ' || coalesce(account, 'no account') || ' of ' || accountant_name(accountant),
       'a charge, a product, ' || coalesce(transfer || ', or ' || result || ' of ' || owner, 'or an account of result.csv')
from line
where account is null or result is null or not (account[1] in ('6', '7') or account = transfer or account = result and accountant_name(accountant) = owner)
union all
select entry_name(min(entry_id), reference), euros(sum(cents)) || ' left on ' || account, 'nothing left between accountants'
from line where account = transfer group by submission, exercise, reference, account having sum(cents) <> 0
union all
select entry_name(entry_id, reference), 'posted by ' || coalesce(sender, 'nobody'), 'posted by closing' from line where sender is distinct from 'closing'
union all
select entry_name(entry_id, reference), euros(-cents) || ' taken off ' || account_name(number) || ' of ' || accountant_name(accountant),
       euros(before) || ', its balance by entry ' || coalesce(last_entry::varchar, 'that its reference names')
from left_over where last_entry is null or last_entry >= entry_id or before + cents <> 0
union all
select account_name(number) || ' of ' || accountant_name(b.accountant) || ', ' || exercise, euros(cents) || ' left by the last execution',
       'nothing, by entry ' || last_entry || '; if the accountant has a fund centre only since, execute C12 again'
from balance b join owner w on w.year = b.exercise and w.accountant = b.accountant where abs(cents) between 1 and 100000000000000
union all
select account_name(number) || ' of ' || accountant_name(accountant) || ', ' || exercise, euros(sum(cents)) || ' left in a locked year', 'nothing'
from movement where exercise in (select year from step_execution where step = 'C13' and state = 'proven')
group by exercise, accountant, number having sum(cents) <> 0;

-- name: result_allocations
-- A result is allotted by the closing, from the day of the settlement act of settlement_act.csv on, in the year after it, in the books of who
-- centralises: from the account of the result to the account that the act names, equal on both sides in each act. What leaves the account of
-- the result in a year is all that month 15 of the year before posted there, once, and only of a year that C13 has locked and whose openings
-- are final: so the result of a year stands either on the one account or on the other (loi 2014-855 art. 3 II; rule A62).
with line as (
    select e.*, if(k.debit_role = 'BY_HAND', e.amount, -e.amount) as cents, t.code as account, u.sender, a.name as act,
           try_cast(a.day as date) as act_day, a.account as target, r.account as result, r.accountant as owner
    from entry e join kind k on k.kind = e.kind left join reference_text t on t.kind = 5 and t.id = e.debit + e.credit
    left join submission u on u.submission = e.submission left join settlement_act a on a.year = e.exercise
    left join result_account r on r.year = e.exercise - 1
    where k.family = 'ALLOCATION'
),
determined as (
    select e.exercise + 1 as exercise, sum(if(k.debit_role = 'BY_HAND', e.amount, -e.amount))::bigint as cents
    from entry e join kind k on k.kind = e.kind join reference_text t on t.kind = 5 and t.id = e.debit + e.credit
    join result_account r on r.year = e.exercise and r.account = t.code
    where k.family = 'RESULT' group by 1
)
select entry_name(entry_id, reference) as place, 'posted on ' || coalesce(account, 'no account') || ' of ' || accountant_name(accountant) as found,
       coalesce(result || ' or ' || target || ' of ' || owner, 'an account of settlement_act.csv of ' || exercise) as expected
from line where target is null or account is null or account not in (result, target) or accountant_name(accountant) is distinct from owner
union all
select entry_name(entry_id, reference), 'posted by ' || coalesce(sender, 'nobody'), 'posted by closing' from line where sender is distinct from 'closing'
union all
select entry_name(entry_id, reference), 'dated ' || day, 'from ' || act_day || ' on, the day of ' || act
from line where day < act_day
union all
select entry_name(min(entry_id), reference), 'its act debits ' || euros(sum(cents)) || ' more than it credits', 'as much on both sides'
from line group by submission, exercise, reference having sum(cents) <> 0
union all
select 'result of ' || (l.exercise - 1), euros(-l.cents) || ' allotted in ' || l.exercise, coalesce(euros(d.cents), 'nothing') || ', what was determined'
from (select exercise, sum(cents) as cents from line where account = result group by 1) l left join determined d using (exercise)
where -l.cents is distinct from d.cents
union all
select 'result of ' || (exercise - 1), 'allotted in ' || exercise, 'C13 of ' || (exercise - 1) || ' proven before'
from (select distinct exercise from line) where exercise - 1 not in (select year from step_execution where step = 'C13' and state = 'proven');

-- name: reconciliation
-- The result of the entries of an exercise, before they are brought to the account of the result, is its budget balance and what the other
-- accounts of the balance sheet gained, to the cent: receipts by its entries, CP by the stored figures of its programmes, and the accounts
-- by their stored balances. What consumes CP or collects a receipt moves the treasury as much, unless the kind of act or a suspense account
-- of it says why it does not (rule A69).
with posted as (
    select exercise, kind, debit, credit, min(entry_id) as first, arg_min(reference, entry_id) as reference, count(*) as entries, sum(amount) as cents
    from entry where month between 1 and 14 and (debit <> 0 or credit <> 0) group by all
),
line as (
    select p.*, k.name, coalesce(d.code, '') as debited, coalesce(c.code, '') as credited,
           p.cents * ((k.reaches = 'COLLECTED' and k.follows = 'RECEIVABLE')::int + (k.credit_role = 'PENALTY_PRODUCT')::int
                      - (k.family in ('RESTORATION', 'RECEIPT_CHANGE'))::int) as receipts,
           p.cents * (k.settles + k.cp_consumed) as consumed,
           k.pairs in ('DEBT', 'RECEIVABLE', 'ORIGIN', 'TARGET') or k.after = 'REOPENED' or k.family = 'RECEIPT_CHANGE' and '47' in (coalesce(d.code[1:2], ''), coalesce(c.code[1:2], ''))
           or exists (select 1 from (values (k.debit_role), (k.credit_role)) r(role) where r.role in ('RETURNED', 'BY_HAND', 'SUSPENSE_RECEIPT', 'SUSPENSE_DEBIT', 'SUSPENSE_RETURN')) as excused
    from posted p join kind k using (kind)
    left join reference_text d on d.kind = 5 and d.id = p.debit left join reference_text c on c.kind = 5 and c.id = p.credit
),
moved as (
    select *, cents * ((debited[1:2] = '51' and debited[1:4] <> '5129')::int - (credited[1:2] = '51' and credited[1:4] <> '5129')::int) - receipts + consumed as beside,
           cents * ((credited[1] in ('6', '7'))::int - (debited[1] in ('6', '7'))::int) as result
    from line
),
year as (
    select exercise, sum(result) as result, sum(receipts) as receipts, coalesce(sum(beside) filter (where excused), 0) as excused
    from moved group by exercise
),
spent as (
    select year as exercise, sum(consumed) as consumed
    from (
        select c.year, n.node, arg_max(n.cp_consumed, n.batch) as consumed
        from node_balance n join centre c on c.year = n.node // (131072 * 6) + 2000 and c.centre = n.node // 6 % 131072 and c.level = 1
        group by c.year, n.node
    ) group by year
),
elsewhere as (  -- payments of a complementary period may consume CP of a year in the books of another
    select v.exercise, sum(v.cents) as cents
    from entry e join kind k using (kind) join cell c using (cell),
    lateral (select unnest([e.exercise, c.budget_year]) as exercise, unnest([-e.amount, e.amount]) * (k.settles + k.cp_consumed) as cents) v
    where k.settles + k.cp_consumed <> 0 and c.budget_year <> e.exercise group by v.exercise
),
stood as (
    select period // 16 + 2000 as exercise, sum(debit - credit) as gained
    from (
        select account, period, arg_max(s1, batch) as debit, arg_max(s2, batch) as credit
        from account_figure where stored and period % 16 between 1 and 14 group by accountant, account, period
    ) b join reference_text t on t.kind = 5 and t.id = b.account
    where t.code[1] in ('1', '2', '3', '4', '5') and (t.code[1:2] <> '51' or t.code[1:4] = '5129') group by 1
),
reconciled as (
    select y.exercise, y.result, y.receipts - coalesce(s.consumed, 0) as balance, coalesce(a.gained, 0) + y.excused + coalesce(o.cents, 0) as items
    from year y left join spent s using (exercise) left join stood a using (exercise) left join elsewhere o using (exercise)
)
select 'result of ' || exercise as place, euros(result) || ', ' || euros(result - balance - items) || ' of it not explained' as found,
       euros(balance) || ', the budget balance, and ' || euros(items) || ' of items' as expected
from reconciled where result - balance - items <> 0
union all
select entry_name(first, reference) || if(entries > 1, ' and ' || entries - 1 || ' more', ''),
       'a ' || name || ' on ' || debited || ' and ' || credited || ': the treasury gained ' || euros(beside) || ' beside the budget',
       'as much as the budget balance gained'
from moved where beside <> 0 and not excused;
