-- name: assets
-- The register of assets: $1 kinds that put one into service, $2 that charge depreciation, $3 that take out net value, $4 that take out
-- depreciation.  What entries of exercises up to $5 did (all if null), of accountant $6, of sender $7 on fund centres $8 (all if null).
with moved as (
    select predecessor, max(exercise) as last_exercise,
           coalesce(sum(amount) filter (where kind = any($2::smallint[])), 0) as charged,
           coalesce(sum(amount) filter (where kind = any($3::smallint[])), 0) as net_out,
           coalesce(sum(amount) filter (where kind = any($4::smallint[])), 0) as depreciated_out
    from entry
    where kind = any($2::smallint[] || $3::smallint[] || $4::smallint[]) and ($5::smallint is null or exercise <= $5)
    group by predecessor
)
select e.entry_id, e.reference, e.accountant, e.debit as account, e.day, l.budget_year,
       greatest(e.exercise, coalesce(m.last_exercise, 0)) as last_exercise,
       (e.amount - coalesce(m.net_out + m.depreciated_out, 0))::bigint as cost,
       coalesce(m.charged - m.depreciated_out, 0)::bigint as depreciated
from entry e join submission s on s.submission = e.submission join cell l on l.cell = e.cell
left join moved m on m.predecessor = e.entry_id
where e.kind = any($1::smallint[]) and ($5::smallint is null or e.exercise <= $5)
  and ($6::smallint is null or e.accountant = $6)
  and ($7::text is null or s.sender = $7) and ($8::int[] is null or l.centre = any($8::int[]))
order by e.entry_id;
