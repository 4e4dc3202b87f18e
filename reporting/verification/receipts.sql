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
