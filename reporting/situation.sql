-- name: situation_expenses
-- The CP that were consumed, by exercise, month and commitment item: $1 kinds with $2 whether they consume (1) or give back
-- (-1).  Only those of sender $3 on fund centres $4 (all if null); an entry of a sender of Crescendo's own, $5, belongs to the sender
-- of the act that it follows.  $6, $7: exercises, and the fund centres that are of special accounts in each.
with recursive own as materialized (
    select e.entry_id, e.predecessor from entry e join submission s on s.submission = e.submission
    where $3::text is not null and s.sender = any($5::text[])
),
climb as (
    select entry_id, predecessor as at from own
    union all
    select c.entry_id, o.predecessor from climb c join own o on o.entry_id = c.at
),
seen as (
    select c.entry_id from climb c join entry e on e.entry_id = c.at join submission s on s.submission = e.submission where s.sender = $3
),
spent as (
    select exercise, month, cell, submission, case when $3::text is null then 0 else entry_id end as entry_id, kind, sum(amount) as amount
    from entry where kind = any($1::smallint[]) group by 1, 2, 3, 4, 5, 6
)
select e.exercise, e.month, c.item, sum(e.amount * k.sign)::bigint as cents
from spent e join unnest($1::smallint[], $2::smallint[]) as k (kind, sign) on k.kind = e.kind
join cell c on c.cell = e.cell join submission s on s.submission = e.submission
where ($4::int[] is null or c.centre = any($4::int[]))
  and ($3::text is null or s.sender = $3 or exists (select from seen n where n.entry_id = e.entry_id))
  and not exists (select from unnest($6::int[], $7::int[]) as x (exercise, centre) where x.exercise = e.exercise and x.centre = c.centre)
group by e.exercise, e.month, c.item;

-- name: situation_receipts
-- What was collected, less what restored credits or was taken back, by exercise, month, nature of receipt and fund: $1 kinds that collect, $2
-- that restore, $5 that issue receivables.  Only receivables of sender $3 on fund centres $4 (all if null).  $6, $7: exercises, and
-- the fund centres that are of special accounts in each.  $8: kinds that confirm a penalty, which is a receipt on no nature.
with line as materialized (
    select entry_id, predecessor, amount, kind, exercise, month, cell, submission from entry
    where kind = any($1::smallint[] || $2::smallint[] || $5::smallint[] || $8::smallint[])
),
step as (
    select exercise, month, predecessor as receivable, amount from line where kind = any($1::smallint[])
    union all
    select exercise, month, entry_id, amount from line where kind = any($8::smallint[])
    union all
    select l.exercise, l.month, p.predecessor, -l.amount from line l join line p on p.entry_id = l.predecessor where l.kind = any($2::smallint[])
)
select t.exercise, t.month, c.item, c.fund, sum(t.amount)::bigint as cents
from step t join line r on r.entry_id = t.receivable join cell c on c.cell = r.cell join submission s on s.submission = r.submission
where ($3::text is null or s.sender = $3) and ($4::int[] is null or c.centre = any($4::int[]))
  and not exists (select from unnest($6::int[], $7::int[]) as x (exercise, centre) where x.exercise = t.exercise and x.centre = c.centre)
group by t.exercise, t.month, c.item, c.fund;
