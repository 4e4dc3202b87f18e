-- name: receipts
-- What receivables were issued, lowered and collected, by exercise and nature, and what is left of those that it issued: $1 kinds
-- that issue, $2 that lower, $3 that collect; only receivables of sender $4 on fund centres $5, only exercise $6 (all if null).
with step as (
    select e.exercise, e.submission, e.cell, e.amount as issued, 0::bigint as lowered, 0::bigint as collected, e.amount as left_over
    from entry e where e.kind = any($1::smallint[])
    union all
    select e.exercise, r.submission, r.cell, 0, case when e.kind = any($2::smallint[]) then e.amount else 0 end,
           case when e.kind = any($3::smallint[]) then e.amount else 0 end, 0
    from entry e join entry r on r.entry_id = e.predecessor where e.kind = any($2::smallint[] || $3::smallint[])
    union all
    select r.exercise, r.submission, r.cell, 0, 0, 0, -e.amount
    from entry e join entry r on r.entry_id = e.predecessor where e.kind = any($2::smallint[] || $3::smallint[])
)
select t.exercise, c.item, sum(t.issued)::bigint as issued, sum(t.lowered)::bigint as lowered,
       sum(t.collected)::bigint as collected, sum(t.left_over)::bigint as left
from step t join cell c on c.cell = t.cell join submission s on s.submission = t.submission join reference_text n on n.kind = 3 and n.id = c.item
where ($4::text is null or s.sender = $4) and ($5::int[] is null or c.centre = any($5::int[])) and ($6::smallint is null or t.exercise = $6)
group by t.exercise, c.item, n.code order by t.exercise, n.code;
