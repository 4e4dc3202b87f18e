-- name: hashed
-- The journal finds an entry by a range of pages, so one look-up for each of some hundreds costs more than reading it once: the planner thinks otherwise.
set local enable_nestloop = off;

-- name: behind
-- What the debits behind an entry paid.  $kinds: bank debit, payment.
{again}
select p.predecessor as payable from entry d join entry p on p.entry_id = d.predecessor
where d.kind = {debit} and d.entry_id > {behind} and p.kind = {payment}
  and p.entry_id >= (select min(predecessor) from entry where kind = {debit} and entry_id > {behind})
union all
select a.payable from again a join entry d on d.predecessor = a.entry_id where d.kind = {debit} and d.entry_id > {behind}

-- name: debited
-- Payments and, apart from them so that those stay a plain join, the few transfers that were sent again before they were ever debited.
{again}
select d.entry_id, d.amount, d.day, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind
from entry d join entry p on p.entry_id = d.predecessor join entry r on r.entry_id = p.predecessor
where d.kind = {debit} and p.kind = {payment} and d.day between '{first}' and '{last}' {only}
union all
select d.entry_id, d.amount, d.day, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind
from entry d join again p on p.entry_id = d.predecessor join entry r on r.entry_id = p.payable
where d.kind = {debit} and d.day between '{first}' and '{last}' {only}

-- name: again
-- Transfers that were sent again for others which the bank had refused before it debited them, and what each pays in the end.
-- What had been debited, and came back, is not among them: it was paid then.
with recursive back as materialized (
    select entry_id, predecessor, kind from entry where kind in ({reject}, {identified}, {reissue}) and entry_id > {oldest}
), again as (
    select n.entry_id, p.predecessor as payable
    from back x join entry p on p.entry_id = x.predecessor join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.kind = {reject} and p.kind = {payment} and i.kind = {identified} and n.kind = {reissue}
    union all
    select n.entry_id, a.payable
    from again a join back x on x.predecessor = a.entry_id join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.kind = {reject} and i.kind = {identified} and n.kind = {reissue}
)

-- name: only
-- To some requests: whatever was paid of them stands behind the oldest.
and r.entry_id in (select unnest('{{{wanted}}}'::bigint[])) and r.entry_id between {oldest} and {newest} and p.entry_id > {oldest} and d.entry_id > {oldest}

-- name: certified
select entry_id, predecessor, amount, day, kind from entry where kind in ({kinds})

-- name: certified_of
-- Of some commitments: services and requests, then what cancels either.
with line as materialized (
    select entry_id, predecessor, amount, day, kind from entry
    where kind in ({lines}) and entry_id > {oldest} and predecessor in (select unnest('{{{wanted}}}'::bigint[]))
)
select entry_id, predecessor, amount, day, kind from line
union all
select entry_id, predecessor, amount, day, kind from entry
where kind in ({undone}) and entry_id > {oldest} and predecessor in (select entry_id from line)

-- name: suspended
select s.predecessor as payable, s.entry_id as noted, s.day as suspended, r.entry_id as ended, r.day as resumed
from entry s left join entry r on r.predecessor = s.entry_id and r.kind = $2
where s.kind = $1 and s.entry_id > $3 order by s.predecessor;

-- name: diverted
select entry_id, predecessor, kind, day from entry where kind = any($1::int[]);

-- name: entries
select entry_id, predecessor, kind, day from entry where entry_id = any($1::bigint[]);

-- name: pages
select entry_id, page from request_detail order by entry_id;

-- name: page_ends
select entry_id, last_entry from request_detail order by entry_id;

-- name: some_pages
select entry_id, page from request_detail where entry_id = any($1::bigint[]) order by entry_id;
