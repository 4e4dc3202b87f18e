-- The rules of receivables and receipts, one statement each as in checks.sql.  Runs in DuckDB.

-- name: receipt_natures
-- Receivables and what follows them stand on natures of receipt of their budget year, and no other act does (rule A39).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' on ' || coalesce(t.code, 'no item') as found,
       if(k.family = 'RECEIVABLE' or k.follows = 'RECEIVABLE', 'a nature of receipt', 'an item of expenses') as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
left join reference_text t on t.kind = 3 and t.id = c.item
left join receipt_nature n on n.year = c.budget_year and n.code = t.code
where (k.family = 'RECEIVABLE' or k.follows = 'RECEIVABLE') <> (n.code is not null);

-- name: receivables
-- At no moment is more of a receivable collected, reduced and cancelled than its amount; each names a debtor (rule A53).
with step as (
    select e.predecessor as item, e.entry_id, e.amount from entry e join kind k on k.kind = e.kind where k.follows = 'RECEIVABLE'
),
running as (select *, sum(amount) over (partition by item order by entry_id) as taken from step)
select entry_name(r.item, coalesce(any_value(p.reference), 'missing')) as place,
       'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.taken, r.entry_id)) || ' collected, reduced and cancelled' as found,
       'at most ' || euros(coalesce(any_value(p.amount), 0)) as expected
from running r left join entry p on p.entry_id = r.item
where r.taken > coalesce(p.amount, 0) group by r.item
union all
select entry_name(e.entry_id, e.reference), 'a ' || k.name || ' without a debtor', 'a registered third party'
from entry e join kind k on k.kind = e.kind where k.family in ('RECEIVABLE', 'RECEIPT') and e.payee = 0;

-- name: annulments
-- What lowers a receivable of its own exercise debits the product; of an earlier one the account of annulments (chart 7291000000).
select entry_name(e.entry_id, e.reference) as place, 'debit ' || account_name(e.debit) as found,
       coalesce(if(e.exercise = p.exercise, n.product, n.annulment), 'no account') || ', as entry ' || p.entry_id || ' is of ' || p.exercise as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join cell c on c.cell = p.cell
left join reference_text t on t.kind = 3 and t.id = c.item left join receipt_nature n on n.year = c.budget_year and n.code = t.code
left join reference_text d on d.kind = 5 and d.id = e.debit
where k.family = 'RECEIVABLE_CHANGE' and d.code is distinct from if(e.exercise = p.exercise, n.product, n.annulment);

-- name: bank_receipts
-- The cash of each receipt that the bank reports is a credit of a statement, once; all credits of a statement are returns, receipts
-- or listed as not matched; each import states what it collected; and the account is that of the receipt's accountant (rule A56).
with last as (
    select message, max(attempt) as attempt from bank_attempt group by message
), posted as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.day, e.accountant, count(*) over (partition by e.reference) as times
    from entry e join kind k on k.kind = e.kind join submission u using (submission) where k.family = 'RECEIPT' and u.sender = 'bank'
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
