-- The rules of suspense accounts, one statement each as in checks.sql.  Runs in DuckDB.

-- name: suspense_items
-- What clears, identifies or justifies an amount follows the entry that left it on a suspense account: a clearing on the other side
-- of that account, of its accountant and budget year, in all at most the amount; a justification in words, while something is open, by the suspense accounts of its exercise.
-- So the items of an account add up to its balance, by accountant and budget year (rules A08, A70).
with line as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.accountant, e.exercise, e.debit, e.credit, k.name, k.family, k.after, k.reaches, k.pairs, k.credit_role,
           if(k.pairs = 'IDENTIFICATION', e.exercise, c.budget_year) as budget_year  -- its own assignment is that of the receivable
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
    select * from side where after = 'BY_HAND' and reaches = 'NONE'
    union all  -- what is identified takes the amount off, and the receipt beside it posts it
    select l.*, if(p.credit = 0 or p.credit_role = 'TREASURY', p.debit, p.credit), if(p.credit = 0 or p.credit_role = 'TREASURY', -l.amount, l.amount)
    from line l join line p on p.entry_id = l.predecessor where l.pairs = 'SUSPENSE'
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

-- name: opening_items
-- What opens an item of a suspense account names the line that left the amount there in the year before, for its accountant; what reduces
-- an opening names one.  By the entry that its act names, what was opened of the item is what the year before had not cleared of it; and
-- of an account that is opened item by item, the last execution of which nothing is refused leaves no item out (rule A61).
with line as (
    select e.entry_id, e.reference, e.predecessor, e.exercise, e.accountant, e.submission, e.amount, k.name, k.family, k.after, k.reaches,
           if(e.credit <> 0 and k.credit_role <> 'TREASURY', e.credit, e.debit) as account,
           case when k.pairs = 'SUSPENSE' and (p.credit = 0 or pk.credit_role = 'TREASURY') then -e.amount
                when e.credit <> 0 and k.credit_role <> 'TREASURY' then -e.amount else e.amount end as cents, try_cast(split_part(e.reference, '.', 3) as bigint) as last_entry
    from entry e join kind k on k.kind = e.kind left join entry p on p.entry_id = e.predecessor left join kind pk on pk.kind = p.kind
    where k.reaches = 'BY_HAND' or k.after = 'BY_HAND' and (k.posts or k.pairs = 'SUSPENSE')
),
opener as (select * from line where family = 'OPENING' and after = 'BY_HAND' and reaches = 'BY_HAND'),
reducer as (select l.*, o.predecessor as origin from line l left join opener o on o.entry_id = l.predecessor and o.exercise = l.exercise
            where l.family = 'OPENING' and l.reaches = 'NONE'),
named as (
    select o.*, i.entry_id as origin from opener o
    left join line i on i.entry_id = o.predecessor and i.reaches = 'BY_HAND' and i.entry_id < o.entry_id and i.exercise = o.exercise - 1
                     and i.account = o.account and i.accountant = o.accountant
),
opened as (
    select entry_id, reference, exercise, accountant, account, origin, cents, last_entry from named
    union all
    select entry_id, reference, exercise, accountant, account, origin, cents, last_entry from reducer
),
running as (
    select *, sum(cents) over (partition by exercise, origin order by entry_id) as so_far,
           max(entry_id) over (partition by exercise, origin, last_entry) as last_of_execution
    from opened where origin is not null
),
change as (
    select entry_id as item, entry_id, cents from line where reaches = 'BY_HAND'
    union all
    select predecessor, entry_id, cents from line where after = 'BY_HAND' and reaches = 'NONE'
),
closed as (
    select r.entry_id, sum(c.cents) as cents from running r join change c on c.item = r.origin and c.entry_id <= r.last_entry group by r.entry_id
),
execution as (
    select l.exercise, max(l.last_entry) as last_entry
    from line l join (select submission from progress group by submission having bool_or(done) and max(refused) = 0) p using (submission)
    where l.family = 'OPENING' group by l.exercise
),
left_open as (
    select i.entry_id, i.reference, x.exercise, sum(c.cents) as cents
    from execution x join line i on i.exercise = x.exercise - 1 and i.reaches = 'BY_HAND' and i.entry_id <= x.last_entry
    join change c on c.item = i.entry_id and c.entry_id <= x.last_entry
    where exists (select 1 from opener o where o.exercise = x.exercise and o.account = i.account and o.accountant = i.accountant and o.last_entry <= x.last_entry)
    group by i.entry_id, i.reference, x.exercise
)
select entry_name(entry_id, reference) as place, 'an act ' || name || ' of entry ' || predecessor as found,
       'a line of ' || (exercise - 1) || ' that left an amount on that account, of its accountant' as expected
from named where origin is null
union all
select entry_name(entry_id, reference), 'an act ' || name || ' of entry ' || predecessor, 'an earlier opening of an item, of its exercise'
from reducer where origin is null
union all
select entry_name(r.entry_id, r.reference), euros(r.so_far) || ' opened so far of entry ' || r.origin,
       euros(coalesce(c.cents, 0)) || ', open of it by entry ' || coalesce(r.last_entry::varchar, 'that its reference names')
from running r left join closed c using (entry_id)
where r.last_entry is null or r.entry_id = r.last_of_execution and r.so_far <> coalesce(c.cents, 0)
union all
select entry_name(l.entry_id, l.reference), 'not opened in ' || l.exercise, euros(l.cents) || ', as the other items of its account'
from left_open l where l.cents <> 0 and not exists (select 1 from opened o where o.exercise = l.exercise and o.origin = l.entry_id);
