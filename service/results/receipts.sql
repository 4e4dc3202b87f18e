-- name: receipts
select s.submission, s.file_name as file, s.sender, s.batch_id, s.format, s.attempt, encode(s.file_hash, 'hex') as sha256,
       s.size_bytes, s.charset, s.extra_columns,
       case when c.submission is null then coalesce(s.declared_lines, p.accepted + p.duplicate + p.refused + p.suspended, 0) else 0 end as lines,
       case when c.submission is null then coalesce(s.declared_cents, p.accepted_cents + p.duplicate_cents + p.refused_cents + p.suspended_cents, 0) else 0 end as cents,
       coalesce(p.done, false) as done, c.submission is not null as is_cancelled, s.declared_lines, s.declared_cents,
       coalesce(p.accepted, 0) as accepted, coalesce(p.duplicate, 0) as duplicate,
       coalesce(p.refused, 0) as refused, coalesce(p.suspended, 0) as suspended,
       coalesce(p.accepted_cents, 0) as accepted_cents, coalesce(p.duplicate_cents, 0) as duplicate_cents,
       coalesce(p.refused_cents, 0) as refused_cents, coalesce(p.suspended_cents, 0) as suspended_cents,
       p.batch as last_batch, encode(b.chain, 'hex') as chain, s.received_at, b.decided_at, b.committed_at
from submission s left join lateral (
    select * from progress where progress.submission = s.submission order by batch desc limit 1
) p on true left join batch b on b.batch = p.batch left join cancellation c on c.submission = s.submission
where s.submission = any($1::int[]) order by s.submission;

-- name: unfinished_submissions
select submission from due order by submission;

-- name: reasons
select code, sum(lines)::bigint as lines, sum(amount)::bigint as cents from refusal_count where submission = any($1::int[])
group by code order by sum(lines) desc, code;

-- name: reasons_by_submission
-- Refusals of submissions $1 by submission and code, in one query. The batch range narrows the scan: the index is on the batch.
select submission, code, sum(lines)::bigint as lines, sum(amount)::bigint as cents from refusal_count
where submission = any($1::int[])
  and batch between (select min(batch) from progress where submission = any($1::int[])) and (select max(batch) from progress where submission = any($1::int[]))
group by submission, code order by submission, sum(lines) desc, code;

-- name: first_refusals
-- The first $2 refused lines of submission $1, in the order of its file.
select line + 1 as line, reference, code from refusal
where submission = $1
  and batch between (select min(batch) from progress where submission = $1) and (select max(batch) from progress where submission = $1)
order by line limit $2;

-- name: has_credits
select exists (select from node_balance where ae_opened > 0 or cp_opened > 0);

-- name: pending_files
-- Files of sender $1 that are not decided yet, whose batch ids start with $2.
select s.file_name from unfinished u join submission s using (submission)
where u.sender = $1 and starts_with(s.batch_id, $2) order by u.submission;
