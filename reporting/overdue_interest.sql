-- name: claims_of_interest
-- Claims of late interest, of the kinds $1, and what each is for.
select entry_id, predecessor, amount from entry where kind = any($1::smallint[]) order by entry_id;

-- name: rejections
-- Rejections, of the kinds $1, of entries from $2 on.
select predecessor, sum(amount)::bigint as amount from entry
where kind = any($1::smallint[]) and predecessor >= $2::bigint group by predecessor;

-- name: overdue_debts
-- The payee and the reference of each of the entries $1, of sender $2 on fund centres $3 (all if null), in order.
select e.entry_id, e.reference, (select y.code from payee y where y.payee = e.payee limit 1) as payee
from entry e join submission s on s.submission = e.submission join cell l on l.cell = e.cell
where e.entry_id = any($1::bigint[]) and ($2::text is null or s.sender = $2) and ($3::int[] is null or l.centre = any($3::int[]))
order by e.entry_id;
