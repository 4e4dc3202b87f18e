-- name: suspense_items
-- Each line has one side, but a movement of the bank: a credit stands on the side of its credit, a debit (kinds $10) on that of its debit.
-- What is open on suspense accounts $4, in the year of its assignment: $1 kinds that leave an amount there, $2 that clear it, $3 that
-- justify it.  Of exercise $5 and accountant $6, of sender $7 on fund centres $8 (all if null); ages up to day $9, or today's if null.
-- Openings and the result are of no programme: left out where only some fund centres are seen.  Of a justification by another sender only the day is seen.
-- An opening ($11) has the origin and the age of the line that it repeats, which may be years before.
with recursive climb as (
    select entry_id, predecessor as at from entry where kind = any($11::smallint[])
    union all
    select c.entry_id, p.predecessor from climb c join entry p on p.entry_id = c.at where p.kind = any($11::smallint[])
),
origin as (
    select c.entry_id, p.entry_id as first, p.day from climb c join entry p on p.entry_id = c.at where p.kind <> all($11::smallint[])
),
cleared as (
    select predecessor, sum(amount) as amount from entry where kind = any($2::smallint[]) group by predecessor
),
justified as (
    select predecessor, max(entry_id) as entry_id from entry where kind = any($3::smallint[]) group by predecessor
)
select e.entry_id, e.exercise, e.accountant, case when e.credit <> 0 and e.kind <> all($10::smallint[]) then e.credit else e.debit end as account, e.reference, e.day,
       coalesce(o.first, e.entry_id) as origin, coalesce(o.day, e.day) as since,
       coalesce($9::date, (now() at time zone 'Europe/Paris')::date) - coalesce(o.day, e.day) as age_days,
       (case when e.credit <> 0 and e.kind <> all($10::smallint[]) then -1 else 1 end * (e.amount - coalesce(c.amount, 0)))::bigint as open,
       case when $7::text is null or t.sender = $7 then j.entry_id end as justified_by, j.day as justified_on
from entry e join submission s on s.submission = e.submission join cell l on l.cell = e.cell
left join cleared c on c.predecessor = e.entry_id left join origin o on o.entry_id = e.entry_id
left join justified u on u.predecessor = e.entry_id left join entry j on j.entry_id = u.entry_id
left join submission t on t.submission = j.submission
where e.kind = any($1::smallint[]) and case when e.credit <> 0 and e.kind <> all($10::smallint[]) then e.credit else e.debit end = any($4::smallint[]) and e.amount > coalesce(c.amount, 0)
  and ($5::smallint is null or e.exercise = $5) and ($6::smallint is null or e.accountant = $6)
  and ($7::text is null or s.sender = $7) and ($8::int[] is null or l.centre = any($8::int[]) and e.month not in (0, 15))
order by e.exercise, e.accountant, e.day, e.entry_id;
