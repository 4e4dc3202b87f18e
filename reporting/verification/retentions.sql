-- The rules of guarantees that are retained from requests, and of penalties that are withheld from service, one statement each as in checks.sql.  Runs in DuckDB.

-- name: retentions
-- A guarantee is retained from a request on a commitment, of title 3 or 5 and no advance, once, before anything else takes up the
-- request, and is at most the share of its year of what was requested and not rejected by then (rule A36).
with retention as (
    select e.*, p.amount as requested, pk.follows = 'COMMITMENT' and pk.debit_role <> 'ADVANCE' as is_request, i.title, x.retention_limit
    from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
    join cell c on c.cell = p.cell left join reference_text t on t.kind = 3 and t.id = c.item
    left join item i on i.year = c.budget_year and i.code = t.code left join exercise_dates x on x.year = c.budget_year
    where k.after = 'PAYABLE' and k.reaches = 'RETAINED'
),
rejection as (
    select e.entry_id, e.predecessor, e.amount from entry e join kind k on k.kind = e.kind where k.family = 'REJECTION'
),
rejected as (
    select r.entry_id, coalesce(sum(x.amount), 0) as cents
    from retention r left join rejection x on x.predecessor = r.predecessor and x.entry_id < r.entry_id group by r.entry_id
),
earlier as (  -- what took up the request before, less what was rejected of that by then
    select r.entry_id, u.entry_id as other, u.amount - coalesce(sum(x.amount), 0) as cents
    from retention r join entry u on u.predecessor = r.predecessor and u.entry_id < r.entry_id join kind k on k.kind = u.kind
    left join rejection x on x.predecessor = u.entry_id and x.entry_id < r.entry_id
    where k.inherits group by r.entry_id, u.entry_id, u.amount
)
select entry_name(entry_id, reference) as place, 'a guarantee of entry ' || predecessor || ', of title ' || coalesce(title::varchar, 'none') as found,
       'a request on a commitment, of title 3 or 5, and no advance' as expected
from retention where not coalesce(is_request and title in (3, 5), false)
union all
select entry_name(r.entry_id, r.reference), 'retained after entry ' || min(e.other) || ' took up the request', 'nothing that takes it up before'
from retention r join earlier e using (entry_id) where e.cents > 0 group by r.entry_id, r.reference
union all
select entry_name(r.entry_id, r.reference), euros(r.amount) || ' retained',
       'at most ' || euros((r.requested - j.cents) * coalesce(r.retention_limit, 0) // 1000)
from retention r join rejected j using (entry_id) where r.amount * 1000 > (r.requested - j.cents) * coalesce(r.retention_limit, 0);

-- name: penalties
-- A penalty is withheld on items of title 3 or 5, from service that was certified before it and that nothing else requested or
-- penalised; it names the supplier, who gets what of it is remitted (rule A36).
with penalty as (
    select e.* from entry e join kind k on k.kind = e.kind where k.reaches = 'WITHHELD' and k.follows = 'COMMITMENT'
),
certified as (  -- what was certified and not requested just before each penalty
    select p.entry_id, coalesce(sum(g.cents * g.unbilled_sign), 0) as cents
    from penalty p left join engagement g on g.commitment = p.predecessor and g.entry_id < p.entry_id group by p.entry_id
)
select entry_name(p.entry_id, p.reference) as place, 'a penalty on title ' || coalesce(i.title::varchar, 'none') as found, 'title 3 or 5' as expected
from penalty p join cell c on c.cell = p.cell left join reference_text t on t.kind = 3 and t.id = c.item
left join item i on i.year = c.budget_year and i.code = t.code where not coalesce(i.title in (3, 5), false)
union all
select entry_name(p.entry_id, p.reference), euros(p.amount) || ' withheld', 'at most ' || euros(c.cents) || ', certified and not requested'
from penalty p join certified c using (entry_id) where p.amount > c.cents
union all
select entry_name(p.entry_id, p.reference), 'a penalty of nobody', 'a registered third party' from penalty p where p.payee = 0;
