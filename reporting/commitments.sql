-- name: commitments
-- The remainder of each commitment, summed by account assignment.  $1 kinds with $2 their effect on the amount engaged and not
-- yet drawn, $3 their effect on the amount certified and not yet requested; $4 kinds that mirror; $5 the kinds that commit.
with effect as (
    select kind, open_sign, unbilled_sign from unnest($1::smallint[], $2::smallint[], $3::smallint[]) as t (kind, open_sign, unbilled_sign)
),
step as (
    select case when e.kind = any($5::smallint[]) then e.entry_id else e.predecessor end as commitment,
           e.amount * f.open_sign as open, e.amount * f.unbilled_sign as unbilled
    from entry e join effect f on f.kind = e.kind
    union all
    select p.predecessor, -e.amount * f.open_sign, -e.amount * f.unbilled_sign
    from entry e join entry p on p.entry_id = e.predecessor join effect f on f.kind = p.kind
    where e.kind = any($4::smallint[]) and p.predecessor > 0
),
remainder as (
    select commitment, sum(open) as open, sum(unbilled) as unbilled from step group by commitment
    having sum(open) <> 0 or sum(unbilled) <> 0
)
select c.centre, c.budget_year, count(*) as commitments, sum(r.open)::bigint as open, sum(r.unbilled)::bigint as unbilled
from remainder r join entry e on e.entry_id = r.commitment join cell c on c.cell = e.cell
group by c.centre, c.budget_year;
