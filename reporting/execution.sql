-- name: credit_flows
-- What acts of kinds $1 brought or took up to batch $2, by assignment, kind and source: the origin of an opening, or the node that a move
-- takes from.
select l.budget_year, l.centre, l.operation, l.item, l.fund, e.kind, e.source, sum(e.amount)::bigint as cents
from entry e join cell l on l.cell = e.cell
where e.kind = any($1::smallint[])
  and e.entry_id <= coalesce((select first_entry + entries - 1 from batch where batch <= $2 and entries > 0 order by batch desc limit 1), 0)
group by 1, 2, 3, 4, 5, 6, 7;
