-- name: earlier_acts
-- For lines $2 of submissions $1, refused in batches $3, that name references $4: the entry of kinds $5 that their sender had
-- with that reference before the batch.  If there are several, the last comes last.
select w.submission, w.line, e.entry_id as entry, e.exercise
from unnest($1::int[], $2::int[], $3::bigint[], $4::text[]) as w(submission, line, batch, reference)
join batch b on b.batch = w.batch join submission o on o.submission = w.submission
join entry e on e.reference = w.reference and e.entry_id < b.first_entry and e.kind = any($5::smallint[])
join submission s on s.submission = e.submission and s.sender = o.sender
order by e.entry_id;
