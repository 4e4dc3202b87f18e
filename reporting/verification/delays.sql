-- name: delay_measurements
-- The measurements of delays follow one another: each begins at the first entry, or where the one before ended, and ends in the journal.
select 'measurement ' || measurement as place, 'entries ' || after_entry + 1 || ' to ' || last_entry as found,
       'from entry 1' || coalesce(' or ' || before + 1, '') || ', to ' || coalesce((select max(entry_id) from entry), 0) || ' at most' as expected
from (select *, lag(last_entry) over (order by measurement) as before from delay_measurement)
where after_entry <> 0 and after_entry is distinct from before or last_entry > coalesce((select max(entry_id) from entry), 0);

-- name: delay_sums
-- The stored sums of payment delays are those of the payments and claims up to the last entry that was measured.
-- They are compared if they were measured by the rules of today: the report uses no others (rule A59).
with recursive newest as (
    select m.last_entry from (select * from delay_measurement order by measurement desc limit 1) m
    join delay_rules r on r.half_year = m.half_year and r.rules = m.rules
), owned as (  -- a claim of Crescendo's own belongs to the sender of what was paid late
    select e.entry_id, e.cell, e.kind, e.amount, e.day, k.is_interest,
           if(k.is_interest and s.sender in ('treasury', 'bank', 'closing'), o.sender, s.sender) as sender
    from entry e join kind k on k.kind = e.kind join submission s on s.submission = e.submission
    left join entry p on p.entry_id = e.predecessor left join submission o on o.submission = p.submission
    where k.family = 'PAYMENT_REQUEST' or k.is_interest
), paid as (
    select d.entry_id as debit, d.amount, p.day as paid, p.day as due, o.entry_id as payable, o.cell, o.sender, false as is_set_off
    from newest n join entry d on d.entry_id <= n.last_entry join kind k on k.kind = d.kind
    join sent_transfer p on p.entry_id = d.predecessor join owned o on o.entry_id = p.payable
    where k.reaches = 'DEBITED'
    union all  -- with the day on which its receivable is due
    select s.entry_id, s.amount, s.day, s.due, o.entry_id, o.cell, o.sender, true
    from newest n join set_off s on s.entry_id <= n.last_entry join owned o on o.entry_id = s.payable
), climb as (
    select distinct payable, payable as at, false as is_opposed from paid
    union all
    select c.payable, e.predecessor, c.is_opposed or k.opposes
    from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind where k.inherits and k.after = 'PAYABLE'
), request as (  -- with the contract that they state, and that of their item
    select c.payable, c.is_opposed, e.entry_id as request, coalesce(o.origin, e.predecessor) as commitment, e.day, e.debit as charged, e.credit, k.is_interest,
           s.bears_interest as stated, x.bears_interest as of_item
    from climb c join entry e on e.entry_id = c.at join kind k on k.kind = e.kind
    join cell l on l.cell = e.cell join reference_text t on t.kind = 3 and t.id = l.item
    left join request_line w on w.entry_id = e.entry_id and w.contract > 0 left join contract s on s.contract = w.contract
    left join contract_default x on x.item = t.code and e.day >= x.since and e.day < x.until
    left join commitment_origin o on o.commitment = e.predecessor
    where not (k.inherits and k.after = 'PAYABLE')
), line as (
    select e.entry_id, coalesce(o.origin, e.predecessor) as commitment, e.day, e.amount, e.debit, k.unbilled_sign as sign
    from entry e join kind k on k.kind = e.kind left join commitment_origin o on o.commitment = e.predecessor
    where k.unbilled_sign <> 0 and coalesce(o.origin, e.predecessor) in (select commitment from request)
), undone as (  -- what undoes a carry of a service undoes that service
    select u.entry_id, u.amount, l.entry_id as line, l.commitment, row_number() over (partition by l.commitment order by u.entry_id) as place
    from entry u join kind k on k.kind = u.kind left join carried_service c on c.entry_id = u.predecessor
    join line l on l.entry_id = coalesce(c.service, u.predecessor) where k.mirrors
), undone_before as (
    select p.debit, count(*) as undone
    from paid p join request q using (payable) join undone u on u.commitment = q.commitment and u.entry_id < p.debit group by p.debit
), judged as (
    select p.debit, p.amount, p.paid, p.due, p.cell, p.sender, p.is_set_off, q.*, coalesce(b.undone, 0) as undone
    from paid p join request q using (payable) left join undone_before b using (debit) where not q.is_interest
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
), begun as (  -- receipt, or two days after the invoice, not before the service but of a balance of works; and the suspension before the order
    select j.debit, j.amount, j.paid, j.due, j.cell, j.sender, j.is_set_off, j.request, j.day, j.credit, j.is_opposed, j.stated, j.of_item,
           to_day(n.suspension_notified) as suspended, to_day(n.suspension_ended) as resumed, coalesce(c.debit, j.charged) as expense,
           greatest(coalesce(to_day(n.received), least(to_day(n.invoice_date) + 2, j.day), j.day),
                    coalesce(if(coalesce(t.is_balance, false), null, c.day), date '1970-01-01')) as start
    from judged j left join request_line n on n.entry_id = j.request left join contract t on t.contract = n.contract
    left join certified c on c.commitment = j.commitment and c.undone = j.undone and c.entry_id = j.request
), own_contract as (  -- of an expense account and the account on which it is owed: the row of most digits, then the one that names the creditor
    select b.expense, b.credit, b.day, x.bears_interest
    from (select distinct expense, credit, day from begun) b join reference_text d on d.kind = 5 and d.id = b.expense
    join reference_text o on o.kind = 5 and o.id = b.credit
    join account_contract x on starts_with(d.code, x.expense) and x.creditor in ('', o.code) and b.day >= x.since and b.day < x.until
    qualify row_number() over (partition by b.expense, b.credit, b.day order by length(x.expense) desc, x.creditor desc) = 1
), termed as (  -- by the rule in force on the day on which the term begins
    select b.*, t.value::int as days, coalesce(b.suspended <= b.start + t.value::int and b.resumed > b.start, false) as is_moved,
           coalesce(b.stated, x.bears_interest, b.of_item, false) and not b.is_opposed and b.start >= date '1970-01-01' + s.value::int as bears_interest
    from begun b left join own_contract x using (expense, credit, day)
    join ruled t on t.rule = 'term_days' and b.start >= t.since and b.start < t.until
    join ruled s on s.rule = 'delays_since' and b.start >= s.since and b.start < s.until
), moved as (
    select *, if(is_moved, resumed + greatest(days, (start + days) - greatest(suspended, start))::int, start + days) as last
    from termed
), reached as (  -- a set-off takes effect on the day on which the term was over and its receivable due; it counts in the year of its act
    select *, least(paid, greatest(last, due)) as effect from moved
), stopped as (
    select *, if(is_moved, greatest(least(resumed, effect) - greatest(suspended, start), 0), 0) as stopped from reached
), late as (  -- interest by the rules of the day on which it began to run
    select m.debit, c.value as compensation,
           ((2 * m.amount::hugeint * (r.rate + p.value) * (m.effect - m.last) + 10000 * y.value) // (20000 * y.value))::bigint as interest,
           row_number() over (partition by m.request order by m.debit) as place,
           row_number() over (partition by m.request, year(m.paid) order by m.debit) as place_of_year,
           row_number() over (partition by m.request, m.sender order by m.debit) as place_of_sender,
           row_number() over (partition by m.request, m.sender, year(m.paid) order by m.debit) as place_of_both
    from stopped m join ruled c on c.rule = 'compensation' and m.last + 1 >= c.since and m.last + 1 < c.until
    join ruled p on p.rule = 'points' and m.last + 1 >= p.since and m.last + 1 < p.until
    join ruled y on y.rule = 'days_a_year' and m.last + 1 >= y.since and m.last + 1 < y.until
    left join refinancing r on r.half = year(m.last + 1) * 2 + (month(m.last + 1) > 6)::int
    where m.effect > m.last and m.bears_interest
), figure as (
    select m.sender, m.cell, year(m.paid) as year, 1 as payments, m.amount as cents, greatest(m.effect - m.start - m.stopped, 0) as days,
           (m.effect <= m.last)::int as in_time, (m.stopped > 0)::int as suspended, m.stopped as suspended_days, coalesce(l.interest, 0) as interest,
           if(l.place = 1, l.compensation, 0) as compensation, if(l.place_of_year = 1, l.compensation, 0) as compensation_of_year,
           if(l.place_of_sender = 1, l.compensation, 0) as compensation_of_sender,
           if(l.place_of_both = 1, l.compensation, 0) as compensation_of_sender_and_year, 0 as interest_proposed, 0 as interest_paid,
           m.is_set_off::int as set_offs, if(m.is_set_off, m.amount, 0) as set_off_cents
    from stopped m left join late l using (debit)
    union all
    select p.sender, p.cell, year(p.paid), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, p.amount, 0, 0 from paid p join request q using (payable) where q.is_interest
    union all
    select o.sender, o.cell, year(o.day), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, o.amount, 0, 0, 0
    from newest n join owned o on o.entry_id <= n.last_entry where o.is_interest
), added as (
    select sender, cell, year, sum(payments)::bigint as payments, sum(cents)::bigint as cents, sum(days)::bigint as days,
           sum(in_time)::bigint as in_time, sum(suspended)::bigint as suspended, sum(suspended_days)::bigint as suspended_days,
           sum(interest)::bigint as interest, sum(compensation)::bigint as compensation,
           sum(compensation_of_year)::bigint as compensation_of_year,
           sum(compensation_of_sender)::bigint as compensation_of_sender,
           sum(compensation_of_sender_and_year)::bigint as compensation_of_sender_and_year,
           sum(interest_proposed)::bigint as interest_proposed, sum(interest_paid)::bigint as interest_paid,
           sum(set_offs)::bigint as set_offs, sum(set_off_cents)::bigint as set_off_cents
    from figure group by sender, cell, year
), expected as (
    select coalesce(t.id, 0) as sender, c.centre, c.budget_year, u.year, u.figure, sum(u.value)::bigint as value
    from added unpivot (value for figure in (columns(* exclude (sender, cell, year)))) u
    join cell c using (cell) left join reference_text t on t.kind = 6 and t.code = u.sender
    group by coalesce(t.id, 0), c.centre, c.budget_year, u.year, u.figure
), stored as (
    select * from delay_sum unpivot (value for figure in (columns(* exclude (sender, centre, budget_year, year))))
), compared as (
    select sender, centre, budget_year, year, figure, coalesce(s.value, 0) as value, coalesce(e.value, 0) as expected
    from stored s full join expected e using (sender, centre, budget_year, year, figure)
)
select 'delays of ' || coalesce(t.code, 'sender ' || d.sender) || ' on ' || coalesce(c.code, 'fund centre ' || d.centre) || ' ' || d.budget_year || ', paid in ' || d.year as place,
       d.figure || ' ' || d.value as found, d.figure || ' ' || d.expected as expected
from compared d left join reference_text t on t.kind = 6 and t.id = d.sender left join reference_text c on c.kind = 1 and c.id = d.centre
where d.value <> d.expected and exists (select 1 from newest);
