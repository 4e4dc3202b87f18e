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
