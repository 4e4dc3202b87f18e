-- The rules of invoices.  Runs in DuckDB; one statement per rule, which returns a row (place, found, expected) where it does not hold.

-- name: invoices_once
-- An invoice (supplier, number, date) is requested by one act, or each act requests another part of it; what is rejected in full is free again.
with stated as (
    select e.entry_id, e.reference, e.submission, e.exercise, e.payee, e.amount, l.invoice_date, l.invoice_part as part,
           regexp_replace(translate(l.invoice_number, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'),
                          '[^0-9A-Z\x{80}-\x{10FFFF}]', '', 'g') as number
    from request_line l join entry e on e.entry_id = l.entry_id join kind k on k.kind = e.kind
    where k.bills and l.invoice_number <> ''
),
request as (
    select * from stated where number <> '' qualify count(*) over (partition by payee, number, invoice_date) > 1
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
join request b on b.payee = a.payee and b.number = a.number and b.invoice_date = a.invoice_date and b.entry_id > a.entry_id
left join freed f on f.entry_id = a.entry_id
where (a.submission, a.exercise, a.reference) <> (b.submission, b.exercise, b.reference)
  and (a.part = b.part or a.part = 0 or b.part = 0) and (f.at is null or f.at > b.entry_id)
group by b.entry_id, b.reference;
