-- name: mandatory
-- What was certified and is not paid, at or before batch $1, by fund centre and the exercise of the certified service: what is not
-- requested, and what is requested and not paid.  $2 kinds that commit, $3 that carry a commitment, $4 that certify, $5 that carry a
-- service, $6 that mirror, $7 that request certified service, $8 that pass such a debt on before it is paid, $9 that carry it, $10 that
-- clear it; only commitments of sender $11 on fund centres $12 (all if null).  Requests name a commitment and no service: of the
-- services of a commitment the earliest is requested first, and of a request the earliest part is paid first.
with recursive line as materialized (
    select entry_id, predecessor, amount, kind, exercise, cell, submission from entry
    where kind = any($2::smallint[] || $4::smallint[] || $5::smallint[] || $6::smallint[] || $7::smallint[] || $8::smallint[] || $10::smallint[])
      and entry_id < (select coalesce(max(first_entry + entries), 0) from batch where batch <= $1)
),
root as (
    select entry_id as commitment, entry_id as root from line where kind = any($2::smallint[]) and kind <> all($3::smallint[])
    union all
    select l.entry_id, r.root from root r join line l on l.predecessor = r.commitment where l.kind = any($3::smallint[])
),
service as (
    select entry_id, entry_id as service from line where kind = any($4::smallint[])
    union all
    select l.entry_id, s.service from service s join line l on l.predecessor = s.entry_id where l.kind = any($5::smallint[])
),
part as (
    select entry_id, entry_id as request, true as is_request from line where kind = any($7::smallint[])
    union all
    select l.entry_id, p.request, p.is_request and l.kind = any($9::smallint[])
    from part p join line l on l.predecessor = p.entry_id where l.kind = any($8::smallint[])
),
mirrored as (select predecessor, sum(amount) as amount from line where kind = any($6::smallint[]) group by predecessor),
cleared as (
    select p.request, sum(l.amount) as amount from part p join line l on l.predecessor = p.entry_id
    where l.kind = any($10::smallint[]) group by p.request
),
rejected as (
    select p.request, sum(m.amount) as amount from part p join mirrored m on m.predecessor = p.entry_id where p.is_request group by p.request
),
cancelled as (
    select s.service, sum(m.amount) as amount from service s join mirrored m on m.predecessor = s.entry_id group by s.service
),
certified as (
    select root, exercise, cents, sum(cents) over (partition by root order by exercise) as upto
    from (
        select r.root, l.exercise, sum(l.amount - coalesce(c.amount, 0)) as cents
        from line l join root r on r.commitment = l.predecessor left join cancelled c on c.service = l.entry_id
        where l.kind = any($4::smallint[]) group by r.root, l.exercise
    ) sums
),
requested as (
    select root, cents, paid, sum(cents) over (partition by root order by entry_id) as upto
    from (
        select r.root, l.entry_id, l.amount - coalesce(j.amount, 0) as cents, coalesce(c.amount, 0) as paid
        from line l join root r on r.commitment = l.predecessor
        left join rejected j on j.request = l.entry_id left join cleared c on c.request = l.entry_id
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
from standing r join line e on e.entry_id = r.root join cell l on l.cell = e.cell join submission s on s.submission = e.submission
where r.accrued + r.owed <> 0 and ($11::text is null or s.sender = $11) and ($12::int[] is null or l.centre = any($12::int[]))
group by l.centre, r.exercise;
