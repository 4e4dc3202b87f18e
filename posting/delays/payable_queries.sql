-- name: payables
-- What a sender owes: its requests and the parts of requests that it diverted, and the late interest that Crescendo itself claims for them.
with own as materialized (
    select e.entry_id from entry e where e.kind in ({payables}) and e.submission in (select submission from submission where sender = {sender})
)
select entry_id as payable from own
union all
select e.entry_id from entry e join own on own.entry_id = e.predecessor
where e.kind in ({interest}) and e.submission in (select submission from submission where sender in ({reserved}))

-- name: quote
select quote_literal($1::text);
