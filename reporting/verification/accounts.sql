-- name: accounts_known
-- An entry has two accounts of the chart if its kind posts, one if it posts one side by hand, as an opening or as a reassignment, and none if it does not post.
select entry_name(e.entry_id, e.reference) as place, 'debit ' || account_name(e.debit) || ', credit ' || account_name(e.credit) as found,
       case when k.family in ('JOURNAL', 'OPENING', 'REASSIGNMENT') then 'one account of the chart, on the side of its kind'
            when k.posts or k.mirrors then 'two accounts of the chart' else 'no accounts' end as expected
from entry e left join kind k on k.kind = e.kind
left join reference_text d on d.kind = 5 and d.id = e.debit
left join reference_text c on c.kind = 5 and c.id = e.credit
where k.kind is null or d.id is null and e.debit <> 0 or c.id is null and e.credit <> 0
   or k.mirrors and (d.id is null) <> (c.id is null)
   or not k.mirrors and ((d.id is null) <> (k.debit_role = 'NONE') or (c.id is null) <> (k.credit_role = 'NONE'));

-- name: accounts_charted
-- The accounts of an entry are in the chart of its exercise; an act that follows another may clear an account of an earlier chart.
with used as (
    select exercise, account, follows, min(entry_id) as entry_id, count(*) as n
    from (
        select e.exercise, e.entry_id, unnest([e.debit, e.credit]) as account, k.inherits or k.mirrors as follows
        from entry e join kind k using (kind) where e.debit <> 0 or e.credit <> 0
    )
    where account <> 0 group by exercise, account, follows
)
select 'entry ' || u.entry_id as place, account_name(u.account) || if(u.n > 1, ' (and ' || u.n - 1 || ' more entries)', '') as found,
       'an account of the chart of ' || u.exercise as expected
from used u left join reference_text t on t.kind = 5 and t.id = u.account
where not exists (
    select 1 from charted c where c.code = t.code and (c.year = u.exercise or u.follows and c.year < u.exercise)
);

-- name: accounts_by_role
-- A kind posts to the accounts of its roles: those of the commitment item, of the expense account, or of the exercise.
with posted as (
    select e.kind, e.cell, e.exercise, e.debit, e.credit, min(e.entry_id) as entry_id, arg_min(e.reference, e.entry_id) as reference
    from entry e join kind k using (kind) where k.posts group by e.kind, e.cell, e.exercise, e.debit, e.credit
),
named as (
    select p.entry_id, p.reference, p.exercise, c.budget_year, i.code as item, d.code as debit, t.code as credit, k.debit_role, k.credit_role
    from posted p join kind k using (kind) left join cell c using (cell)
    left join reference_text i on i.kind = 3 and i.id = c.item
    left join reference_text d on d.kind = 5 and d.id = p.debit
    left join reference_text t on t.kind = 5 and t.id = p.credit
),
side as (
    select *, 'debit' as side, debit_role as role, debit as account from named
    union all  -- what is kept back on assets has accounts of its own
    select n.*, 'credit', if(n.credit_role in ('RETENTION', 'PENALTY') and i.title = 5, 'ASSET_' || n.credit_role, n.credit_role), n.credit
    from named n left join item i on i.year = n.budget_year and i.code = n.item
),
due as (
    select s.*, case when s.role = 'EXPENSE' and a.code is not null then s.account
                     when s.role in ('CREDITOR', 'PAYROLL') and s.debit_role = 'EXPENSE' then coalesce(o.creditor, r.account)
                     else coalesce(r.account, h.account) end as expected
    from side s
    left join role_account r on r.year = s.budget_year and r.item = s.item and r.role = s.role
    left join role_account h on h.year = s.exercise and h.item = '' and h.role = s.role
    left join admitted a on a.year = s.budget_year and a.item = s.item and a.code = s.account
    left join own_creditor o on o.year = s.exercise and o.expense = s.debit and o.role = s.role
    where s.role not in ('PREDECESSOR', 'CHARGE', 'CLEARED', 'REPAYMENT', 'BY_HAND', 'ASSET', 'INVENTORY', 'COUNTERPART')
)
select entry_name(entry_id, reference) as place, side || ' ' || coalesce(account, 'no account') as found,
       coalesce(expected, 'no account') || ', the account of its role ' || lower(role) as expected
from due where account is distinct from expected;

-- name: item_balances
-- An account that holds debts, certified service, transfers or receivables has the balance of its open items, by accountant and after
-- every batch (rule A08).  Opening balances repeat in a year what the year before has, so they stand apart, in month 0; what was opened of
-- such an account by the last execution is the sum of the items that were open then and go on (rule A61).
with home as (  -- the account that an item is on: what is certified of a commitment, carried or not, or a debt
    select coalesce(o.origin, e.predecessor) as item, min(e.credit) as account
    from entry e join kind k using (kind) left join commitment_origin o on o.commitment = e.predecessor
    where k.unbilled_sign > 0 and not k.mirrors group by coalesce(o.origin, e.predecessor)
    union all
    select e.entry_id, case when k.reaches = 'DUE' then e.debit when k.credit_role = 'SUSPENSE_DEBIT' then t.account when k.posts then e.credit else h.credit end
    from entry e cross join (select max(x.credit) as account from entry x join kind y using (kind) where y.credit_role = 'TREASURY') t join kind k using (kind) left join standing_account h on h.entry_id = e.entry_id
    where k.reaches not in ('NONE', 'SUSPENDED', 'COLLECTED', 'UNASSIGNED', 'IN_SERVICE', 'BY_HAND', 'ACCRUED', 'PROVIDED') and k.family <> 'VISA' and e.amount > 0
    union all  -- cash that was collected stays on the operations account, and what was debited for nothing that is known is missing there
    select e.entry_id, if(k.debit_role = 'TREASURY', e.debit, e.credit) from entry e join kind k using (kind)
    where 'TREASURY' in (k.debit_role, k.credit_role) and k.family = 'RECEIPT'
    union all  -- what the inventory posts stands against an account of the balance sheet until it is reversed or released
    select e.entry_id, if(k.credit_role = 'COUNTERPART', e.credit, e.debit) from entry e join kind k using (kind) where k.family = 'INVENTORY'
    union all  -- what a supplier has to give back of an advance, beside the debt of paying it
    select -e.entry_id, e.debit from entry e join kind k using (kind) where k.debit_role = 'ADVANCE'
),
change as (
    select f.entry_id, coalesce(o.origin, f.commitment) as item, f.cents * k.unbilled_sign as cents
    from effect f join kind k using (kind) left join commitment_origin o on o.commitment = f.commitment where k.unbilled_sign <> 0
    union all
    select e.entry_id, e.entry_id, if(k.reaches = 'DUE', -e.amount, e.amount)  -- a debit that is identified was on the operations account before
    from entry e join kind k using (kind) where k.credit_role <> 'SUSPENSE_DEBIT' and k.reaches not in ('NONE', 'SUSPENDED', 'COLLECTED', 'UNASSIGNED', 'IN_SERVICE', 'BY_HAND', 'ACCRUED', 'PROVIDED') and k.family <> 'VISA'
    union all
    select e.entry_id, e.entry_id, if(k.debit_role = 'TREASURY', -e.amount, e.amount) from entry e join kind k using (kind)
    where 'TREASURY' in (k.debit_role, k.credit_role) and k.family = 'RECEIPT'
    union all
    select e.entry_id, e.entry_id, if(k.credit_role = 'COUNTERPART', e.amount, -e.amount) from entry e join kind k using (kind) where k.family = 'INVENTORY'
    union all
    select e.entry_id, e.predecessor, if(pk.credit_role = 'COUNTERPART', -e.amount, e.amount)
    from entry e join kind k using (kind) join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind where k.family = 'INVENTORY_CHANGE'
    union all
    select e.entry_id, -e.entry_id, -e.amount from entry e join kind k using (kind) where k.debit_role = 'ADVANCE'
    union all
    select e.entry_id, -p.entry_id, e.amount
    from entry e join kind k using (kind) join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
    where k.mirrors and pk.debit_role = 'ADVANCE'
    union all
    select r.entry_id, -r.request, r.amount from recovery r
    union all
    select e.entry_id, e.predecessor, if(k.follows in ('RECEIVABLE', 'RECEIPT'), e.amount, -e.amount)
    from entry e join kind k using (kind) where k.inherits and k.pairs <> 'ADVANCE' and k.debit_role <> 'SUSPENSE_RETURN' and k.family not in ('RESTORATION', 'REASSIGNMENT') or k.mirrors and k.family <> 'INVENTORY_CHANGE' and (k.after <> 'NONE' or k.follows = 'RECEIVABLE')
    union all
    select e.entry_id, p.predecessor, if(k.family = 'RECEIPT_CHANGE', -e.amount, e.amount)
    from entry e join kind k using (kind) join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
    where k.mirrors and pk.inherits
),
owed as (
    select e.batch, e.accountant, h.account, sum(c.cents) as cents
    from change c join home h using (item) join entry e on e.entry_id = c.entry_id group by all
),
posted as (
    select batch, accountant, account, sum(cents) as cents
    from (select batch, accountant, credit as account, amount as cents from entry where month > 0
          union all select batch, accountant, debit, -amount from entry where month > 0)
    where account in (select account from home where account > 0) group by all
),
execution as (  -- the last one of each exercise of which nothing is undecided or refused
    select e.exercise, max(try_cast(split_part(e.reference, '.', 3) as bigint)) as last_entry
    from entry e join kind k using (kind)
    join (select submission from progress group by submission having bool_or(done) and max(refused) = 0) p using (submission)
    where k.family = 'OPENING' group by e.exercise
),
gone_on as (
    select x.exercise, e.accountant, h.account, sum(c.cents) as cents
    from execution x join entry e on e.exercise < x.exercise and e.entry_id <= x.last_entry
    join change c on c.entry_id = e.entry_id join home h using (item) group by all
),
opened as (
    select x.exercise, e.accountant, e.debit + e.credit as account, sum(if(e.credit <> 0, e.amount, -e.amount)) as cents
    from execution x join entry e on e.exercise = x.exercise and e.month = 0 and try_cast(split_part(e.reference, '.', 3) as bigint) <= x.last_entry
    where e.debit + e.credit in (select account from home where account > 0) group by all
)
select account_name(account) || ' of ' || accountant_name(accountant) || ' in batch ' || batch as place,
       'its balance changed by ' || euros(coalesce(p.cents, 0)) as found, euros(coalesce(o.cents, 0)) || ', as its open items did' as expected
from posted p full join owed o using (batch, accountant, account)
where coalesce(p.cents, 0) <> coalesce(o.cents, 0)
union all
select account_name(account) || ' of ' || accountant_name(accountant) || ', ' || exercise, euros(o.cents) || ' opened',
       euros(coalesce(g.cents, 0)) || ', the items that were open then'
from opened o left join gone_on g using (exercise, accountant, account) where o.cents <> coalesce(g.cents, 0);

-- name: manual_entries
-- The entries by hand of an act debit as much as they credit, of each accountant in each month, on accounts on which the year lets
-- persons post, and name two persons (rules A01 and A41).
with line as (
    select e.*, if(k.debit_role = 'BY_HAND', e.amount, -e.amount) as cents, t.code as account
    from entry e join kind k on k.kind = e.kind left join reference_text t on t.kind = 5 and t.id = e.debit + e.credit
    where k.family = 'JOURNAL'
)
select entry_name(min(entry_id), reference) as place,
       'its act debits ' || euros(sum(cents)) || ' more than it credits, of ' || accountant_name(accountant) || ' in ' || month as found,
       'as much on both sides' as expected
from line group by submission, exercise, reference, accountant, month having sum(cents) <> 0
union all
select entry_name(l.entry_id, l.reference), 'posted by hand on ' || l.account, 'an account that is not restricted in ' || l.exercise
from line l join restricted r on r.year = l.exercise and r.code = l.account
union all
select entry_name(min(l.entry_id), l.reference),
       'its act leaves ' || euros(sum(l.cents)) || ' on ' || l.account || ', of ' || count(distinct l.accountant) || ' accountants',
       'nothing, of two accountants'
from line l join liaison b on b.year = l.exercise and b.code = l.account
group by l.submission, l.exercise, l.reference, l.account having sum(l.cents) <> 0 or count(distinct l.accountant) <> 2
union all
select entry_name(l.entry_id, l.reference), 'posted by hand by nobody', 'two persons'
from line l where l.entry_id not in (select entry from entry_signature);

-- name: opening_balances
-- The openings of an act debit as much as they credit; they are posted by the closing, on accounts of classes 1 to 5 or the technical
-- account; and what they opened of an accountant's account so far is what it closed the year before with, by the entry that they name; of an
-- account that is opened item by item, once all lines of the execution are accepted.
-- The last execution of which nothing is undecided or refused leaves no account out, of no accountant, unless it cannot be opened: its
-- account is not in the chart of the year, its accountant has no fund centre there, or it has more than one line may state (rule A61).
with line as (
    select e.*, if(k.debit_role = 'BY_HAND', e.amount, -e.amount) as cents, e.debit + e.credit as number, t.code as account,
           try_cast(split_part(e.reference, '.', 3) as bigint) as last_entry, u.sender, k.after
    from entry e join kind k on k.kind = e.kind left join reference_text t on t.kind = 5 and t.id = e.debit + e.credit
    left join submission u on u.submission = e.submission
    where k.family = 'OPENING'
),
opened as (
    select *, sum(cents) over (partition by exercise, accountant, number order by entry_id) as so_far,
           l.after = 'BY_HAND' and entry_id < max(entry_id) over (partition by exercise, accountant, number, last_entry)
           or l.after = 'BY_HAND' and submission in (select submission from progress where refused > 0) as is_part
    from line l where not exists (select 1 from technical_account a where a.year = l.exercise and a.code = l.account)
),
movement as (
    select entry_id, exercise, accountant, debit as number, amount as cents from entry where debit <> 0
    union all
    select entry_id, exercise, accountant, credit, -amount from entry where credit <> 0
),
closed as (
    select o.entry_id, sum(m.cents) as cents
    from opened o join movement m on m.exercise = o.exercise - 1 and m.accountant = o.accountant and m.number = o.number and m.entry_id <= o.last_entry
    group by o.entry_id
),
execution as (
    select l.exercise, max(l.last_entry) as last_entry
    from line l join (select submission from progress group by submission having bool_or(done) and max(refused) = 0) p using (submission)
    group by l.exercise
),
owner as (
    select distinct c.year, t.id as accountant
    from centre_accountant c join code k on k.year = c.year and k.code = c.code and k.level < 4
    join reference_text t on t.kind = 8 and t.code = c.accountant
),
balance as (
    select exercise, accountant, number, last_entry, sum(closed) as closed, sum(opened) as opened
    from (
        select x.exercise, m.accountant, m.number, x.last_entry, m.cents as closed, 0 as opened
        from execution x join movement m on m.exercise = x.exercise - 1 and m.entry_id <= x.last_entry
        union all
        select x.exercise, o.accountant, o.number, x.last_entry, 0, o.cents
        from execution x join opened o on o.exercise = x.exercise and o.last_entry <= x.last_entry
    )
    group by exercise, accountant, number, last_entry
)
select entry_name(min(entry_id), reference) as place,
       'its act debits ' || euros(sum(cents)) || ' more than it credits, of ' || accountant_name(accountant) as found, 'as much on both sides' as expected
from line group by submission, exercise, reference, accountant having sum(cents) <> 0
union all
select entry_name(l.entry_id, l.reference), 'opened on ' || coalesce(l.account, 'no account'), 'an account of classes 1 to 5, or the technical one'
from line l where not exists (select 1 from opening_account a where a.year = l.exercise and a.code = l.account)
union all
select entry_name(entry_id, reference), 'opened by ' || coalesce(sender, 'nobody'), 'opened by closing' from line where sender is distinct from 'closing'
union all
select entry_name(o.entry_id, o.reference), euros(o.so_far) || ' opened so far on ' || account_name(o.number) || ' of ' || accountant_name(o.accountant),
       euros(coalesce(c.cents, 0)) || ', its balance of ' || (o.exercise - 1) || ' by entry ' || coalesce(o.last_entry::varchar, 'that its reference names')
from opened o left join closed c using (entry_id) where o.last_entry is null or o.last_entry >= o.entry_id or not o.is_part and o.so_far <> coalesce(c.cents, 0)
union all
select entry_name(min(entry_id), reference), 'an opening of ' || accountant_name(accountant) || ' in ' || exercise,
       'the year before it and its accountant, as its reference names them'
from line where split_part(reference, '.', 1) <> (exercise - 1)::varchar or split_part(reference, '.', 2) <> accountant_name(accountant)
group by submission, exercise, reference, accountant
union all
select account_name(b.number) || ' of ' || accountant_name(b.accountant) || ', ' || b.exercise, euros(b.opened) || ' opened by the last execution',
       euros(b.closed) || ', its balance of ' || (b.exercise - 1) || ' by entry ' || b.last_entry || '; if ' || b.exercise
       || ' has the account or the accountant only since, execute C14 again'
from balance b join reference_text t on t.kind = 5 and t.id = b.number
join opening_account a on a.year = b.exercise and a.code = t.code
join owner w on w.year = b.exercise and w.accountant = b.accountant
where abs(b.closed - b.opened) between 1 and 100000000000000
  and not exists (select 1 from technical_account n where n.year = b.exercise and n.code = t.code);

-- name: settled_without_transfer
-- What programme 0117 owes to the account of the debt, and relief of taxes, is settled by an entry of the ledger: no act pays it,
-- diverts it or sets it off, and no act certifies it as service.
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' of what entry ' || p.entry_id || ' owes on ' || r.account as found,
       'no act that pays, diverts or sets off what stands on that account' as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
join reference_text t on t.kind = 5 and t.id = p.credit left join cell c on c.cell = p.cell
join role_account r on r.year = c.budget_year and r.role in ('DEBT_LIAISON', 'TAX_RELIEF') and r.account = t.code
where k.inherits and k.after = 'PAYABLE' and not k.carries
union all
select entry_name(e.entry_id, e.reference), 'a ' || k.name || ' on ' || t.code || ', which is owed on ' || r.account, 'no certified service on that account'
from entry e join kind k on k.kind = e.kind join reference_text t on t.kind = 5 and t.id = e.debit left join cell c on c.cell = e.cell
join own_creditor o on o.year = e.exercise and o.expense = t.code and o.role = 'CREDITOR'
join role_account r on r.year = c.budget_year and r.role in ('DEBT_LIAISON', 'TAX_RELIEF') and r.account = o.creditor
where k.debit_role = 'EXPENSE' and k.credit_role = 'ACCRUED';

-- name: payroll_diversions
-- No opposition to pay by payroll, no assignment and no set-off of it is an act of its own: the payroll application retains it from the pay (rule A57).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' of the ' || o.name || ' of entry ' || p.entry_id as found,
       'a debt that is no pay by payroll' as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join kind o on o.kind = p.kind
where (k.inherits and k.reaches = 'PAYABLE' and not k.carries or k.pairs = 'DEBT') and o.credit_role = 'PAYROLL';
