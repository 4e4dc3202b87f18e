-- name: own_claims
-- References of our claims.
select e.predecessor, e.reference from entry e join submission s using (submission)
where e.kind = $1 and s.sender = $2 and e.predecessor = any($3::bigint[]);

-- name: payees
-- The code that acts name for each payee: of one that was merged that of the third party that stays in use.
with recursive step as (
    select p.payee, p.payee as person from unnest($1::int[]) as p (payee)
    union all select s.payee, m.into_payee from step s join third_party_merge m on m.payee = s.person
)
select distinct s.payee, y.code from step s join payee y on y.payee = s.person
where not exists (select from third_party_merge m where m.payee = s.person);

-- name: requests
-- What was paid late, in order.
select reference, cell from entry where entry_id = any($1::bigint[]) order by entry_id;

-- name: mark
select coalesce(max(last_entry), 0) as entry from interest_mark;

-- name: insert_mark
insert into interest_mark (last_entry) select $1::bigint where $1::bigint > 0 on conflict do nothing;

-- name: assignments
-- The account assignments of cells, in order.
select coalesce(c.code, '') as centre, coalesce(a.code, '') as area, i.code as item, l.operation, l.budget_year,
       coalesce(f.code, '') as fund
from cell l join reference_text i on i.kind = 3 and i.id = l.item
left join reference_text c on c.kind = 1 and c.id = l.centre left join reference_text a on a.kind = 2 and a.id = l.area
left join reference_text f on f.kind = 4 and f.id = l.fund
where l.cell = any($1::int[]) order by l.cell;
