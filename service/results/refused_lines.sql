-- name: status_time
-- When submission $1 was cancelled; else when its last batch $2 was committed; else, before its first batch, when it was received.
select coalesce((select c.at from cancellation c where c.submission = $1), (select committed_at from batch where batch = $2), received_at) as at
from submission where submission = $1;

-- name: last_batch
select max(batch) from progress where submission = $1;

-- name: refused_page
-- The next $3 rows of refused lines after line $2, refused up to batch $4 (null: all).  The index on refusal is by batch, so the
-- query first finds the batches that can contain them.  The first pass decides a file in order: skip its batches up to
-- next_line $2, and stop after the batch that brings $3 more rows.  Held acts are decided in later passes, at any line: search
-- all batches of those passes.  A row about several lines belongs to the page of the last of them.
with step as (
    select batch, pass, next_line, coalesce(refusal_rows, refused) as rows from progress where submission = $1 and batch <= coalesce($4, batch)
), ahead as (
    select batch, rows from step where pass = 1 and next_line > $2
), here as (
    select min(batch) as first,
           coalesce(min(batch) filter (where rows >= (select min(rows) from ahead) + $3), max(batch)) as last
    from ahead
), later as (
    select min(batch) as first, max(batch) as last from step where pass > 1
)
select batch, submission, line, lines, code, field, kind, node, missing, amount, reference, found
from refusal
where submission = $1 and line + lines - 1 > $2
  and (batch between (select first from here) and (select last from here)
    or batch between (select first from later) and (select last from later))
order by line limit $3;

-- name: refused_by_lot
-- Refused lines per lot; $2 has the first line of each lot, ascending, from 0.  A row about several lines counts in each of
-- their lots.
with row as (
    select line, lines from refusal
    where submission = $1
      and batch between (select min(batch) from progress where submission = $1) and (select max(batch) from progress where submission = $1)
), lot as (
    select (n - 1)::integer as lot, first, lead(first, 1, 2147483647) over (order by n) as next
    from unnest($2::integer[]) with ordinality as l (first, n)
)
select lot, sum(lines)::bigint as lines from (
    select (width_bucket(line, $2::integer[]) - 1)::integer as lot, 1 as lines from row where lines = 1
    union all
    select lot, least(line + lines, next) - greatest(line, first) from row join lot on line < next and line + lines > first where lines > 1
) part
group by lot;
