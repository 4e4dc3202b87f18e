-- The rules of invoices.  Runs in DuckDB; one statement per rule, which returns a row (place, found, expected) where it does not hold.

-- name: invoices_once
-- An invoice (supplier, number, date) is requested by one act, or each act requests another part of it; what is rejected in full is free again.
-- A request without a date may be for any invoice with its supplier and number.  From the entry on after which two suppliers were merged
-- they are one person, and no further request of one is for an invoice that was requested for the other.
with stated as (
    select e.entry_id, e.reference, e.submission, e.exercise, e.payee, e.amount, l.invoice_date, l.invoice_part as part,
           regexp_replace(translate(l.invoice_number, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'),
                          '[^0-9A-Z\x{80}-\x{10FFFF}]', '', 'g') as number
    from request_line l join entry e on e.entry_id = l.entry_id join kind k on k.kind = e.kind
    where k.bills and l.invoice_number <> ''
),
request as (
    select * from (
        select *, payee as person, 0 as after_entry from stated
        union all select t.*, s.person, s.after_entry from stated t join same_person s using (payee)
    ) where number <> '' qualify count(*) over (partition by person, number) > 1
),
rejection as (
    select r.predecessor as entry_id, r.entry_id as at, sum(r.amount) over (partition by r.predecessor order by r.entry_id) as cents
    from entry r join kind k on k.kind = r.kind
    where k.mirrors and k.follows = 'PAYMENT_REQUEST' and r.predecessor in (select entry_id from request)
),
full_rejection as (
    select q.entry_id, min(r.at) as at from (select distinct entry_id, amount from request) q join rejection r on r.entry_id = q.entry_id and r.cents >= q.amount group by q.entry_id
)
select entry_name(b.entry_id, b.reference) as place, 'requests an invoice or a part of it' as found,
       'no request while entry ' || min(a.entry_id) || ' stands' as expected
from request a
join request b on b.person = a.person and b.number = a.number and b.entry_id > a.entry_id and b.entry_id > greatest(a.after_entry, b.after_entry)
left join full_rejection f on f.entry_id = a.entry_id
where (a.submission, a.exercise, a.reference) <> (b.submission, b.exercise, b.reference)
  and (a.part = b.part or a.part = 0 or b.part = 0)
  and (a.invoice_date = b.invoice_date or a.invoice_date = 0 or b.invoice_date = 0) and (f.at is null or f.at > b.entry_id)
group by b.entry_id, b.reference;

-- name: prescription
-- A request is not for a debt that has lapsed by the year of the right, else of the first service that it bills or of the invoice, the earlier, unless it states why not.
with request as (
    select e.entry_id, e.reference, e.predecessor as commitment, e.day, k.unbilled_sign < 0 as bills_service, l.right_year,
           if(l.invoice_date > 0, year(date '1970-01-01' + l.invoice_date::int), null) as invoice_year
    from entry e join kind k on k.kind = e.kind left join request_line l on l.entry_id = e.entry_id
    where k.bills and coalesce(l.prescription_stop, '') = ''
),
first_service as (
    select s.predecessor as commitment, year(min(s.day)) as year from entry s join kind k on k.kind = s.kind
    where k.unbilled_sign > 0 group by s.predecessor
),
aged as (
    select distinct r.commitment from request r join first_service s using (commitment)
    where r.bills_service and s.year < year(r.day) - 1
),
undone as (select u.predecessor as entry_id, sum(u.amount) as cents from entry u join kind k on k.kind = u.kind where k.mirrors group by u.predecessor),
left_over as (
    select e.entry_id, e.predecessor as commitment, year(e.day) as year, k.unbilled_sign as sign,
           e.amount - coalesce(u.cents, 0) as cents
    from entry e join kind k on k.kind = e.kind join aged a on a.commitment = e.predecessor left join undone u on u.entry_id = e.entry_id
    where k.unbilled_sign <> 0 and not k.mirrors
),
share as (
    select *, sum(cents) over (partition by commitment, sign order by entry_id) as upper from left_over
),
billed as (
    select r.entry_id, min(s.year) as year from share r join share s on s.commitment = r.commitment and s.sign > 0
    where r.sign < 0 and s.upper > r.upper - r.cents and s.upper - s.cents < r.upper group by r.entry_id
),
right_year as (
    select r.entry_id, any_value(r.reference) as reference, any_value(r.day) as day,
           coalesce(nullif(any_value(r.right_year), 0), least(any_value(b.year), any_value(r.invoice_year))) as year
    from request r left join billed b on b.entry_id = r.entry_id group by r.entry_id
)
select entry_name(a.entry_id, a.reference) as place, 'a right of ' || a.year || ', requested on ' || a.day as found,
       'a right of ' || year(a.day) - p.value || ' or later' as expected
from right_year a join ruled p on p.rule = 'lapse_years' and a.day >= p.since and a.day < p.until
where a.year < year(a.day) - p.value;
