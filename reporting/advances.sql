-- name: advances
-- The advances of which something is unpaid or left to recover: $1 kinds that ask for one, $2 that pass a debt on, $3 that reject, $4 that
-- debit the account, $5 that return what was debited, $6 that recover; only those of sender $7 on fund centres $8 (all if null).  Beside
-- them what their commitment has in all years: committed (kinds $9 carry it, $10 raise and $11 lower it, $12 undo these), and certified
-- (kinds $13, which $14 carry, and $15 cancel).
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
),
listed as (
    select t.*, r.predecessor as commitment from total t join entry r on r.entry_id = t.request where t.recovered < r.amount - t.rejected
),
chain as (
    select request, commitment from listed
    union
    select c.request, n.commitment from chain c, lateral (
        select e.predecessor as commitment from entry e where e.entry_id = c.commitment and e.kind = any($9::smallint[])
        union all
        select e.entry_id from entry e where e.predecessor = c.commitment and e.kind = any($9::smallint[])
    ) n
),
follower as (
    select c.request, e.entry_id, e.kind, case when e.kind = any($11::smallint[]) then -e.amount else e.amount end as cents
    from chain c join entry e on e.predecessor = c.commitment where e.kind = any($10::smallint[] || $11::smallint[] || $13::smallint[])
),
served as (
    select request, entry_id from follower where kind = any($13::smallint[])
    union all
    select s.request, e.entry_id from served s join entry e on e.predecessor = s.entry_id where e.kind = any($14::smallint[])
),
contract as (
    select request, sum(committed) as committed, sum(certified) as certified from (
        select c.request, e.amount as committed, 0 as certified from chain c join entry e on e.entry_id = c.commitment where e.kind <> all($9::smallint[])
        union all
        select request, case when kind = any($13::smallint[]) then 0 else cents end, case when kind = any($13::smallint[]) then cents else 0 end from follower
        union all
        select f.request, -f.cents, 0 from follower f join entry e on e.predecessor = f.entry_id where e.kind = any($12::smallint[])
        union all
        select s.request, 0, -e.amount from served s join entry e on e.predecessor = s.entry_id where e.kind = any($15::smallint[])
    ) part group by request
)
select r.entry_id, r.reference, r.day, r.exercise, c.reference as commitment, r.amount as requested, k.committed::bigint as committed, k.certified::bigint as certified, t.rejected::bigint as rejected,
       t.paid::bigint as paid, t.recovered::bigint as recovered, (t.paid - t.recovered)::bigint as left
from listed t join contract k on k.request = t.request join entry r on r.entry_id = t.request join entry c on c.entry_id = r.predecessor
join submission s on s.submission = r.submission join cell l on l.cell = r.cell
where ($7::text is null or s.sender = $7) and ($8::int[] is null or l.centre = any($8::int[]))
order by r.day, r.entry_id;
