-- name: status_time
-- When submission $1 was cancelled; else when its last batch $2 was committed; else, before its first batch, when it was received.
select coalesce((select c.at from cancellation c where c.submission = $1), (select committed_at from batch where batch = $2), received_at) as at
from submission where submission = $1;

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
