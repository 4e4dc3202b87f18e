-- name: node_figures
-- The last figures of the nodes from $1 up to, not including, $2.
select t.code as centre, (b.node % 6)::int as sheet, b.ae_opened, b.ae_allotted, b.ae_reserved, b.ae_consumed,
       b.cp_opened, b.cp_allotted, b.cp_reserved, b.cp_consumed,
       coalesce(f.ae_frozen_here, 0) as ae_frozen_here, coalesce(f.cp_frozen_here, 0) as cp_frozen_here
from (select distinct on (node) * from node_balance where node >= $1 and node < $2 order by node, batch desc) b
left join (
    select distinct on (node) node, ae_frozen_here, cp_frozen_here from frozen_balance where node >= $1 and node < $2 order by node, batch desc
) f using (node)
join reference_text t on t.kind = 1 and t.id = b.node / 6 % 131072;

-- name: carried_credits
-- What kinds $1 carried from year $2, and where to: the line behind each brings it into the next year.
select o.kind, c.code as centre, i.code as item, f.code as fund, l.operation > 0 as is_earmarked, n.code as new_centre, sum(o.amount)::bigint as cents
from entry o join cell l on l.cell = o.cell and l.budget_year = $2
join reference_text c on c.kind = 1 and c.id = l.centre join reference_text i on i.kind = 3 and i.id = l.item
join reference_text f on f.kind = 4 and f.id = l.fund
join entry b on b.entry_id = o.entry_id + 1 join cell m on m.cell = b.cell join reference_text n on n.kind = 1 and n.id = m.centre
where o.kind = any($1::smallint[])
group by 1, 2, 3, 4, 5, 6;

-- name: unused_lines
-- How many lines of kinds $1 took credits of year $2, of operations and of other places.
select count(*) filter (where l.operation > 0) as earmarked, count(*) filter (where l.operation = 0) as other
from entry e join cell l on l.cell = e.cell where e.kind = any($1::smallint[]) and l.budget_year = $2;

-- name: last_uses
-- The day of the last line of kinds $1 on each operation, by the end of $2.
select o.code as operation, max(e.day) as day
from entry e join cell l on l.cell = e.cell join reference_text o on o.kind = 1 and o.id = l.operation
where e.kind = any($1::smallint[]) and l.operation > 0 and e.day <= $2 group by 1;
