-- name: aged_items
-- What is open on accounts $1, by accountant, account, payee and exercise of the item, and by its age on day $12 (today if null); $13: a row for
-- each item.  Every posting on an account belongs to one item there, so that the items add up to the balance: what opens it, or the entry that
-- it follows.  Accounts $2 are opened by a debit, the others by a credit; on suspense accounts $6 kinds $7 open.  $3 kinds that mirror.
-- On accounts $4 of certified service an item is a commitment, as a request names no service, or a manual accrual (kinds $5 are both).
-- $8 kinds that take up a receivable with the debt of the line before, $9 that recover an advance that the next line names, $10 that clear what
-- the line before names; $11 kinds of those lines.  Only items of sender $14 on fund centres $15 (all if null) and accountant $16; one that a
-- sender of Crescendo's own, $18, opened belongs to the sender of the act that it follows.  Openings repeat what the year
-- before has: left out, like the result; what clears the opening of an item takes off the entry that the opening names.  With $17 what entries of the
-- exercises before it left: what it opens with.
with recursive side as materialized (
    select e.entry_id, e.predecessor, e.kind, e.accountant, e.day, s.account, s.cents,
           e.kind <> all($3::smallint[])
           and case when s.account = any($4::smallint[]) then e.kind = any($5::smallint[])
                    when s.account = any($6::smallint[]) then e.kind = any($7::smallint[]) else (s.cents > 0) = (s.account = any($2::smallint[])) end as opens
    from entry e cross join lateral (values (e.debit, e.amount), (e.credit, -e.amount)) as s (account, cents)
    where e.month not in (0, 15) and s.account = any($1::smallint[]) and ($17::int is null or e.exercise < $17)
),
pair as materialized (select entry_id, predecessor from entry where kind = any($11::smallint[])),
climb as (
    select d.entry_id, d.account, false as is_found,
           case when d.kind = any($8::smallint[]) and d.cents > 0 then d.entry_id - 1
                when d.kind = any($9::smallint[]) and d.account = any($2::smallint[]) then n.predecessor
                when d.kind = any($10::smallint[]) and d.account = any($6::smallint[]) then b.predecessor
                else d.predecessor end as at
    from side d left join pair n on n.entry_id = d.entry_id + 1 and d.kind = any($9::smallint[])
    left join pair b on b.entry_id = d.entry_id - 1 and d.kind = any($10::smallint[])
    where not d.opens
    union all
    select c.entry_id, c.account, t.is_found, case when t.is_found then p.entry_id else p.predecessor end
    from climb c join entry p on p.entry_id = c.at
    cross join lateral (select case when c.account = any($4::smallint[]) then p.kind = any($5::smallint[])
        else p.kind <> all($3::smallint[]) and case when c.account = any($6::smallint[]) then p.kind = any($7::smallint[]) and c.account in (p.debit, p.credit)
                                                    when c.account = any($2::smallint[]) then p.debit = c.account else p.credit = c.account end end as is_found) t
    where not c.is_found
),
home as (select entry_id, account, at as item from climb where is_found),
item as (
    select coalesce(h.item, s.entry_id) as item, s.accountant, s.account, sum(s.cents) as cents,
           max(s.day) filter (where s.account = any($4::smallint[]) and s.cents < 0) as certified_on
    from side s left join home h on h.entry_id = s.entry_id and h.account = s.account and not s.opens
    group by 1, 2, 3 having sum(s.cents) <> 0
),
ascent as (
    select distinct i.item, i.item as at from item i where $14::text is not null
    union all
    select a.item, e.predecessor from ascent a join entry e on e.entry_id = a.at join submission s on s.submission = e.submission
    where s.sender = any($18::text[]) and s.sender <> $14
),
owned as (
    select a.item from ascent a join entry e on e.entry_id = a.at join submission s on s.submission = e.submission where s.sender = $14
),
aged as (
    select i.item, i.accountant, i.account, i.cents, e.exercise, e.payee, e.reference, coalesce(i.certified_on, e.day) as day,
           coalesce($12::date, (now() at time zone 'Europe/Paris')::date) - coalesce(i.certified_on, e.day) as age
    from item i join entry e on e.entry_id = i.item left join cell c on c.cell = e.cell
    where ($14 is null or i.item in (select item from owned)) and ($15::int[] is null or c.centre = any($15::int[])) and ($16::smallint is null or i.accountant = $16)
)
select accountant, account, exercise, payee, case when $13::bool then item end as item, case when $13 then min(reference) end as reference, min(day) as oldest,
       max(age) as age, count(*) as items, sum(cents)::bigint as open,
       coalesce(sum(cents) filter (where age <= 30), 0)::bigint as age_30, coalesce(sum(cents) filter (where age between 31 and 60), 0)::bigint as age_60,
       coalesce(sum(cents) filter (where age between 61 and 90), 0)::bigint as age_90, coalesce(sum(cents) filter (where age between 91 and 365), 0)::bigint as age_365,
       coalesce(sum(cents) filter (where age > 365), 0)::bigint as older
from aged group by 1, 2, 3, 4, 5 order by accountant, account, exercise, payee, 5;
