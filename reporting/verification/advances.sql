-- The rules of advances, one statement each as in checks.sql.  Runs in DuckDB.

-- name: advances
-- At no moment is more of a debited advance recovered and returned than its amount; each recovery follows, in its act, a sum that is
-- withheld by one amount on one day from a debt of the advance's commitment and supplier, and each such sum recovers (rule A36).
with step as (
    select e.predecessor as item, e.entry_id, e.amount from entry e join kind k on k.kind = e.kind
    join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
    where pk.reaches = 'DEBITED' and k.inherits and e.predecessor in (select predecessor from recovery)
),
running as (select *, sum(amount) over (partition by item order by entry_id) as taken from step),
origin as (select e.entry_id, coalesce(o.origin, e.predecessor) as commitment, e.payee, e.kind
           from entry e left join commitment_origin o on o.commitment = e.predecessor)
select entry_name(r.item, coalesce(any_value(p.reference), 'missing')) as place,
       'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.taken, r.entry_id)) || ' recovered and returned' as found,
       'at most ' || euros(coalesce(any_value(p.amount), 0)) as expected
from running r left join entry p on p.entry_id = r.item where r.taken > coalesce(p.amount, 0) group by r.item
union all
select entry_name(r.entry_id, r.reference), 'a recovery of ' || euros(r.amount) || ' from a debt or an advance of another person or commitment',
       'a debt and a paid advance of one supplier and one commitment, by one amount on one day'
from recovery r join origin a on a.entry_id = r.request join kind k on k.kind = a.kind left join origin d on d.entry_id = r.debt
left join person_of c on c.payee = r.creditor left join person_of w on w.payee = a.payee
where k.debit_role <> 'ADVANCE' or d.entry_id is null or d.commitment <> a.commitment or coalesce(c.person, r.creditor) <> coalesce(w.person, a.payee)
union all
select entry_name(e.entry_id, e.reference), euros(e.amount) || ' withheld, and no advance recovered', 'a recovery of that sum in the next entry'
from entry e join kind k on k.kind = e.kind left join recovery r on r.entry_id = e.entry_id + 1 and r.debt is not null
where k.pairs = 'WITHHOLDING' and r.entry_id is null;

-- name: purchase_advances
-- An advance is paid on items of title 3 alone: which account pays one on assets is not settled.  It is at most what was committed by its
-- day and was neither certified, requested nor withdrawn before it (rule A36).
with advance as (
    select e.entry_id, e.reference, e.predecessor as commitment, e.amount, e.day from entry e join kind k on k.kind = e.kind where k.debit_role = 'ADVANCE'
),
committed as (  -- what was open, without what was committed after the day of the advance, nor what undoes that
    select a.entry_id, coalesce(sum(g.cents * g.open_sign) filter (where coalesce(o.day, e.day) <= a.day or (g.cents * g.open_sign > 0) <> (g.reversed = 0)), 0) as cents
    from advance a left join engagement g on g.commitment = a.commitment and g.entry_id < a.entry_id
    left join entry e on e.entry_id = g.entry_id left join entry o on o.entry_id = g.reversed group by a.entry_id
)
select entry_name(e.entry_id, e.reference) as place, 'an advance on item ' || coalesce(t.code, 'none') as found, 'an item of title 3' as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
left join reference_text t on t.kind = 3 and t.id = c.item left join item i on i.year = c.budget_year and i.code = t.code
where k.debit_role = 'ADVANCE' and i.title is distinct from 3
union all
select entry_name(a.entry_id, a.reference), 'an advance of ' || euros(a.amount), 'at most ' || euros(c.cents) || ', committed by ' || a.day || ' and open'
from advance a join committed c using (entry_id) where a.amount > c.cents;

-- name: advance_cover
-- At no moment is more paid on a commitment, its advances included, than is committed: so what is left of it is enough to recover them.
-- An advance counts from its request on, and what is withheld for it is not paid again.  A commitment and its carries are one (rule A36).
with chain as (select distinct e.entry_id as commitment, coalesce(o.origin, e.entry_id) as origin
               from entry e join kind k on k.kind = e.kind left join commitment_origin o on o.commitment = e.entry_id where k.family = 'COMMITMENT'),
step as (
    select c.origin, f.entry_id, f.cents * f.engaged_sign as committed, 0 as paid
    from engagement f join chain c using (commitment) where f.engaged_sign <> 0
    union all
    select c.origin, f.entry_id, 0, f.cents from effect f join kind k on k.kind = f.kind join chain c using (commitment) where k.debit_role = 'ADVANCE'
    union all
    select c.origin, f.entry_id, 0, f.cents * (k.settles + k.cp_consumed)
    from settled s join effect f on f.entry_id = s.entry_id join kind k on k.kind = f.kind join kind r on r.kind = s.kind
    join chain c on c.commitment = s.followed where s.of_commitment and r.debit_role <> 'ADVANCE'
),
advanced as (
    select distinct c.origin from effect f join kind k on k.kind = f.kind join chain c using (commitment) where k.debit_role = 'ADVANCE'
),
running as (
    select origin, entry_id, sum(committed) over w as committed, sum(paid) over w as paid
    from step join advanced using (origin) window w as (partition by origin order by entry_id)
)
select entry_name(r.origin, coalesce(any_value(e.reference), 'missing')) as place,
       'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.paid, r.entry_id)) || ' paid or requested in advance' as found,
       'at most ' || euros(arg_min(r.committed, r.entry_id)) || ', committed and not withdrawn' as expected
from running r left join entry e on e.entry_id = r.origin where r.paid > r.committed group by r.origin;
