-- name: reconciliation_entries
-- In one pass, by kind and accounts: what entries post in exercise $1, openings (month 0) and the result (month 15) left out; of acts of kinds
-- $2, which consume CP, those of them that consume CP of another budget year; and what such acts consume of budget year $1 in the books of
-- another exercise (complementary period).  On fund centres $3 (all if null).  Account assignments are looked up in lists, of these kinds alone:
-- to join them to each entry takes as long again.
select e.kind, e.debit, e.credit, coalesce(sum(e.amount) filter (where e.exercise = $1::smallint), 0)::bigint as cents,
       coalesce(sum(e.amount) filter (where e.kind = any($2::smallint[]) and e.exercise = $1
                                      and not e.cell in (select cell from cell where budget_year = $1)), 0)::bigint as cents_of_others,
       coalesce(sum(e.amount) filter (where e.exercise <> $1), 0)::bigint as cents_elsewhere
from entry e
where (e.exercise = $1 and e.month between 1 and 14 and (e.debit <> 0 or e.credit <> 0)
       or e.exercise <> $1 and e.kind = any($2) and e.cell in (select cell from cell where budget_year = $1))
  and ($3::int[] is null or e.cell = 0 or e.cell in (select cell from cell where centre = any($3)))
group by e.kind, e.debit, e.credit;

-- name: reconciliation_of_sender
-- The same of one sender, in the books of the exercise alone: a statement that begins with ``posted_lines``.
select kind, debit, credit, sum(amount)::bigint as cents, 0 as cents_of_others, 0 as cents_elsewhere
from posted where month between 1 and 14 group by kind, debit, credit;
