-- The rules of reassignments, one statement each as in checks.sql.  Runs in DuckDB.

-- name: reassignments
-- A reassignment moves a paid expense, of no commitment and no interest, from the account that was charged to others, whole in one act,
-- on one day and for one accountant; a debit is moved once, and of a payment, with what was sent again of it, no more than it was (A05).
with recursive line as (
    select e.*, k.pairs, p.submission as other_submission, p.reference as other_reference, p.exercise as other_exercise, p.day as other_day
    from entry e join kind k on k.kind = e.kind left join entry p on p.entry_id = e.predecessor where k.family = 'REASSIGNMENT'
),
step as (  -- from the debit back to the payment, through what came back and was sent again, and to its request
    select l.entry_id, l.predecessor as at from line l where l.pairs = 'ORIGIN'
    union all
    select s.entry_id, e.predecessor from step s join entry e on e.entry_id = s.at join kind k on k.kind = e.kind
    where k.inherits and e.predecessor < s.at
),
paid as (
    select s.entry_id, e.entry_id as payment, e.amount as paid
    from step s join entry e on e.entry_id = s.at join kind k on k.kind = e.kind where k.remits and k.after = 'PAYABLE'
),
request as (
    select s.entry_id, e.entry_id as request, e.debit from step s join entry e on e.entry_id = s.at join kind k on k.kind = e.kind where not k.inherits
),
asked as (  -- from what asks an expense back to its request
    select e.entry_id, e.predecessor as at, c.cancelled from entry e join kind k on k.kind = e.kind left join (
        select e.predecessor as item, min(e.entry_id) as cancelled from entry e join kind k on k.kind = e.kind
        where k.undoes and k.follows = 'RECEIVABLE' group by e.predecessor) c on c.item = e.entry_id
    where k.family = 'RECEIVABLE' and k.follows <> 'NONE'
    union all
    select a.entry_id, e.predecessor, a.cancelled from asked a join entry e on e.entry_id = a.at join kind k on k.kind = e.kind where k.inherits and e.predecessor < a.at
),
moved as (select p.payment, p.paid, l.entry_id, l.reference, sum(l.amount) over (partition by p.payment order by l.entry_id) as cents from paid p join line l using (entry_id)),
brought as (select predecessor, sum(amount) as cents from line where pairs = 'TARGET' group by predecessor)
select entry_name(l.entry_id, l.reference) as place, euros(coalesce(b.cents, 0)) || ' brought to other imputations' as found, euros(l.amount) || ', all that it takes away' as expected
from line l left join brought b on b.predecessor = l.entry_id where l.pairs = 'ORIGIN' and l.amount <> coalesce(b.cents, 0)
union all
select entry_name(l.entry_id, l.reference), 'follows entry ' || l.predecessor || ' of ' || l.other_reference || ', dated ' || l.other_day, 'a line of its own act, on its day'
from line l where l.pairs = 'TARGET'
  and (l.submission, l.exercise, l.reference, l.day) is distinct from (l.other_submission, l.other_exercise, l.other_reference, l.other_day)
union all
select entry_name(max(l.entry_id), arg_max(l.reference, l.entry_id)), count(*) || ' reassignments of entry ' || l.predecessor, 'one'
from line l where l.pairs = 'ORIGIN' group by l.predecessor having count(*) > 1
union all
select entry_name(m.entry_id, m.reference), euros(m.cents) || ' moved of the payment of entry ' || m.payment, 'at most ' || euros(m.paid)
from moved m where m.cents > m.paid
union all
select entry_name(l.entry_id, l.reference), 'moves what a ' || k.name || ' requested', 'an expense of no commitment and no interest'
from line l join settled s on s.entry_id = l.entry_id join kind k on k.kind = s.kind
where l.pairs = 'ORIGIN' and (k.follows <> 'NONE' or k.debit_role <> 'EXPENSE')
union all
select entry_name(l.entry_id, l.reference), 'moves what entry ' || min(a.entry_id) || ' asks back', 'an expense that nobody repays'
from line l join request r on r.entry_id = l.entry_id join asked a on a.at = r.request
where l.pairs = 'ORIGIN' and coalesce(a.cancelled > l.entry_id, true) group by l.entry_id, l.reference
union all
select entry_name(l.entry_id, l.reference), 'credits ' || account_name(l.credit), account_name(r.debit) || ', which entry ' || r.request || ' charged'
from line l join request r on r.entry_id = l.entry_id where l.pairs = 'ORIGIN' and l.credit <> r.debit;
