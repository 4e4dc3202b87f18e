-- name: advances
-- The advances of which something is unpaid or left to recover: $1 kinds that ask for one, $2 that pass a debt on, $3 that reject, $4 that
-- debit the account, $5 that return what was debited, $6 that recover; only those of sender $7 on fund centres $8 (all if null).
with recursive part as (
    select e.entry_id as request, e.entry_id, e.kind, 0::bigint as amount from entry e where e.kind = any($1::smallint[])
    union all
    select p.request, e.entry_id, e.kind, e.amount from part p join entry e on e.predecessor = p.entry_id
    where e.entry_id > p.entry_id and (e.kind = any($2::smallint[]) or (e.kind = any($3::smallint[]) and p.entry_id = p.request))
),
total as (
    select p.request,
           coalesce(sum(p.amount) filter (where p.kind = any($3::smallint[])), 0) as rejected,
           coalesce(sum(p.amount) filter (where p.kind = any($4::smallint[])), 0)
           - coalesce(sum(p.amount) filter (where p.kind = any($5::smallint[])), 0) as paid,
           coalesce(sum(p.amount) filter (where p.kind = any($6::smallint[])), 0) as recovered
    from part p group by p.request
)
select r.entry_id, r.reference, r.day, c.reference as commitment, r.amount as requested, t.rejected::bigint as rejected,
       t.paid::bigint as paid, t.recovered::bigint as recovered, (t.paid - t.recovered)::bigint as left
from total t join entry r on r.entry_id = t.request join entry c on c.entry_id = r.predecessor
join submission s on s.submission = r.submission join cell l on l.cell = r.cell
where t.recovered < r.amount - t.rejected
and ($7::text is null or s.sender = $7) and ($8::int[] is null or l.centre = any($8::int[]))
order by r.day, r.entry_id;
