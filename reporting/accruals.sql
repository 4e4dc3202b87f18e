-- name: accruals
-- What the inventory posted in exercise $1 (all if null): kinds $2, with the accounts of each, what corrections ($3), reversals ($4) and releases
-- ($5) took of it; of sender $6 on fund centres $7 (all if null).
with change as (
    select predecessor, coalesce(sum(amount) filter (where kind = any($3::smallint[])), 0)::bigint as corrected,
           coalesce(sum(amount) filter (where kind = any($4::smallint[])), 0)::bigint as reversed,
           coalesce(sum(amount) filter (where kind = any($5::smallint[])), 0)::bigint as released
    from entry where kind = any($3::smallint[] || $4::smallint[] || $5::smallint[]) group by predecessor
)
select e.exercise, e.accountant, e.kind, e.entry_id, e.reference, e.debit, e.credit, e.amount,
       coalesce(c.corrected, 0)::bigint as corrected, coalesce(c.reversed, 0)::bigint as reversed, coalesce(c.released, 0)::bigint as released
from entry e join submission s on s.submission = e.submission join cell l on l.cell = e.cell left join change c on c.predecessor = e.entry_id
where e.kind = any($2::smallint[]) and ($1::smallint is null or e.exercise = $1)
  and ($6::text is null or s.sender = $6) and ($7::int[] is null or l.centre = any($7::int[]))
order by e.exercise, e.kind, e.entry_id;
