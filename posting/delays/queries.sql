-- name: disable_nested_loops
-- An index look-up in the journal reads a range of pages, so some hundreds of look-ups cost more than one pass; the planner estimates otherwise.
-- Where it expects one transfer to be sent again, it even reads the whole journal anew for each.
set local enable_nestloop = off;

-- name: paid_after
-- The payables that the debits and set-offs after an entry paid.
{reissued}
select p.predecessor as payable from entry d join entry p on p.entry_id = d.predecessor
where d.kind in ({debits}) and d.entry_id > {after} and p.kind in ({payments})
  and p.entry_id >= (select min(predecessor) from entry where kind in ({debits}) and entry_id > {after})
union all
select a.payable from reissued a join entry d on d.predecessor = a.entry_id where d.kind in ({debits}) and d.entry_id > {after}
union all
select predecessor as payable from entry where kind in ({set_offs}) and entry_id > {after}

-- name: debited
-- Debited payments, each with the day of its transfer; the few transfers that were sent again before any debit are a part of their own, which keeps the first part a plain join.
-- A set-off pays without a transfer; it is read with the day of its act (rule A59).
{reissued}
select d.entry_id, d.amount, p.day, d.kind as settled_by, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind, r.debit, r.credit, r.submission
from entry d join entry p on p.entry_id = d.predecessor join entry r on r.entry_id = p.predecessor
where d.kind in ({debits}) and d.entry_id > {oldest} and p.kind in ({payments}) and p.day between '{first}' and '{last}' {only}
union all
select d.entry_id, d.amount, p.day, d.kind as settled_by, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind, r.debit, r.credit, r.submission
from entry d join reissued p on p.entry_id = d.predecessor join entry r on r.entry_id = p.payable
where d.kind in ({debits}) and d.entry_id > {oldest} and p.day between '{first}' and '{last}' {only}
union all
select p.entry_id, p.amount, p.day, p.kind as settled_by, r.entry_id as payable, r.predecessor as above, r.day as since, r.cell, r.payee, r.kind, r.debit, r.credit, r.submission
from entry p join entry r on r.entry_id = p.predecessor
where p.kind in ({set_offs}) and p.day between '{first}' and '{last}' {only}

-- name: set_offs
select entry_id from entry where kind in ({set_offs}) order by entry_id

-- name: reissued
-- Transfers sent again for others that the bank had rejected before it debited them, and the payable of each.
-- A transfer that was debited and returned is not among them: it counts as paid at its debit.
with recursive back as materialized (
    select entry_id, predecessor, kind, day from entry where kind in ({rejects}, {identified}, {reissues}) and entry_id > {oldest}
), reissued as (
    select n.entry_id, n.day, p.predecessor as payable
    from back x join entry p on p.entry_id = x.predecessor join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.kind in ({rejects}) and p.kind in ({payments}) and i.kind in ({identified}) and n.kind in ({reissues})
    union all
    select n.entry_id, n.day, a.payable
    from reissued a join back x on x.predecessor = a.entry_id join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.kind in ({rejects}) and i.kind in ({identified}) and n.kind in ({reissues})
)

-- name: of_payables
-- A condition on some payables: their payments and set-offs come after the oldest of them.
and r.entry_id in (select unnest('{{{wanted}}}'::bigint[])) and r.entry_id between {oldest} and {newest} and p.entry_id > {oldest}

-- name: service_entries
select entry_id, predecessor, amount, day, kind, debit from entry where kind in ({kinds})

-- name: service_entries_of
-- Services and requests of some commitments, and their carries; then what cancels, rejects or carries one of them.
with recursive line as materialized (
    select entry_id, predecessor, amount, day, kind, debit from entry
    where kind in ({lines}) and entry_id > {oldest} and predecessor in (select unnest('{{{wanted}}}'::bigint[]))
), follower as materialized (
    select entry_id, predecessor, amount, day, kind, debit from entry where kind in ({followers}) and entry_id > {oldest}
), tree as (
    select * from line
    union all
    select f.* from tree t join follower f on f.predecessor = t.entry_id
)
select entry_id, predecessor, amount, day, kind, debit from tree

-- name: commitment_carries
-- Carries of commitments between two entries.
select entry_id, predecessor, amount, day, kind, debit from entry where kind in ({kinds}) and entry_id >= {first} and entry_id < {end}

-- name: diverted_parts
select entry_id, predecessor, kind, day from entry where kind = any($1::int[]);

-- name: entries
select entry_id, predecessor, kind, day, payee, debit, credit from entry where entry_id = any($1::bigint[]);

-- name: contract_items
-- The commitment item of each account assignment that has one of the items $1.
select c.cell, t.code from cell c join reference_text t on t.kind = $2 and t.id = c.item where t.code = any($1::text[]);

-- name: account_codes
select id, code from reference_text where kind = $1;

-- name: interest_claims
-- Claims by what they are for, of any sender.  A COPY.
select predecessor as payable, sum(amount)::bigint as cents from entry where kind in ({kinds}) and entry_id > {oldest} group by predecessor order by predecessor
