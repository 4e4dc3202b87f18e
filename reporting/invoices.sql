-- name: invoice_pages
-- The next $2 pages of payment details whose last entry comes after $1; the pages follow each other.
select entry_id, page from request_detail where last_entry > $1 order by last_entry limit $2;

-- name: invoice_requests
-- The requests among entries $1, from $2 to $3: of kinds $4 and payees $5 (any if null), and whether each is visible to sender $6 on
-- fund centres $7 (all if null).
select e.entry_id, e.day, e.amount, e.kind, e.payee, e.reference, s.sender, ($6::text is null or s.sender = $6)
  and ($7::int[] is null or e.cell = 0 or (select c.centre from cell c where c.cell = e.cell) = any($7::int[])) as is_seen
from entry e join submission s on s.submission = e.submission
where e.entry_id between $2 and $3 and e.entry_id = any($1::bigint[]) and e.kind = any($4::smallint[])
  and ($5::int[] is null or e.payee = any($5::int[]))
order by e.entry_id;

-- name: payees_of_code
-- The payees that are one person with that of code $1, as they were merged.
with recursive person as (
    select payee from payee where code = $1
    union
    select case when m.payee = p.payee then m.into_payee else m.payee end
    from person p join third_party_merge m on p.payee in (m.payee, m.into_payee)
)
select payee from person;

-- name: codes_of_payees
select distinct payee, code from payee where payee = any($1::int[]);
