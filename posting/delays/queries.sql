-- name: debited
-- $kinds: bank debit, payment.
select d.entry_id, d.amount, d.day, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind
from entry d join entry p on p.entry_id = d.predecessor join entry r on r.entry_id = p.predecessor
where d.kind = {debit} and p.kind = {payment} and d.day between '{first}' and '{last}'

-- name: certified
select entry_id, predecessor, amount, day, kind from entry where kind in ({kinds})

-- name: suspended
select s.predecessor as payable, s.entry_id as noted, s.day as suspended, r.entry_id as ended, r.day as resumed
from entry s left join entry r on r.predecessor = s.entry_id and r.kind = $2
where s.kind = $1 order by s.predecessor;

-- name: diverted
select entry_id, predecessor, kind, day from entry where kind = any($1::int[]);

-- name: entries
select entry_id, predecessor, kind, day from entry where entry_id = any($1::bigint[]);

-- name: pages
select entry_id, page from request_detail order by entry_id;
