-- name: commitments
-- What each commitment engaged, withdrew, paid and has left, summed by account assignment.  $1 kinds with $2 their effect on the
-- amount engaged and not yet drawn, $3 their effect on the amount certified and not yet requested, $4 what they engage (below 0:
-- withdraw); $5 kinds that mirror; $6 kinds that commit; $7 kinds that settle with $8 whether they consume (1) or give back (-1);
-- $9 kinds that pass a debt on; $10 requests on commitments; only commitments of sender $11 on fund centres $12 (all if null).
-- What a commitment carries of one of the year before is engaged in its own year, and no longer in that before.
with recursive effect as (
    select * from unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::smallint[]) as t (kind, open_sign, unbilled_sign, engaged_sign)
),
settlement as (
    select e.predecessor as at, e.amount * k.settles as cents
    from entry e join unnest($7::smallint[], $8::smallint[]) as k (kind, settles) on k.kind = e.kind
    union all
    select p.predecessor, s.cents from settlement s join entry p on p.entry_id = s.at where p.kind = any($9::smallint[])
),
step as (
    select case when e.kind = any($6::smallint[]) then e.entry_id else e.predecessor end as commitment,
           e.amount * f.open_sign as open, e.amount * f.unbilled_sign as unbilled,
           e.amount * greatest(f.engaged_sign, 0) as engaged, e.amount * greatest(-f.engaged_sign, 0) as withdrawn, 0::bigint as paid
    from entry e join effect f on f.kind = e.kind
    union all
    select case when p.kind = any($6::smallint[]) then p.entry_id else p.predecessor end, -e.amount * f.open_sign,
           -e.amount * f.unbilled_sign, -e.amount * greatest(f.engaged_sign, 0), -e.amount * greatest(-f.engaged_sign, 0), 0
    from entry e join entry p on p.entry_id = e.predecessor join effect f on f.kind = p.kind
    where e.kind = any($5::smallint[]) and (p.predecessor > 0 or p.kind = any($6::smallint[])) or e.kind = any($6::smallint[])
    union all
    select p.predecessor, 0, 0, 0, 0, s.cents
    from settlement s join entry p on p.entry_id = s.at where p.kind = any($10::smallint[])
),
standing as (
    select commitment, sum(open) as open, sum(unbilled) as unbilled, sum(engaged) as engaged, sum(withdrawn) as withdrawn, sum(paid) as paid
    from step group by commitment
)
select c.centre, c.budget_year, (count(*) filter (where r.engaged <> r.withdrawn + r.paid)) as commitments,
       sum(r.open)::bigint as open, sum(r.unbilled)::bigint as unbilled,
       sum(r.engaged)::bigint as engaged, sum(r.withdrawn)::bigint as withdrawn, sum(r.paid)::bigint as paid
from standing r join entry e on e.entry_id = r.commitment join cell c on c.cell = e.cell join submission s on s.submission = e.submission
where ($11::text is null or s.sender = $11) and ($12::int[] is null or c.centre = any($12::int[]))
group by c.centre, c.budget_year;
