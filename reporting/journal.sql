-- name: journal_entries
-- At most $12 of the entries, in order: of month $9, from day $10 to day $11 (all if null).
select entry_id, day, exercise, month, accountant, kind, reference, sender, debit, credit, amount, payee
from posted
where ($9::smallint is null or month = $9) and ($10::date is null or day >= $10) and ($11::date is null or day <= $11)
order by entry_id limit $12;

-- name: journal_totals
-- Both sides of the same entries, by exercise and month.
select exercise, month, count(*) as entries, coalesce(sum(amount) filter (where debit <> 0), 0)::bigint as debit,
       coalesce(sum(amount) filter (where credit <> 0), 0)::bigint as credit
from posted
where ($9::smallint is null or month = $9) and ($10::date is null or day >= $10) and ($11::date is null or day <= $11)
group by exercise, month order by exercise, month;
