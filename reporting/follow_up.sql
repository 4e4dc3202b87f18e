-- name: follow_up_steps
-- The beginning of statements: what each commitment engaged, carried, received and paid, as ``standing``, by the rules of the statement
-- ``commitments``, whose parameters $1 to $13 it has; $14 kinds that certify, $15 that suspend a payment and $16 that resume it.
-- A request counts for the commitment that it names, also where it is paid or rejected in a later year.  What is suspended is a request, a
-- part of one, or its carry, with what is in turn a part of that: it is suspended once, however many of them are.
with recursive effect as (
    select * from unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::smallint[]) as t (kind, open_sign, unbilled_sign, engaged_sign)
),
settlement as (
    select e.predecessor as at, e.amount * k.settles as cents
    from entry e join unnest($7::smallint[], $8::smallint[]) as k (kind, settles) on k.kind = e.kind
    union all
    select p.predecessor, s.cents from settlement s join entry p on p.entry_id = s.at where p.kind = any($9::smallint[])
),
carried as materialized (select entry_id, predecessor, amount, kind from entry where kind = any($13::smallint[])),
ancestor as (
    select entry_id as commitment, predecessor as at, 1 as years from carried where kind = any($6::smallint[])
    union all
    select a.commitment, c.predecessor, a.years + 1 from ancestor a join carried c on c.entry_id = a.at and c.kind = any($6::smallint[])
),
origin as (select distinct on (commitment) commitment, at as origin, years from ancestor order by commitment, years desc),
service as (
    select entry_id, predecessor as at, amount, 1 as years from carried where kind <> all($6::smallint[])
    union all
    select s.entry_id, c.predecessor, s.amount, s.years + 1 from service s join carried c on c.entry_id = s.at
),
carried_service as (
    select s.entry_id, s.amount, p.kind, n.commitment as new, coalesce(b.commitment, n.origin) as old
    from service s join entry p on p.entry_id = s.at and p.kind <> all($13::smallint[]) left join origin o on o.commitment = p.predecessor
    join origin n on n.origin = coalesce(o.origin, p.predecessor) and n.years = coalesce(o.years, 0) + s.years
    left join origin b on b.origin = n.origin and b.years = n.years - 1
),
mirror as materialized (
    select e.entry_id, e.amount, p.entry_id as original, coalesce(s.kind, p.kind) as kind,
           case when p.kind = any($6::smallint[]) then p.entry_id else coalesce(s.new, p.predecessor) end as commitment
    from entry e join entry p on p.entry_id = e.predecessor left join carried_service s on s.entry_id = p.entry_id
    where e.kind = any($5::smallint[]) and (p.predecessor > 0 or p.kind = any($6::smallint[]))
),
hop as (
    select m.entry_id, c.entry_id as at from mirror m join carried c on c.predecessor = m.commitment and c.kind = any($6::smallint[]) and c.entry_id < m.entry_id
    union all
    select h.entry_id, c.entry_id from hop h join carried c on c.predecessor = h.at and c.kind = any($6::smallint[]) and c.entry_id < h.entry_id
),
moved as (select entry_id, max(at) as new from hop group by entry_id),
suspension as materialized (
    select distinct t.predecessor as at from entry t
    where t.kind = any($15::smallint[]) and not exists (select from entry r where r.predecessor = t.entry_id and r.kind = any($16::smallint[]))
),
rise as (
    select at as payable, at from suspension
    union all
    select r.payable, p.predecessor from rise r join entry p on p.entry_id = r.at where p.kind = any($9::smallint[])
),
within as (select distinct r.payable from rise r join suspension s on s.at = r.at where r.at <> r.payable),
suspended as (
    select q.predecessor as commitment, x.amount - coalesce(m.cents, 0) - coalesce(p.cents, 0) as cents
    from rise r join entry q on q.entry_id = r.at and q.kind = any($10::smallint[]) join entry x on x.entry_id = r.payable
    left join within w on w.payable = r.payable
    left join (select original, sum(amount) as cents from mirror group by original) m on m.original = r.payable
    left join (select at, sum(cents) as cents from settlement group by at) p on p.at = r.payable
    where w.payable is null
),
step (commitment, engaged, withdrawn, carried_in, carried_out, received, unbilled, requested, paid, suspended) as (
    select case when e.kind = any($6::smallint[]) then e.entry_id else e.predecessor end,
           e.amount * greatest(f.engaged_sign, 0), e.amount * greatest(-f.engaged_sign, 0),
           case when e.kind = any($13::smallint[]) then e.amount else 0 end, 0::bigint,
           case when e.kind = any($14::smallint[]) then e.amount else 0 end, e.amount * f.unbilled_sign,
           case when e.kind = any($10::smallint[]) then e.amount else 0 end, 0::bigint, 0::bigint
    from entry e join effect f on f.kind = e.kind
    union all
    select coalesce(v.new, m.commitment), -m.amount * greatest(f.engaged_sign, 0), -m.amount * greatest(-f.engaged_sign, 0), 0, 0,
           case when m.kind = any($14::smallint[]) then -m.amount else 0 end, -m.amount * f.unbilled_sign, 0, 0, 0
    from mirror m join effect f on f.kind = m.kind left join moved v on v.entry_id = m.entry_id
    union all
    select m.commitment, 0, 0, 0, case when v.new is null then 0 else m.amount end, 0, 0, -m.amount, 0, 0
    from mirror m join effect f on f.kind = m.kind left join moved v on v.entry_id = m.entry_id where m.kind = any($10::smallint[])
    union all
    select v.new, m.amount, 0, m.amount, 0, 0, 0, 0, 0, 0 from mirror m join moved v on v.entry_id = m.entry_id where m.kind = any($10::smallint[])
    union all
    select predecessor, 0, 0, 0, amount, 0, 0, 0, 0, 0 from carried where kind = any($6::smallint[])
    union all
    select old, 0, 0, 0, amount, 0, -amount, 0, 0, 0 from carried_service
    union all
    select new, amount, 0, amount, 0, 0, amount, 0, 0, 0 from carried_service
    union all
    select p.predecessor, 0, 0, 0, 0, 0, 0, 0, s.cents, 0
    from settlement s join entry p on p.entry_id = s.at where p.kind = any($10::smallint[])
    union all
    select commitment, 0, 0, 0, 0, 0, 0, 0, 0, cents from suspended where cents > 0
),
standing as (
    select commitment, sum(engaged) as engaged, sum(withdrawn) as withdrawn, sum(carried_in) as carried_in, sum(carried_out) as carried_out,
           sum(received) as received, sum(unbilled) as unbilled, sum(requested) as requested, sum(paid) as paid, sum(suspended) as suspended
    from step group by commitment
),
seen as (
    select r.*, e.reference, e.exercise, e.day, c.budget_year, c.centre, c.area, c.item, c.fund, c.budget_year - coalesce(o.years, 0) as origin_year,
           coalesce(w.code, s.sender) as sender
    from standing r join entry e on e.entry_id = r.commitment join cell c on c.cell = e.cell join submission s on s.submission = e.submission
    left join origin o on o.commitment = r.commitment
    left join reference_text w on w.kind = 6 and w.id = e.source and s.sender = 'closing'
    where ($11::text is null or coalesce(w.code, s.sender) = $11) and ($12::int[] is null or c.centre = any($12::int[]))
      and ($17::int is null or c.budget_year = $17) and ($18::int[] is null or c.centre = any($18::int[]))
)

-- name: follow_up_lines
-- The commitments behind entry $19, at most $20, with the supplier of the first request and the day of the last service of each.  Their
-- place among the lines of their act is that of all lines, whatever the caller sees; acts that are carried are of several senders in one file.
, ranked as (
    select r.commitment, row_number() over (
        partition by e.submission, case when e.kind = any($13::smallint[]) then e.source end, e.reference, e.exercise order by e.entry_id
    ) as place
    from standing r join entry e on e.entry_id = r.commitment
),
page as (select * from seen join ranked using (commitment) where commitment > $19 order by commitment limit $20),
billed as (
    select distinct on (e.predecessor) e.predecessor as commitment, e.payee from entry e
    where e.kind = any($10::smallint[]) and e.predecessor in (select commitment from page) order by e.predecessor, e.entry_id
),
served as (
    select e.predecessor as commitment, max(e.day) as day from entry e
    where e.kind = any($14::smallint[]) and e.predecessor in (select commitment from page) group by e.predecessor
)
select p.*, coalesce(b.payee, 0) as payee, v.day as served_on
from page p left join billed b using (commitment) left join served v using (commitment) order by p.commitment;

-- name: follow_up_totals
-- The sums by budget year; $19 and $20 have no meaning here.
select budget_year, count(*) as commitments, sum(engaged)::bigint as engaged, sum(withdrawn)::bigint as withdrawn, sum(carried_in)::bigint as carried_in,
       sum(carried_out)::bigint as carried_out, sum(received)::bigint as received, sum(unbilled)::bigint as unbilled, sum(requested)::bigint as requested,
       sum(paid)::bigint as paid, sum(suspended)::bigint as suspended
from seen where $19::bigint is not null or $20::bigint is null group by budget_year order by budget_year;

-- name: names_of_payees
-- The codes and the last names of payees $1.
select distinct on (payee) payee, code, name from payee where payee = any($1::int[]) order by payee, entry_id desc;
