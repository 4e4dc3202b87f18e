-- name: public_balance
-- The balance of each account in exercise $1 by fund centre, debit less credit: what was opened, and what moved up to month $2, before the
-- result.  Of accountant $3, of sender $4 on fund centres $5 (all if null); an entry of a sender of Crescendo's own, $6, belongs to the
-- sender of the act that it follows.  Openings and entries without a fund centre are of centre 0; openings are left out of a part.
with recursive own as materialized (
    select e.entry_id, e.predecessor, e.amount, e.cell, e.exercise, e.month, e.accountant, e.debit, e.credit
    from entry e join submission s on s.submission = e.submission where s.sender = any($6::text[]) and $4::text is not null
),
climb as (
    select entry_id, predecessor as at from own
    union all
    select c.entry_id, o.predecessor from climb c join own o on o.entry_id = c.at
),
line as (
    select e.amount, e.cell, e.exercise, e.month, e.accountant, e.debit, e.credit
    from entry e join submission s on s.submission = e.submission where $4::text is null or s.sender = $4
    union all
    select o.amount, o.cell, o.exercise, o.month, o.accountant, o.debit, o.credit
    from climb c join own o on o.entry_id = c.entry_id join entry e on e.entry_id = c.at join submission s on s.submission = e.submission
    where s.sender = $4
)
select s.account, case when e.month = 0 then 0 else coalesce(c.centre, 0) end as centre, sum(s.cents)::bigint as cents
from line e left join cell c on c.cell = e.cell
cross join lateral (values (e.debit, e.amount), (e.credit, -e.amount)) as s (account, cents)
where e.exercise = $1::smallint and s.account <> 0 and e.month <= $2::smallint and e.month <> 15 and ($3::smallint is null or e.accountant = $3)
  and (e.month > 0 or $4 is null and $5::int[] is null) and ($5 is null or c.centre = any($5))
group by 1, 2;

-- name: last_exercise
select max(period / 16) + 2000 as exercise from account_balance;
