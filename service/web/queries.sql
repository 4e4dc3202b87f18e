-- name: sender_of
select sender from submission where submission = $1;

-- name: submissions_of
select submission from submission where ($1::text is null or sender = $1) and submission < $2 order by submission desc limit $3;

-- name: refused_page
-- Its batches narrow the search down: the index is on them.
select batch, submission, line, code, field, kind, node, missing, amount, reference, found
from refusal
where submission = $1 and line > $2
  and batch between (select min(batch) from progress where submission = $1) and (select max(batch) from progress where submission = $1)
order by line limit $3;

-- name: stands_since
-- When batch $2 was committed, or the submission came in if there is none yet.
select coalesce((select committed_at from batch where batch = $2), received_at) as at from submission where submission = $1;
