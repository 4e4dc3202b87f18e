-- name: late_interest
-- What the treasury claimed for late payments is, with all that was claimed before, what was due up to the payment it names (A59).
with recursive claim as (
    select e.entry_id, e.reference, e.predecessor as payable, try_cast(split_part(e.reference, '-', 3) as bigint) as debit
    from entry e join kind k on k.kind = e.kind join submission s on s.submission = e.submission
    where k.name = 'late_interest' and s.sender = 'treasury'
), climb as (
    select distinct payable, payable as at from claim
    union all
    select c.payable, e.predecessor from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind where k.inherits
), request as (
    select c.payable, e.entry_id, e.predecessor as commitment, e.day
    from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind where not k.inherits
), left_of as (
    select e.entry_id, e.predecessor as commitment, e.day, k.name, any_value(e.amount) - coalesce(sum(u.amount), 0) as cents
    from entry e join kind k on k.kind = e.kind
    left join (select e.predecessor, e.amount from entry e join kind k on k.kind = e.kind where k.mirrors) u on u.predecessor = e.entry_id
    where k.name in ('service', 'payment_request') and e.predecessor in (select commitment from request)
    group by e.entry_id, e.predecessor, e.day, k.name
), summed as (
    select *, sum(cents) over (partition by commitment, name order by entry_id) as so_far from left_of
), certified as (
    select r.entry_id, arg_min(s.day, s.entry_id) as day
    from summed r join summed s on s.commitment = r.commitment and s.so_far >= r.so_far
    where r.name = 'payment_request' and s.name = 'service' group by r.entry_id
), received as (
    select entry_id, date '1970-01-01' + received::int as day from request_line where received > 0
), stop as (
    select s.predecessor as entry_id, s.day as suspended, any_value(r.day) as resumed
    from entry s join kind k on k.kind = s.kind
    left join (select e.predecessor, e.day from entry e join kind k on k.kind = e.kind where k.name = 'term_resumption') r
    on r.predecessor = s.entry_id
    where k.name = 'term_suspension' group by s.predecessor, s.day
), begun as (
    select q.payable, t.days::int as days, if(o.entry_id is null, w.suspended, o.suspended) as suspended, if(o.entry_id is null, w.resumed, o.resumed) as resumed,
           greatest(coalesce(n.day, q.day), coalesce(c.day, date '1970-01-01')) as start
    from request q cross join term t
    left join received n on n.entry_id = q.entry_id left join certified c on c.entry_id = q.entry_id
    left join stop o on o.entry_id = q.payable left join stop w on w.entry_id = q.entry_id
), ended as (
    select payable, case when suspended is null or suspended > start + days then start + days
                         when resumed is not null then resumed + greatest(days, (start + days) - suspended)::int end as day
    from begun
), paid as (
    select p.predecessor as payable, d.entry_id, d.amount, d.day - t.day as late, t.day + 1 as since
    from entry d join kind dk on dk.kind = d.kind join entry p on p.entry_id = d.predecessor join kind pk on pk.kind = p.kind
    join ended t on t.payable = p.predecessor
    where dk.name = 'bank_debit' and pk.name = 'payment' and d.day > t.day
), owed as (
    select c.entry_id, any_value(t.compensation) + sum((2 * p.amount::hugeint * (r.rate + t.points) * p.late + 10000 * t.days_a_year)
                                                       // (20000 * t.days_a_year)) as cents
    from claim c join paid p on p.payable = c.payable and p.entry_id <= c.debit cross join term t
    left join refinancing r on r.half = year(p.since) * 2 + (month(p.since) > 6)::int
    group by c.entry_id
), claimed as (
    select c.entry_id, sum(e.amount) as cents
    from claim c join entry e on e.predecessor = c.payable and e.entry_id <= c.entry_id join kind k on k.kind = e.kind
    where k.name = 'late_interest' group by c.entry_id
)
select entry_name(c.entry_id, c.reference) as place, euros(m.cents) || ' claimed by then' as found,
       coalesce(euros(o.cents) || ' due', 'nothing was paid late') as expected
from claim c join claimed m using (entry_id) left join owed o using (entry_id) where o.cents is null or o.cents <> m.cents;
