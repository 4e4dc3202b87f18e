-- name: late_interest
-- The late interest claimed by the treasury is, with the earlier claims, the amount due up to the payment that the claim names (rule A59).
-- Interest runs to the day of the transfer; of a set-off to the day on which both debts were due, at the latest that of its act.  The compensation is due once for a request with its parts, to its creditor; an opposing creditor has nothing.
-- A claim by hand may be decided while those of the treasury wait: then the treasury alone claims no more, and all claims no less.
-- Each payment is checked by the entries before its debit; of several claims for one payable the last is checked, with the sum of all.
-- The contract decides whether anything is due: the one that the request states, otherwise that of the expense that it charges (of the
-- service that it bills, where there is one) and of the account on which it is owed, otherwise that of its item.
-- A claim that states no reason is, with the earlier claims, at most the amount due by the debits before it.  Claims with a reason count in the sum.
with recursive claim as (
    select e.entry_id as claim, e.reference, e.predecessor as payable, try_cast(split_part(e.reference, '-', 4) as bigint) as debit, false as is_limited
    from entry e join kind k on k.kind = e.kind join submission s on s.submission = e.submission
    where k.is_interest and s.sender = 'treasury' and regexp_full_match(e.reference, 'IM-[0-9]{2}-[0-9]+-[0-9]+(-[0-9]+)?')
    qualify row_number() over (partition by e.predecessor order by e.entry_id desc) = 1
    union all
    select e.entry_id, e.reference, e.predecessor, e.entry_id, true
    from entry e join kind k on k.kind = e.kind left join request_line w on w.entry_id = e.entry_id
    where k.is_interest and coalesce(w.reason, '') = ''
), family as (
    select claim, payable, payable as member from claim
    union all
    select f.claim, f.payable, e.entry_id
    from family f join entry e on e.predecessor = f.member and e.entry_id > f.member join kind k on k.kind = e.kind
    where k.inherits and k.reaches = 'PAYABLE' and not k.opposes
), climb as (
    select claim, payable, member, member as at, false as is_opposed from family
    union all
    select c.claim, c.payable, c.member, e.predecessor, c.is_opposed or k.opposes
    from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind where k.inherits and k.after = 'PAYABLE'
), request as (  -- with the contract that they state, and that of their item
    select c.claim, c.payable, c.member, e.entry_id, coalesce(o.origin, e.predecessor) as commitment, e.day, e.debit, e.credit,
           s.bears_interest as stated, x.bears_interest as of_item
    from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind
    join cell l on l.cell = e.cell join reference_text t on t.kind = 3 and t.id = l.item
    left join request_line w on w.entry_id = e.entry_id and w.contract > 0 left join contract s on s.contract = w.contract
    left join contract_default x on x.item = t.code and e.day >= x.since and e.day < x.until
    left join commitment_origin o on o.commitment = e.predecessor
    where not (k.inherits and k.after = 'PAYABLE') and not k.is_interest and not c.is_opposed
), debit as (
    select f.claim, f.payable, f.member, d.entry_id, d.amount, p.day, p.day as due
    from entry d join kind dk on dk.kind = d.kind join sent_transfer p on p.entry_id = d.predecessor
    join family f on f.member = p.payable join claim c on c.claim = f.claim and d.entry_id <= c.debit
    where dk.reaches = 'DEBITED'
    union all  -- with the day on which its receivable is due
    select f.claim, f.payable, f.member, s.entry_id, s.amount, s.day, s.due
    from set_off s join family f on f.member = s.payable join claim c on c.claim = f.claim and s.entry_id <= c.debit
), line as (
    select e.entry_id, coalesce(o.origin, e.predecessor) as commitment, e.day, e.amount, e.debit, k.unbilled_sign as sign
    from entry e join kind k on k.kind = e.kind left join commitment_origin o on o.commitment = e.predecessor
    where k.unbilled_sign <> 0 and coalesce(o.origin, e.predecessor) in (select commitment from request)
), undone as (  -- what undoes a carry of a service undoes that service
    select u.entry_id, u.amount, l.entry_id as line, l.commitment, row_number() over (partition by l.commitment order by u.entry_id) as place
    from entry u join kind k on k.kind = u.kind left join carried_service c on c.entry_id = u.predecessor
    join line l on l.entry_id = coalesce(c.service, u.predecessor) where k.mirrors
), judged as (
    select d.claim, d.payable, d.member, d.entry_id as debit, d.amount, d.day as paid, d.due, q.entry_id as request, q.day, q.commitment, q.debit as charged, q.credit, q.stated, q.of_item, count(u.entry_id) as undone
    from debit d join request q using (claim, payable, member) left join undone u on u.commitment = q.commitment and u.entry_id < d.entry_id
    group by all
), left_of as (
    select s.commitment, s.undone, l.entry_id, l.day, l.sign, any_value(l.debit) as debit, any_value(l.amount) - coalesce(sum(u.amount), 0) as cents
    from (select distinct commitment, undone from judged) s join line l using (commitment)
    left join undone u on u.line = l.entry_id and u.place <= s.undone
    group by s.commitment, s.undone, l.entry_id, l.day, l.sign
), summed as (
    select *, sum(cents) over (partition by commitment, undone, sign order by entry_id) as so_far from left_of
), certified as (
    select r.commitment, r.undone, r.entry_id, arg_min(s.day, s.entry_id) as day, arg_min(s.debit, s.entry_id) as debit
    from summed r join summed s on s.commitment = r.commitment and s.undone = r.undone and s.so_far >= r.so_far
    where r.sign < 0 and s.sign > 0 and r.entry_id in (select request from judged)
    group by r.commitment, r.undone, r.entry_id
), request_terms as (  -- receipt, or two days after the invoice; the one suspension before the order; the service counts not for a balance of works
    select entry_id, to_day(received) as received, to_day(invoice_date) + 2 as invoiced, to_day(suspension_notified) as suspended,
           to_day(suspension_ended) as resumed, t.is_balance
    from request_line left join contract t using (contract)
), begun as (
    select j.claim, j.payable, j.member, j.request, j.debit, j.amount, j.paid, j.due, n.suspended, n.resumed,
           coalesce(c.debit, j.charged) as expense, j.credit, j.day, j.stated, j.of_item,
           greatest(coalesce(n.received, least(n.invoiced, j.day), j.day), coalesce(if(coalesce(n.is_balance, false), null, c.day), date '1970-01-01')) as start
    from judged j left join request_terms n on n.entry_id = j.request
    left join certified c on c.commitment = j.commitment and c.undone = j.undone and c.entry_id = j.request
), own_contract as (  -- of an expense account and the account on which it is owed: the row of most digits, then the one that names the creditor
    select b.expense, b.credit, b.day, x.bears_interest
    from (select distinct expense, credit, day from begun) b join reference_text d on d.kind = 5 and d.id = b.expense
    join reference_text o on o.kind = 5 and o.id = b.credit
    join account_contract x on starts_with(d.code, x.expense) and x.creditor in ('', o.code) and b.day >= x.since and b.day < x.until
    qualify row_number() over (partition by b.expense, b.credit, b.day order by length(x.expense) desc, x.creditor desc) = 1
), termed as (  -- what bears interest by its contract, by the rule in force on the day on which the term begins
    select b.*, t.value::int as days from begun b left join own_contract x using (expense, credit, day) join ruled t on t.rule = 'term_days' and b.start >= t.since and b.start < t.until
    join ruled s on s.rule = 'delays_since' and b.start >= date '1970-01-01' + s.value::int
    where coalesce(b.stated, x.bears_interest, b.of_item, false)
), moved as (
    select *, if(suspended <= start + days and resumed > start,
                 resumed + greatest(days, (start + days) - greatest(suspended, start))::int, start + days) as last
    from termed
), effective as (  -- a set-off pays on the day on which the term was over and its receivable due
    select * replace (least(paid, greatest(last, due)) as paid) from moved
), late as (
    select *, last + 1 as since, year(last + 1) * 2 + (month(last + 1) > 6)::int as half from effective where paid > last
), owed as (  -- interest by the rules of the day on which it began to run, the compensation by those of the first such day
    select l.claim, if(any_value(l.payable = l.request), arg_min(c.value, l.debit), 0)
           + coalesce(sum((2 * l.amount::hugeint * (r.rate + p.value) * (l.paid - l.last) + 10000 * y.value) // (20000 * y.value))
                      filter (where l.member = l.payable), 0) as cents,
           min(l.half) filter (where r.rate is null) as lacks
    from late l join ruled c on c.rule = 'compensation' and l.since >= c.since and l.since < c.until
    join ruled p on p.rule = 'points' and l.since >= p.since and l.since < p.until
    join ruled y on y.rule = 'days_a_year' and l.since >= y.since and l.since < y.until
    left join refinancing r on r.half = l.half group by l.claim
), claimed as (
    select c.claim, sum(e.amount) as cents, sum(if(s.sender = 'treasury', e.amount, 0)) as own_cents
    from claim c join entry e on e.predecessor = c.payable and e.entry_id <= c.claim join kind k on k.kind = e.kind
    join submission s on s.submission = e.submission
    where k.is_interest group by c.claim
)
select entry_name(c.claim, c.reference) as place, euros(m.cents) || ' claimed so far, ' || euros(m.own_cents) || ' by the treasury' as found,
       case when o.claim is null then 'no late payment'
            when o.lacks is not null then 'a rate for "' || (o.lacks // 2) || '-' || (o.lacks % 2 + 1) || '", which late_interest.toml does not have'
            else euros(o.cents) || ' due' end as expected
from claim c join claimed m using (claim) left join owed o using (claim)
where o.claim is null or o.lacks is not null or if(c.is_limited, o.cents < m.cents, o.cents > m.cents or o.cents < m.own_cents);

-- name: suspended_unpaid
-- Nothing is paid of a payable while the accountant suspends its payment, nor of a part of it that is owed to another payee.
with recursive below as (
    select s.entry_id as noted, coalesce(r.entry_id, 9223372036854775807) as ended, s.predecessor as payable
    from entry s join kind k on k.kind = s.kind left join (
        select e.entry_id, e.predecessor from entry e join kind k on k.kind = e.kind where k.after = 'SUSPENDED'
    ) r on r.predecessor = s.entry_id
    where k.reaches = 'SUSPENDED'
    union all
    select b.noted, b.ended, e.entry_id
    from below b join entry e on e.predecessor = b.payable and e.entry_id > b.payable join kind k on k.kind = e.kind where k.inherits and k.reaches = 'PAYABLE'
)
select distinct entry_name(p.entry_id, p.reference) as place, 'paid after entry ' || b.noted || ', which suspends its payment' as found,
       'no payment before it is resumed' as expected
from below b join entry p on p.predecessor = b.payable join kind k on k.kind = p.kind
where k.after = 'PAYABLE' and (k.settles > 0 or k.pairs = 'WITHHOLDING') and p.entry_id > b.noted and p.entry_id < b.ended;

-- name: interest_assignments
-- Late interest takes ordinary credits of an item of title 3 of the year of its date, without an operation, on the programme of its request
-- or one that follows it by an order (rules A59, A64).
select entry_name(e.entry_id, e.reference) as place,
       'item ' || i.code || ' of ' || c.budget_year || ', programme ' || left(t.code, 4) || if(c.operation > 0, ', an operation', '')
           || if(f.family > 0, ', fund ' || tf.code, '') as found,
       'an item of title 3 of ' || year(e.day) || ', programme ' || left(pt.code, 4) || ', no operation, no fund' as expected
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
join cell c on c.cell = e.cell join cell pc on pc.cell = p.cell
join reference_text i on i.kind = 3 and i.id = c.item
left join reference_text tf on tf.kind = 4 and tf.id = c.fund left join fund f on f.year = c.budget_year and f.code = tf.code
join reference_text t on t.kind = 1 and t.id = c.centre join reference_text pt on pt.kind = 1 and pt.id = pc.centre
where k.is_interest and (left(i.code, 1) <> '3' or c.operation > 0 or f.family > 0 or c.budget_year <> year(e.day)
    or left(t.code, 4) <> left(pt.code, 4)
       and not exists (select 1 from programme_after a where a.year = pc.budget_year and a.programme = left(pt.code, 4)
                       and a.later_year = c.budget_year and a.follower = left(t.code, 4)));
