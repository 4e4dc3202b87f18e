-- name: receipts
-- What receivables were issued, lowered and collected, by exercise and nature, and what is left of those that it issued: $1 kinds
-- that issue, $2 that lower, $3 that collect, which follow one that issues; only receivables of sender $4 on fund centres $5, only
-- exercise $6 (all if null).  What kinds $7 confirm of a penalty is issued and collected at once: it has no nature of its own, but the
-- account of its product.  Kinds $8 take back what was collected.  The journal is read once: few of its entries are of these kinds.
with line as materialized (
    select entry_id, predecessor, amount, kind, exercise, submission, cell, credit from entry
    where kind = any($1::smallint[] || $2::smallint[] || $3::smallint[] || $7::smallint[] || $8::smallint[])
),
follower as (
    select e.exercise, e.amount, e.kind, r.exercise as issued_in, r.submission, r.cell
    from line e join line r on r.entry_id = e.predecessor where e.kind = any($2::smallint[] || $3::smallint[])
    union all
    select e.exercise, -e.amount, p.kind, r.exercise, r.submission, r.cell
    from line e join line p on p.entry_id = e.predecessor join line r on r.entry_id = p.predecessor where e.kind = any($8::smallint[])
),
step as (
    select e.exercise, e.submission, e.cell, 0 as product, e.amount as issued, 0::bigint as lowered, 0::bigint as collected, e.amount as left_over
    from line e where e.kind = any($1::smallint[])
    union all
    select exercise, submission, cell, credit, amount, 0, amount, 0 from line where kind = any($7::smallint[])
    union all
    select exercise, submission, cell, 0, 0, case when kind = any($2::smallint[]) then amount else 0 end,
           case when kind = any($3::smallint[]) then amount else 0 end, 0 from follower
    union all
    select issued_in, submission, cell, 0, 0, 0, 0, -amount from follower
)
select t.exercise, case when t.product = 0 then c.item else 0 end as item, t.product, sum(t.issued)::bigint as issued, sum(t.lowered)::bigint as lowered,
       sum(t.collected)::bigint as collected, sum(t.left_over)::bigint as left
from step t join cell c on c.cell = t.cell join submission s on s.submission = t.submission
where ($4::text is null or s.sender = $4) and ($5::int[] is null or c.centre = any($5::int[])) and ($6::smallint is null or t.exercise = $6)
group by 1, 2, 3;
