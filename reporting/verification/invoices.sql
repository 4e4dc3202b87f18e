-- The rules of invoices.  Runs in DuckDB; one statement per rule, which returns a row (place, found, expected) where it does not hold.

-- name: invoices_once
-- An invoice (supplier, number, date) is requested by one act, or each act requests another part of it; what is rejected in full is free again.
-- A request without a date may be for any invoice with its supplier and number.
with stated as (
    select e.entry_id, e.reference, e.submission, e.exercise, e.payee, e.amount, l.invoice_date, l.invoice_part as part,
           regexp_replace(translate(l.invoice_number, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'),
                          '[^0-9A-Z\x{80}-\x{10FFFF}]', '', 'g') as number
    from request_line l join entry e on e.entry_id = l.entry_id join kind k on k.kind = e.kind
    where k.bills and l.invoice_number <> ''
),
request as (
    select * from stated where number <> '' qualify count(*) over (partition by payee, number) > 1
),
rejection as (
    select r.predecessor as entry_id, r.entry_id as at, sum(r.amount) over (partition by r.predecessor order by r.entry_id) as cents
    from entry r join kind k on k.kind = r.kind
    where k.mirrors and k.follows = 'PAYMENT_REQUEST' and r.predecessor in (select entry_id from request)
),
freed as (
    select q.entry_id, min(r.at) as at from request q join rejection r on r.entry_id = q.entry_id and r.cents >= q.amount group by q.entry_id
)
select entry_name(b.entry_id, b.reference) as place, 'requests an invoice or a part of it' as found,
       'no request while entry ' || min(a.entry_id) || ' stands' as expected
from request a
join request b on b.payee = a.payee and b.number = a.number and b.entry_id > a.entry_id
left join freed f on f.entry_id = a.entry_id
where (a.submission, a.exercise, a.reference) <> (b.submission, b.exercise, b.reference)
  and (a.part = b.part or a.part = 0 or b.part = 0)
  and (a.invoice_date = b.invoice_date or a.invoice_date = 0 or b.invoice_date = 0) and (f.at is null or f.at > b.entry_id)
group by b.entry_id, b.reference;

-- name: prescription
-- A request is not for a debt that has lapsed by the year of the right, else of the last service before it, else of the invoice, unless it states why not.
with request as (
    select e.entry_id, e.reference, e.predecessor, e.day, k.unbilled_sign < 0 as bills_service, l.right_year,
           if(l.invoice_date > 0, year(date '1970-01-01' + l.invoice_date::int), null) as invoice_year
    from request_line l join entry e on e.entry_id = l.entry_id join kind k on k.kind = e.kind
    where k.bills and l.prescription_stop = ''
),
service as (
    select s.predecessor as commitment, s.entry_id, year(s.day) as year from entry s join kind k on k.kind = s.kind where k.unbilled_sign > 0
),
arisen as (
    select r.entry_id, any_value(r.reference) as reference, any_value(r.day) as day,
           case when any_value(r.right_year) > 0 then any_value(r.right_year) when any_value(r.bills_service) then max(s.year)
                else any_value(r.invoice_year) end as year
    from request r left join service s on r.bills_service and s.commitment = r.predecessor and s.entry_id < r.entry_id
    group by r.entry_id
)
select entry_name(a.entry_id, a.reference) as place, 'a right of ' || a.year || ', requested on ' || a.day as found,
       'a right of ' || year(a.day) - p.value || ' or later' as expected
from arisen a join ruled p on p.rule = 'lapse_years' and a.day >= p.since and a.day < p.until
where a.year < year(a.day) - p.value;
