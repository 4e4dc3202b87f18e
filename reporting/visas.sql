-- name: visas
-- Visa requests, of the kinds $1, with the first decision and the override behind it, of the kinds $2, the commitments that use the visa,
-- $3, and their reversals, $4.  Of exercise $5, of sender $6 on fund centres $7 (all if null); days waited up to day $8, or today's if null.
with commitment as (
    select c.predecessor as visa, c.entry_id, c.amount, r.entry_id as reversal
    from entry c left join entry r on r.predecessor = c.entry_id and r.kind = any($4::smallint[])
    where c.kind = any($3::smallint[])
),
used as (
    select visa, sum(amount) as amount, coalesce(sum(amount) filter (where reversal is not null), 0) as reversed, min(reversal) as reversal
    from commitment group by visa
),
used_again as (
    select c.visa, sum(c.amount) as amount from commitment c join used u on u.visa = c.visa and c.entry_id > u.reversal group by c.visa
)
select e.entry_id, e.reference, e.day, e.amount, l.centre, l.item, l.budget_year, coalesce(o.kind, d.kind) as decision,
       coalesce(o.day, d.day) as decided_on, coalesce(d.day, $8::date, (now() at time zone 'Europe/Paris')::date) - e.day as days_waited,
       coalesce(u.amount, 0)::bigint as used, coalesce(u.reversed, 0)::bigint as reversed, coalesce(a.amount, 0)::bigint as used_again
from entry e join submission s on s.submission = e.submission join cell l on l.cell = e.cell
left join entry d on d.predecessor = e.entry_id and d.kind = any($2::smallint[])
left join entry o on o.predecessor = d.entry_id and o.kind = any($2::smallint[])
left join used u on u.visa = coalesce(o.entry_id, d.entry_id) left join used_again a on a.visa = u.visa
where e.kind = any($1::smallint[]) and ($5::smallint is null or e.exercise = $5)
  and ($6::text is null or s.sender = $6) and ($7::int[] is null or l.centre = any($7::int[]))
order by e.entry_id;
