-- name: commitments
-- What each commitment engaged, withdrew, paid and has left, summed by account assignment.  $1 kinds with $2 their effect on the
-- amount engaged and not yet drawn, $3 their effect on the amount certified and not yet requested, $4 what they engage (below 0:
-- withdraw); $5 kinds that mirror; $6 kinds that commit; $7 kinds that settle with $8 whether they consume (1) or give back (-1);
-- $9 kinds that pass a debt on; $10 requests and penalties on commitments; only commitments of sender $11 on fund centres $12 (all if null);
-- $13 kinds that carry a commitment or a service; $14 whether each account assignment has a row of its own, $15 each year in which
-- a commitment was engaged first, before it was carried, as each carry goes on to the next year.  What a commitment carries of one of the year before is engaged in its own year, and
-- no longer in that before; so is what is carried of a service, and what is requested in one year and rejected in a later one.
with recursive effect as (
    select * from unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::smallint[]) as t (kind, open_sign, unbilled_sign, engaged_sign)
),
settlement as (
    select e.predecessor as at, e.amount * k.settles as cents
    from entry e join unnest($7::smallint[], $8::smallint[]) as k (kind, settles) on k.kind = e.kind
    union all
    select p.predecessor, s.cents from settlement s join entry p on p.entry_id = s.at where p.kind = any($9::smallint[])
),
carried as materialized (select entry_id, predecessor, amount, kind from entry where kind = any($13::smallint[])),
ancestor as (
    select entry_id as commitment, predecessor as at, 1 as years from carried where kind = any($6::smallint[])
    union all
    select a.commitment, c.predecessor, a.years + 1 from ancestor a join carried c on c.entry_id = a.at and c.kind = any($6::smallint[])
),
origin as (select distinct on (commitment) commitment, at as origin, years from ancestor order by commitment, years desc),
service as (
    select entry_id, predecessor as at, amount, 1 as years from carried where kind <> all($6::smallint[])
    union all
    select s.entry_id, c.predecessor, s.amount, s.years + 1 from service s join carried c on c.entry_id = s.at
),
carried_service as (
    select s.entry_id, s.amount, p.kind, n.commitment as new, coalesce(b.commitment, n.origin) as old
    from service s join entry p on p.entry_id = s.at and p.kind <> all($13::smallint[]) left join origin o on o.commitment = p.predecessor
    join origin n on n.origin = coalesce(o.origin, p.predecessor) and n.years = coalesce(o.years, 0) + s.years
    left join origin b on b.origin = n.origin and b.years = n.years - 1
),
mirror as materialized (
    select e.entry_id, e.amount, coalesce(s.kind, p.kind) as kind, case when p.kind = any($6::smallint[]) then p.entry_id else coalesce(s.new, p.predecessor) end as commitment
    from entry e join entry p on p.entry_id = e.predecessor left join carried_service s on s.entry_id = p.entry_id
    where e.kind = any($5::smallint[]) and (p.predecessor > 0 or p.kind = any($6::smallint[]))
),
hop as (
    select m.entry_id, c.entry_id as at from mirror m join carried c on c.predecessor = m.commitment and c.kind = any($6::smallint[]) and c.entry_id < m.entry_id
    union all
    select h.entry_id, c.entry_id from hop h join carried c on c.predecessor = h.at and c.kind = any($6::smallint[]) and c.entry_id < h.entry_id
),
moved as (select entry_id, max(at) as new from hop group by entry_id),
step as (
    select case when e.kind = any($6::smallint[]) then e.entry_id else e.predecessor end as commitment,
           e.amount * f.open_sign as open, e.amount * f.unbilled_sign as unbilled,
           e.amount * greatest(f.engaged_sign, 0) as engaged, e.amount * greatest(-f.engaged_sign, 0) as withdrawn, 0::bigint as paid
    from entry e join effect f on f.kind = e.kind
    union all
    select coalesce(v.new, m.commitment), -m.amount * f.open_sign, -m.amount * f.unbilled_sign,
           -m.amount * greatest(f.engaged_sign, 0), -m.amount * greatest(-f.engaged_sign, 0), 0
    from mirror m join effect f on f.kind = m.kind left join moved v on v.entry_id = m.entry_id
    union all
    select m.commitment, 0, 0, -m.amount, 0, 0 from mirror m join moved v on v.entry_id = m.entry_id where m.kind = any($10::smallint[])
    union all
    select v.new, 0, 0, m.amount, 0, 0 from mirror m join moved v on v.entry_id = m.entry_id where m.kind = any($10::smallint[])
    union all
    select predecessor, -amount, 0, -amount, 0, 0 from carried where kind = any($6::smallint[])
    union all
    select old, 0, -amount, -amount, 0, 0 from carried_service
    union all
    select new, 0, amount, amount, 0, 0 from carried_service
    union all
    select p.predecessor, 0, 0, 0, 0, s.cents
    from settlement s join entry p on p.entry_id = s.at where p.kind = any($10::smallint[])
),
standing as (
    select commitment, sum(open) as open, sum(unbilled) as unbilled, sum(engaged) as engaged, sum(withdrawn) as withdrawn, sum(paid) as paid
    from step group by commitment
)
select c.centre, c.budget_year, case when $14::bool then c.cell end as cell,
       case when $15::bool then c.budget_year - coalesce(o.years, 0) end as origin_year, (count(*) filter (where r.engaged <> r.withdrawn + r.paid)) as commitments,
       sum(r.open)::bigint as open, sum(r.unbilled)::bigint as unbilled,
       sum(r.engaged)::bigint as engaged, sum(r.withdrawn)::bigint as withdrawn, sum(r.paid)::bigint as paid
from standing r join entry e on e.entry_id = r.commitment join cell c on c.cell = e.cell join submission s on s.submission = e.submission
left join origin o on o.commitment = r.commitment
where ($11::text is null or s.sender = $11
       or exists (select from reference_text o where o.kind = 6 and o.id = e.source and o.code = $11 and s.sender = 'closing'))
  and ($12::int[] is null or c.centre = any($12::int[]))
group by 1, 2, 3, 4;
