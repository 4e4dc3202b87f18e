-- name: mandatory
-- What was certified and is not paid, at or before batch $1, by fund centre and the exercise of the certified service: what is not
-- requested, and what is requested and not paid.  $2 kinds that commit, $3 that carry a commitment, $4 that certify, $5 that carry a
-- service, $6 that mirror, $7 that request certified service or penalise it, $8 that pass such a debt on before it is paid, $9 that carry it, $10 that
-- clear it; only commitments of sender $11 on fund centres $12 (all if null).  Requests name a commitment and no service: of the
-- services of a commitment the earliest is requested first, and of a request the earliest part is paid first.
with recursive bound as materialized (select coalesce(max(first_entry + entries), 0) as entry_end from batch where batch <= $1),
line as materialized (
    select entry_id, predecessor, amount, kind, exercise, cell, submission from entry
    where kind = any($2::smallint[] || $4::smallint[] || $6::smallint[] || $7::smallint[] || $10::smallint[])
      and entry_id < (select entry_end from bound)
),
pass as materialized (
    select entry_id, predecessor, kind from entry
    where kind = any($3::smallint[] || $5::smallint[] || $8::smallint[]) and entry_id < (select entry_end from bound)
),
climb as (
    select entry_id, predecessor as at, kind = any($8::smallint[]) as is_debt, kind = any($9::smallint[]) as is_carried from pass
    union all
    select c.entry_id, p.predecessor, c.is_debt, c.is_carried and p.kind = any($9::smallint[]) from climb c join pass p on p.entry_id = c.at
),
origin as materialized (select c.entry_id, c.at, c.is_carried or not c.is_debt as is_whole from climb c where not exists (select from pass p where p.entry_id = c.at)),
mirrored as (
    select coalesce(o.at, l.predecessor) as entry_id, sum(l.amount) as amount from line l left join origin o on o.entry_id = l.predecessor
    where l.kind = any($6::smallint[]) and (o.entry_id is null or o.is_whole) group by 1
),
cleared as (
    select coalesce(o.at, l.predecessor) as entry_id, sum(l.amount) as amount from line l left join origin o on o.entry_id = l.predecessor
    where l.kind = any($10::smallint[]) group by 1
),
certified as (
    select root, exercise, cents, sum(cents) over (partition by root order by exercise) as upto
    from (
        select coalesce(o.at, l.predecessor) as root, l.exercise, sum(l.amount - coalesce(m.amount, 0)) as cents
        from line l left join origin o on o.entry_id = l.predecessor left join mirrored m on m.entry_id = l.entry_id
        where l.kind = any($4::smallint[]) group by 1, l.exercise
    ) sums
),
requested as (
    select root, cents, paid, sum(cents) over (partition by root order by entry_id) as upto
    from (
        select coalesce(o.at, l.predecessor) as root, l.entry_id, l.amount - coalesce(m.amount, 0) as cents, coalesce(c.amount, 0) as paid
        from line l left join origin o on o.entry_id = l.predecessor
        left join mirrored m on m.entry_id = l.entry_id left join cleared c on c.entry_id = l.entry_id
        where l.kind = any($7::smallint[])
    ) requests
),
owed as (
    select c.root, c.exercise, sum(greatest(0, least(c.upto, q.upto) - greatest(c.upto - c.cents, q.upto - q.cents + q.paid))) as cents
    from certified c join requested q on q.root = c.root where q.paid < q.cents group by c.root, c.exercise
),
total as (select root, sum(cents) as cents from requested group by root),
standing as (
    select c.root, c.exercise, c.cents - greatest(0, least(c.upto, coalesce(t.cents, 0)) - (c.upto - c.cents)) as accrued,
           coalesce(o.cents, 0) as owed
    from certified c left join total t on t.root = c.root left join owed o on o.root = c.root and o.exercise = c.exercise
)
select l.centre, r.exercise, sum(r.accrued)::bigint as accrued, sum(r.owed)::bigint as owed
from standing r join line e on e.entry_id = r.root and e.kind = any($2::smallint[]) join cell l on l.cell = e.cell join submission s on s.submission = e.submission
where r.accrued + r.owed <> 0 and ($11::text is null or s.sender = $11) and ($12::int[] is null or l.centre = any($12::int[]))
group by l.centre, r.exercise;
