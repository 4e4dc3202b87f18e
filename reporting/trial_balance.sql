-- name: trial_balance
-- The last sums of each accountant's account and period at or before batch $1, of the periods from $2 up to, not including, $3: what
-- was opened, debit less credit, and what moved.  Of several years ($6 false) nothing is opened: the movements contain it.
-- Without the entries of the result unless $7.  Of accountant $4 (all if null); $5: a row for each accountant's account, otherwise one for each account.
with latest as (
    select accountant, account, period, max(batch) as batch from account_balance
    where batch <= $1 and period >= $2 and period < $3 and ($4::smallint is null or accountant = $4) and ($6 or period % 16 <> 0)
    and ($7 or period % 16 <> 15)
    group by accountant, account, period
)
select case when $5 then accountant else 0 end as accountant, account,
       coalesce(sum(debit - credit) filter (where period % 16 = 0), 0)::bigint as opening,
       coalesce(sum(debit) filter (where period % 16 <> 0), 0)::bigint as debit,
       coalesce(sum(credit) filter (where period % 16 <> 0), 0)::bigint as credit
from account_balance join latest using (accountant, account, period, batch) group by 1, account;

-- name: trial_balance_of_scope
-- The sums of each account at or before batch $1 in exercise $2 (all if null), of the entries of sender $3 on fund centres $4
-- (all if null).  An entry of a sender of Crescendo's own, $5, belongs to the sender of the act that it follows.  Of accountant $6
-- (all if null); $7: a row for each accountant's account, otherwise one for each account.  Up to month $8.  Openings (month 0) and the
-- result (month 15) are of no programme: left out.
with recursive bound as (
    select coalesce(max(first_entry + entries), 0) as entry_end from batch where batch <= $1
),
own as materialized (
    select e.entry_id, e.predecessor, e.amount, e.cell, e.exercise, e.month, e.accountant, e.debit, e.credit
    from entry e join submission s on s.submission = e.submission
    where s.sender = any($5::text[]) and $3::text is not null and e.entry_id < (select entry_end from bound)
),
climb as (
    select entry_id, predecessor as at from own
    union all
    select c.entry_id, o.predecessor from climb c join own o on o.entry_id = c.at
),
line as (
    select e.amount, e.cell, e.exercise, e.month, e.accountant, e.debit, e.credit
    from entry e join submission s on s.submission = e.submission
    where ($3::text is null or s.sender = $3) and e.entry_id < (select entry_end from bound)
    union all
    select o.amount, o.cell, o.exercise, o.month, o.accountant, o.debit, o.credit
    from climb c join own o on o.entry_id = c.entry_id join entry e on e.entry_id = c.at join submission s on s.submission = e.submission
    where s.sender = $3
),
posted as (
    select case when $7 then l.accountant else 0 end as accountant, l.debit, l.credit, sum(l.amount) as amount
    from line l left join cell c on c.cell = l.cell
    where (l.debit <> 0 or l.credit <> 0) and ($2::smallint is null or l.exercise = $2) and l.month between 1 and least(coalesce($8::smallint, 14), 14)
      and ($4::int[] is null or l.cell = 0 or c.centre = any($4::int[])) and ($6::smallint is null or l.accountant = $6)
    group by 1, l.debit, l.credit
)
select accountant, account, 0::bigint as opening, sum(debit)::bigint as debit, sum(credit)::bigint as credit
from (
    select accountant, debit as account, amount as debit, 0 as credit from posted
    union all
    select accountant, credit, 0, amount from posted
) side where account <> 0 group by accountant, account;
