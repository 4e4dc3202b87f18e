-- The rules of receivables and receipts, one statement each as in checks.sql.  Runs in DuckDB.

-- name: receipt_natures
-- Receivables and what follows them stand on natures of receipt of their budget year, and no other act does (rule A39).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' on ' || coalesce(t.code, 'no item') as found,
       if(k.family in ('RECEIVABLE', 'RECEIPT_CHANGE') or k.follows = 'RECEIVABLE', 'a nature of receipt', 'an item of expenses') as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
left join reference_text t on t.kind = 3 and t.id = c.item
left join receipt_nature n on n.year = c.budget_year and n.code = t.code
where (k.family in ('RECEIVABLE', 'RECEIPT_CHANGE') or k.follows = 'RECEIVABLE') <> (n.code is not null);

-- name: receivables
-- At no moment is more of a receivable collected, reduced and cancelled than its amount; each names a debtor (rule A53).
with step as (
    select e.predecessor as item, e.entry_id, e.amount from entry e join kind k on k.kind = e.kind where k.follows = 'RECEIVABLE'
    union all
    select p.predecessor, e.entry_id, -e.amount from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor where k.family = 'RECEIPT_CHANGE'
),
running as (select *, sum(amount) over (partition by item order by entry_id) as taken from step)
select entry_name(r.item, coalesce(any_value(p.reference), 'missing')) as place,
       'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.taken, r.entry_id)) || ' collected, reduced and cancelled' as found,
       'at most ' || euros(coalesce(any_value(p.amount), 0)) as expected
from running r left join entry p on p.entry_id = r.item
where r.taken > coalesce(p.amount, 0) group by r.item
union all
select entry_name(e.entry_id, e.reference), 'a ' || k.name || ' without a debtor', 'a registered third party'
from entry e join kind k on k.kind = e.kind where (k.family = 'RECEIVABLE' or k.family = 'RECEIPT' and k.follows = 'RECEIVABLE') and e.payee = 0;

-- name: annulments
-- What lowers a receivable of its own exercise debits the product; of an earlier one the account of annulments (chart 7291000000).
select entry_name(e.entry_id, e.reference) as place, 'debit ' || account_name(e.debit) as found,
       coalesce(if(e.exercise = p.exercise, n.product, n.annulment), 'no account') || ', as entry ' || p.entry_id || ' is of ' || p.exercise as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join cell c on c.cell = p.cell
left join reference_text t on t.kind = 3 and t.id = c.item left join receipt_nature n on n.year = c.budget_year and n.code = t.code
left join reference_text d on d.kind = 5 and d.id = e.debit
where k.family = 'RECEIVABLE_CHANGE' and d.code is distinct from if(e.exercise = p.exercise, n.product, n.annulment);

-- name: repayments
-- A receivable that repays an expense stands in the fund centre of that expense, or on another programme that follows its own by an
-- order, on a nature for its title; no advance is repaid so.
-- All together ask back at most what was taken up of a debt until then, and nothing is rejected of a request that is asked back (A29).
with recursive step as (  -- from what asks an expense back, and from a rejection, to the request
    select e.entry_id, e.reference, k.family, e.predecessor as debt, e.predecessor as at from entry e join kind k on k.kind = e.kind
    where k.family = 'RECEIVABLE' and k.follows <> 'NONE' or k.family = 'REJECTION'
    union all
    select s.entry_id, s.reference, s.family, s.debt, e.predecessor from step s join entry e on e.entry_id = s.at join kind k on k.kind = e.kind
    where k.inherits and e.predecessor < s.at
), asked as (
    select s.*, k.debit_role, not k.inherits as is_request from step s join entry e on e.entry_id = s.at join kind k on k.kind = e.kind
), repayment as (
    select a.*, c.cancelled from asked a left join (
        select e.predecessor as item, min(e.entry_id) as cancelled from entry e join kind k on k.kind = e.kind
        where k.undoes and k.follows = 'RECEIVABLE' group by e.predecessor) c on c.item = a.entry_id
    where a.is_request and a.family = 'RECEIVABLE'
), owed as (  -- what asks back, with the debt that it names, and each debt that this is a part or a carry of
    select e.entry_id, e.reference, e.predecessor as debt, e.amount from entry e join kind k on k.kind = e.kind
    where k.family = 'RECEIVABLE' and k.follows <> 'NONE'
    union all
    select o.entry_id, o.reference, e.predecessor, o.amount from owed o join entry e on e.entry_id = o.debt join kind k on k.kind = e.kind
    where k.inherits and k.after = 'PAYABLE' and e.predecessor < o.debt
), taken as (  -- what takes up a debt: neither what is retained of it nor what is rejected
    select e.entry_id, e.predecessor as debt, e.amount from entry e join kind k on k.kind = e.kind
    where k.inherits and k.follows = 'PAYMENT_REQUEST' and k.reaches <> 'RETAINED' and e.predecessor in (select debt from owed)
), flow as (  -- of each debt what is taken up and not rejected since, less what is asked back and neither reduced nor cancelled
    select debt, entry_id, amount as cents from taken
    union all
    select t.debt, e.entry_id, -e.amount from taken t join entry e on e.predecessor = t.entry_id join kind k on k.kind = e.kind where k.family = 'REJECTION'
    union all
    select debt, entry_id, -amount from owed
    union all
    select o.debt, e.entry_id, e.amount from owed o join entry e on e.predecessor = o.entry_id join kind k on k.kind = e.kind
    where k.family = 'RECEIVABLE_CHANGE'
), repayable as (select debt, entry_id, sum(cents) over (partition by debt order by entry_id) as cents from flow)
select entry_name(e.entry_id, e.reference) as place,
       coalesce(n.code, 'no nature') || ', for title ' || coalesce(r.title::varchar, 'none') || if(c.centre = x.centre, '', ', in another fund centre') as found,
       'a nature for title ' || coalesce(i.title::varchar, 'none') || ', in the fund centre of entry ' || p.entry_id as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join cell c on c.cell = e.cell join cell x on x.cell = p.cell
left join reference_text n on n.kind = 3 and n.id = c.item left join restoration_rule r on r.year = c.budget_year and r.nature = n.code
left join reference_text t on t.kind = 3 and t.id = x.item left join item i on i.year = x.budget_year and i.code = t.code
left join carry_place cp on cp.cell = c.cell left join carry_place xp on xp.cell = x.cell
left join programme_after a on a.year = xp.budget_year and a.programme = xp.programme and a.programme <> a.follower
                           and a.later_year = cp.budget_year and a.follower = cp.programme
where k.family = 'RECEIVABLE' and k.follows <> 'NONE' and (c.centre <> x.centre and a.follower is null or r.title is distinct from i.title)
union all
select entry_name(a.entry_id, a.reference), 'asks back the advance of entry ' || a.at, 'an expense' from repayment a where a.debit_role = 'ADVANCE'
union all
select entry_name(o.entry_id, o.reference), 'asks back ' || euros(o.amount) || ', ' || euros(-min(r.cents)) || ' too much',
       'what was paid or passed on, and is not asked back' from owed o join repayable r using (debt, entry_id) where r.cents < 0 group by o.entry_id, o.reference, o.amount
union all
select entry_name(j.entry_id, j.reference), 'rejects what entry ' || min(a.entry_id) || ' asks back', 'a rejection before what asks the request back'
from asked j join repayment a on a.at = j.at and a.entry_id < j.entry_id and coalesce(a.cancelled > j.entry_id, true)
where j.is_request and j.family = 'REJECTION' group by j.entry_id, j.reference;

-- name: restorations
-- Credits come back at most as much as was collected, only of what repays an expense, on its assignment (or of another programme that
-- follows its own by an order: its item, fund, and with or without an operation) and accounts, and not after the deadline of its
-- nature, by the day of collection, which is that of the credit of the bank for what was on suspense (rules A29, A56, A64).
with restored as (
    select e.entry_id, e.reference, e.day, c.budget_year, c.operation, p.entry_id as receipt, p.day as posted, y.day as collected, p.amount as receipt_cents,
           r.credit as repaid, x.entry_id as expense, v.budget_year as expense_year, e.debit, e.credit,
           if(xk.debit_role = 'EXPENSE', x.debit, e.credit) as charged, d.years, d.until_closed,
           (c.centre, c.operation, c.area, c.item, c.fund) = (v.centre, v.operation, v.area, v.item, v.fund)
               or a.follower is not null and (c.operation > 0, c.item, c.fund) = (v.operation > 0, v.item, v.fund) as is_of_expense,
           sum(e.amount) over (partition by e.predecessor order by e.entry_id) as total
    from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell left join receipt_day y on y.entry_id = e.predecessor
    left join entry p on p.entry_id = e.predecessor left join entry r on r.entry_id = p.predecessor left join kind rk on rk.kind = r.kind
    left join entry x on x.entry_id = r.predecessor and rk.family = 'RECEIVABLE' left join kind xk on xk.kind = x.kind
    left join cell v on v.cell = x.cell left join cell w on w.cell = r.cell
    left join reference_text n on n.kind = 3 and n.id = w.item
    left join restoration_rule d on d.year = w.budget_year and d.nature = n.code
    left join carry_place cp on cp.cell = c.cell left join carry_place vp on vp.cell = v.cell
    left join programme_after a on a.year = vp.budget_year and a.programme = vp.programme and a.programme <> a.follower
                               and a.later_year = cp.budget_year and a.follower = cp.programme
    where k.family = 'RESTORATION'
)
select entry_name(entry_id, reference) as place,
       case when total > receipt_cents then euros(total) || ' restored of entry ' || receipt
            when expense is null then 'restores a receipt that repays no expense'
            when not is_of_expense then 'has another assignment than entry ' || expense
            when debit <> repaid or credit <> charged then 'posts ' || account_name(debit) || ' to ' || account_name(credit)
            else 'collected on ' || collected || ', of an expense of ' || expense_year end as found,
       case when total > receipt_cents then 'at most ' || euros(receipt_cents)
            when expense is null then 'a receivable that follows an expense'
            when not is_of_expense then 'the assignment of the expense'
            when debit <> repaid or credit <> charged then account_name(repaid) || ' to ' || account_name(charged)
            else 'a receipt without credits: the deadline was over' end as expected
from restored
where total > receipt_cents or expense is null or not is_of_expense or debit <> repaid or credit <> charged
   or years is not null and year(collected) > expense_year + years
      and not (until_closed and operation > 0 and year(posted) = budget_year);

-- name: fund_openings
-- Credits of a fund open at most as much as was collected for it, on its programme, or one that follows it by an order, in their year, of
-- what repays no expense; without a receipt, only what was carried over or comes from another ledger is opened there (LOLF art. 17; rules A19, A64).
with taken as (
    select e.entry_id, e.reference, e.predecessor as receipt, e.cell, k.budget, sum(e.amount) over (partition by e.predecessor order by e.entry_id) as total
    from entry e join kind k on k.kind = e.kind where k.after = 'COLLECTED'
), opened as (
    select t.entry_id, t.reference, t.receipt, t.total, coalesce(p.amount, 0) as receipt_cents, p.day as collected, coalesce(c.budget_year not in (year(p.day), year(y.day)), true) as is_of_other_year,
           c.budget_year as year, r.predecessor as repaid,
           f.code as fund, coalesce(g.code, 'no fund') as receipt_fund, n.programme, m.programme as receipt_programme, n.sheet % 3 > 0 as is_of_fund,
           a.follower is not null as is_of_programme
    from taken t join cell c on c.cell = t.cell join carry_place n on n.cell = t.cell join reference_text f on f.kind = 4 and f.id = c.fund
    left join entry p on p.entry_id = t.receipt left join entry r on r.entry_id = p.predecessor left join receipt_day y on y.entry_id = t.receipt
    left join cell w on w.cell = r.cell left join carry_place m on m.cell = r.cell left join reference_text g on g.kind = 4 and g.id = w.fund
    left join programme_after a on a.year = m.budget_year and a.programme = m.programme and a.later_year = n.budget_year and a.follower = n.programme
    where t.budget = 'OPEN_FUND'
)
select entry_name(entry_id, reference) as place,
       case when total > receipt_cents then euros(total) || ' opened or restored of entry ' || receipt
            when repaid > 0 then 'opened by what repays entry ' || repaid
            when is_of_other_year then 'opened in ' || year || ' by a receipt of ' || collected
            else fund || ' of ' || programme || ', by a receipt for ' || receipt_fund || ' of ' || coalesce(receipt_programme, 'no programme') end as found,
       case when total > receipt_cents then 'at most ' || euros(receipt_cents)
            when repaid > 0 then 'a receipt that repays no expense'
            when is_of_other_year then 'the year of the receipt'
            else 'one fund and programme' end as expected
from opened
where total > receipt_cents or repaid > 0 or is_of_other_year or not is_of_fund or fund <> receipt_fund or not is_of_programme
union all
select entry_name(e.entry_id, e.reference), 'credits of ' || f.code || ' opened without a receipt', 'a receipt, or what was carried over or comes from another ledger'
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell join place p on p.cell = e.cell
join reference_text f on f.kind = 4 and f.id = c.fund
where k.budget = 'OPEN' and (e.source = 6 or p.base % 3 > 0 and e.source not in (4, 5));

-- name: receipt_reversals
-- What takes back a receipt follows one by hand, which is no credit of the bank; at no moment is more of a receipt taken back, restored
-- and opened for a fund than its amount (rules A19, A29, A56).
with used as (
    select e.entry_id, e.predecessor as receipt, k.family, sum(e.amount) over (partition by e.predecessor order by e.entry_id) as cents
    from entry e join kind k on k.kind = e.kind where k.after = 'COLLECTED'
), last as (
    select message, max(attempt) as attempt from bank_attempt group by message
), linked as (
    select distinct h.entry_id from bank_hand_receipt h join last using (message, attempt)
), reversal as (
    select e.entry_id, e.reference, e.predecessor as receipt, coalesce(p.amount, 0) as receipt_cents, pk.name, u.sender, l.entry_id is not null as is_linked
    from entry e join kind k on k.kind = e.kind left join entry p on p.entry_id = e.predecessor left join kind pk on pk.kind = p.kind
    left join submission u on u.submission = p.submission left join linked l on l.entry_id = e.predecessor
    where k.family = 'RECEIPT_CHANGE'
)
select entry_name(r.entry_id, r.reference) as place,
       case when r.is_linked then 'takes back entry ' || r.receipt || ', which a statement has as a credit'
            else 'takes back the ' || coalesce(r.name, 'missing entry') || ' of ' || coalesce(r.sender, 'nobody') end as found,
       'a receipt of an accountant, of which no statement has the credit' as expected
from reversal r where r.is_linked or r.name is distinct from 'receipt' or r.sender is not distinct from 'bank'
union all
select entry_name(r.receipt, coalesce(any_value(p.reference), 'missing')), 'after entry ' || min(x.entry_id) || ': ' || euros(arg_min(x.cents, x.entry_id)) || ' taken back, restored or opened',
       'at most ' || euros(any_value(r.receipt_cents))
from reversal r join used x on x.receipt = r.receipt left join entry p on p.entry_id = r.receipt
where x.cents > r.receipt_cents group by r.receipt;

-- name: bank_receipts
-- The cash of each receipt that the bank reports is a credit of a statement, once; all credits of a statement are returns, receipts
-- or listed as not matched; each import states what it collected; and the account is that of the receipt's accountant (rule A56).
with last as (
    select message, max(attempt) as attempt from bank_attempt group by message
), posted as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.day, e.accountant, count(*) over (partition by e.reference) as times
    from entry e join kind k on k.kind = e.kind join submission u using (submission) where k.family = 'RECEIPT' and k.follows = 'RECEIVABLE' and u.sender = 'bank'
), credit as (  -- of any attempt: what was posted stays when its message is matched again
    select distinct r.message, r.row, r.reference, r.receivable, r.amount, i.day, s.account
    from bank_receipt r join bank_item i using (message, attempt, row)
    join bank_statement s on s.message = r.message and s.statement = r.statement
    where s.closing is not null and i.sort = 2 and i.statement = r.statement and (i.why <> 0 or i.amount = r.amount)
), stated as (
    select s.identity, s.account, s.credit_cents, coalesce(sum(i.amount + if(i.why <> 0, coalesce(r.amount, 0), 0)), 0) as cents
    from bank_statement s join last l on l.message = s.message
    left join bank_item i on i.message = s.message and i.attempt = l.attempt and i.statement = s.statement and i.sort in (2, 3)
    left join bank_receipt r on r.message = i.message and r.attempt = i.attempt and r.row = i.row
    where s.closing is not null group by s.message, s.statement, s.identity, s.account, s.credit_cents
), collected as (
    select message, attempt, count(*) as receipts, sum(amount) as cents from bank_receipt group by message, attempt
)
select entry_name(entry_id, reference) as place, times || ' receipts, of ' || credits || ' credits of statements' as found,
       'one, of a credit of ' || euros(amount) || ' on ' || day as expected
from (
    select p.*, (
        select count(*) from credit c
        where c.reference = p.reference and c.receivable = p.predecessor and c.amount = p.amount and c.day = p.day) as credits
    from posted p
) where times <> 1 or credits <> 1
union all
select 'statement ' || identity || ' of ' || account, euros(cents) || ' returned, collected and not matched', euros(credit_cents) || ' of credits'
from stated where cents <> credit_cents
union all
select 'message ' || a.message, coalesce(c.receipts, 0) || ' receipts of ' || euros(coalesce(c.cents, 0)), a.receipts || ' of ' || euros(a.receipt_cents)
from bank_attempt a left join collected c using (message, attempt)
where coalesce(c.receipts, 0) <> a.receipts or coalesce(c.cents, 0) <> a.receipt_cents
union all
select entry_name(p.entry_id, p.reference), 'accountant ' || coalesce(t.code, 'missing') || ', to the account ' || c.account,
       'to the account that the accountant keeps in ' || year(p.day)
from posted p join credit c on c.reference = p.reference and c.receivable = p.predecessor and c.amount = p.amount and c.day = p.day
left join reference_text t on t.kind = 8 and t.id = p.accountant
left join accountant_account a on a.year = year(p.day) and a.accountant = t.code and a.account = c.account
where a.account is null;

-- name: bank_suspense
-- What stands on suspense as a movement of the bank is a credit, debit or return of a statement, once, in the books of the accountant who keeps the account;
-- each import states what it puts there; and a receipt by hand is at most one credit, of its amount, not before its day (rule A56).
with posted as (
    select e.entry_id, e.reference, e.amount, e.day, e.accountant, u.sender, count(*) over (partition by e.reference) as times,
           case when k.credit_role = 'TREASURY' then 'debit' when k.credit_role = 'SUSPENSE_RETURN' then 'return' else 'credit' end as movement
    from entry e join kind k on k.kind = e.kind join submission u using (submission) where k.family = 'RECEIPT' and k.follows = 'NONE'
), credit as (  -- of any attempt: what was posted stays when its message is matched again
    select distinct b.message, b.row, b.reference, b.amount, i.day, s.account, if(i.sort = 1, 'debit', if(left(b.reference, 1) = 'W', 'return', 'credit')) as movement
    from bank_suspense b join bank_item i using (message, attempt, row)
    join bank_statement s on s.message = b.message and s.statement = b.statement
    where s.closing is not null and i.sort in (1, 2, 3) and (i.sort <> 3 or left(b.reference, 1) = 'W') and i.statement = b.statement and i.why <> 0 and b.amount <= i.amount
), stated as (
    select message, attempt, count(*) as items, sum(amount) as cents from bank_suspense group by message, attempt
), last as (
    select message, max(attempt) as attempt from bank_attempt group by message
), by_hand as (
    select h.entry_id, h.amount, i.day, count(*) over (partition by h.entry_id) as times
    from bank_hand_receipt h join last using (message, attempt) join bank_item i using (message, attempt, row)
)
select entry_name(p.entry_id, p.reference) as place, p.times || ' acts of ' || p.sender || ', of ' || count(c.reference) || ' movements of statements' as found,
       'one of the bank, of a ' || p.movement || ' of ' || euros(p.amount) || ' on ' || p.day as expected
from posted p left join credit c on c.reference = p.reference and c.amount = p.amount and c.day = p.day and c.movement = p.movement
group by p.entry_id, p.reference, p.times, p.sender, p.amount, p.day, p.movement having p.times <> 1 or p.sender <> 'bank' or count(c.reference) <> 1
union all
select entry_name(p.entry_id, p.reference), 'accountant ' || coalesce(t.code, 'missing') || ', to the account ' || c.account,
       'to the account that the accountant keeps in ' || year(p.day)
from posted p join credit c on c.reference = p.reference and c.amount = p.amount and c.day = p.day and c.movement = p.movement
left join reference_text t on t.kind = 8 and t.id = p.accountant
left join accountant_account a on a.year = year(p.day) and a.accountant = t.code and a.account = c.account
where a.account is null
union all
select 'message ' || a.message, coalesce(s.items, 0) || ' movements of ' || euros(coalesce(s.cents, 0)) || ' on suspense', a.suspense || ' of ' || euros(a.suspense_cents)
from bank_attempt a left join stated s using (message, attempt)
where coalesce(s.items, 0) <> a.suspense or coalesce(s.cents, 0) <> a.suspense_cents
union all
select 'entry ' || h.entry_id, h.times || ' credits, of ' || euros(h.amount) || ' on ' || h.day,
       coalesce('one, of ' || euros(e.amount) || ' from ' || e.day || ' on', 'a receipt by hand')
from by_hand h left join (
    select e.entry_id, e.amount, e.day from entry e join kind k on k.kind = e.kind join submission u using (submission)
    where k.family = 'RECEIPT' and k.debit_role = 'TREASURY' and u.sender <> 'bank'
) e using (entry_id)
where e.entry_id is null or h.times <> 1 or e.amount <> h.amount or e.day > h.day
union all
select 'suspense_rule', count(*) || ' rows', 'one row' from suspense_rule having count(*) <> 1
union all
select 'movement_rule', count(*) || ' rows', 'one row' from movement_rule having count(*) <> 1;

-- name: identifications
-- What is identified takes an amount off suspense and, in the next entry of its act, posts it from there: it collects a receivable of its
-- accountant, of no later year than the books in which the amount stands, or debits or returns a transfer (rule A56).
with half as (
    select e.*, k.pairs, k.credit_role = 'SUSPENSE_DEBIT' as of_debit from entry e join kind k on k.kind = e.kind where k.pairs in ('SUSPENSE', 'IDENTIFICATION')
)
select entry_name(h.entry_id, h.reference) as place,
       'a' || if(h.pairs = 'SUSPENSE', 'n identification', ' line after one') || ' of ' || euros(h.amount) || ' alone, or in other books' as found,
       'both, by one amount on one day, in the books of one accountant' as expected
from half h left join half o
  on o.entry_id = if(h.pairs = 'SUSPENSE', h.entry_id + 1, h.entry_id - 1) and o.pairs <> h.pairs
 and o.submission = h.submission and o.reference = h.reference and o.exercise = h.exercise
 and o.amount = h.amount and o.day = h.day and o.month = h.month and o.accountant = h.accountant
left join entry p on p.entry_id = if(h.pairs = 'SUSPENSE', h.predecessor, o.predecessor)
where o.entry_id is null
   or if(if(h.pairs = 'SUSPENSE', o.of_debit, h.of_debit), p.debit, p.credit) is distinct from
      if(h.pairs = 'SUSPENSE', if(o.of_debit, o.credit, o.debit), if(h.of_debit, h.credit, h.debit))
union all
select entry_name(e.entry_id, e.reference), 'a receivable of ' || c.budget_year, 'at the latest of ' || s.budget_year || ', the books in which the amount stands'
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell join entry i on i.entry_id = e.entry_id - 1
join entry p on p.entry_id = i.predecessor join cell s on s.cell = p.cell
where k.pairs = 'IDENTIFICATION' and k.reaches = 'COLLECTED' and c.budget_year > s.budget_year;
