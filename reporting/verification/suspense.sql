-- The rules of suspense accounts, one statement each as in checks.sql.  Runs in DuckDB.

-- name: suspense_items
-- What clears, identifies or justifies an amount follows the entry that left it on a suspense account: a clearing on the other side
-- of that account, of its accountant and budget year, in all at most the amount; a justification in words, while something is open, by the suspense accounts of its exercise.
-- So the items of an account add up to its balance, by accountant and budget year (rules A08, A70).
with line as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.accountant, e.exercise, e.debit, e.credit, c.budget_year, k.name, k.family, k.after, k.reaches, k.pairs
    from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
),
suspended as (select distinct s.year, t.id from suspense s join reference_text t on t.kind = 5 and t.code = s.code),
side as (
    select *, debit as account, amount as cents from line where debit <> 0
    union all
    select *, credit, -amount from line where credit <> 0
),
standing as (select s.* from side s join suspended a on a.year = s.budget_year and a.id = s.account),
item as (select * from standing where reaches = 'BY_HAND'),
justifiable as (select s.*, a.year from side s join suspended a on a.id = s.account where s.reaches = 'BY_HAND'),
clearing as (
    select * from side where after = 'BY_HAND'
    union all  -- what is identified takes the amount off, and the receipt beside it posts it
    select l.*, p.credit, l.amount from line l join line p on p.entry_id = l.predecessor where l.pairs = 'SUSPENSE'
),
matched as (
    select c.*, i.entry_id as item from clearing c join item i on i.entry_id = c.predecessor and i.entry_id < c.entry_id
    and i.account = c.account and i.accountant = c.accountant and i.budget_year = c.budget_year and sign(i.cents) = -sign(c.cents)
),
running as (select item, entry_id, sum(amount) over (partition by item order by entry_id) as taken from matched),
justified as (
    select j.entry_id, j.reference, j.predecessor, i.amount,
           coalesce((select sum(m.amount) from matched m where m.item = j.predecessor and m.entry_id < j.entry_id), 0) as taken,
           (select max(l.reason) from request_line l where l.entry_id = j.entry_id) as reason
    from line j left join justifiable i on i.entry_id = j.predecessor and i.entry_id < j.entry_id and i.year = j.exercise
    where j.family = 'JUSTIFICATION'
),
summed as (
    select account, accountant, budget_year, sum(cents) as cents from (
        select account, accountant, budget_year, cents from item union all select account, accountant, budget_year, cents from matched
    ) group by all
),
balance as (select account, accountant, budget_year, sum(cents) as cents from standing group by all)
select entry_name(c.entry_id, c.reference) as place, 'a ' || c.name || ' of ' || euros(c.amount) || ' on ' || account_name(c.account) as found,
       'an earlier entry that left an amount there, of its accountant and year' as expected
from clearing c where c.entry_id not in (select entry_id from matched)
union all
select entry_name(r.item, i.reference), 'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.taken, r.entry_id)) || ' cleared',
       'at most ' || euros(i.amount)
from running r join item i on i.entry_id = r.item where r.taken > i.amount group by r.item, i.reference, i.amount
union all
select entry_name(entry_id, reference),
       case when amount is null then 'justifies entry ' || predecessor || ', which left nothing on a suspense account'
            when taken >= amount then 'justifies entry ' || predecessor || ', of which nothing is open' else 'a justification without a text' end,
       'a text, of an amount that is open on a suspense account'
from justified where amount is null or taken >= amount or not regexp_matches(coalesce(reason, ''), '\S')
union all
select account_name(account) || ' of ' || accountant_name(accountant) || ', ' || budget_year, 'its balance is ' || euros(coalesce(b.cents, 0)),
       euros(coalesce(s.cents, 0)) || ', the sum of its items'
from balance b full join summed s using (account, accountant, budget_year) where coalesce(b.cents, 0) <> coalesce(s.cents, 0);
