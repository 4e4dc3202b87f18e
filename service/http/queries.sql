-- name: sender_of
select sender from submission where submission = $1;

-- name: submission_seen
-- Whether sender $2, limited to programmes $3 (all where null), is to see submission $1; no row where there is none.
select ($2::text is null or sender = $2) and ($3::text[] is null or coalesce(programmes <@ $3, false)) as is_seen
from submission where submission = $1;

-- name: submissions_of
select submission from submission
where ($1::text is null or sender = $1) and ($2::text[] is null or programmes <@ $2) and submission < $3
order by submission desc limit $4;

-- name: last_batch_of
select max(batch) from progress where submission = $1;

-- name: refused_page
-- $3 lines refused up to batch $4 (null: all) behind line $2.  Its batches narrow the search down: the index is on them.
-- A first pass goes through the file in order: its batches up to next_line $2 lie behind, and those after the one that
-- brings $3 refused lines more lie ahead.  Acts that were held are decided in later passes, wherever they stand.
with step as (
    select batch, pass, next_line, refused from progress where submission = $1 and batch <= coalesce($4, batch)
), ahead as (
    select batch, refused from step where pass = 1 and next_line > $2
), here as (
    select min(batch) as first,
           coalesce(min(batch) filter (where refused >= (select min(refused) from ahead) + $3), max(batch)) as last
    from ahead
), later as (
    select min(batch) as first, max(batch) as last from step where pass > 1
)
select batch, submission, line, code, field, kind, node, missing, amount, reference, found
from refusal
where submission = $1 and line > $2
  and (batch between (select first from here) and (select last from here)
    or batch between (select first from later) and (select last from later))
order by line limit $3;

-- name: refused_by_lot
-- $2 is the first line of each lot, ascending from 0.
select (width_bucket(line, $2::integer[]) - 1)::integer as lot, count(*) as lines from refusal
where submission = $1
  and batch between (select min(batch) from progress where submission = $1) and (select max(batch) from progress where submission = $1)
group by 1;

-- name: last_batches
select batch, committed_at, entries, duplicates, refusals, amount as cents, encode(chain, 'hex') as chain
from batch where batch <= $2 order by batch desc limit $1;

-- name: stock
-- Files by sender and by what has become of them; the numbers of those in treatment.  Forms are no file, and what was
-- cancelled counts as if it had never come.
with file as (
    select s.submission, s.sender, case
        when p.done is distinct from true then 'in_treatment'
        when p.refused = 0 then 'integrated'
        when p.accepted + p.duplicate > 0 then 'partly_integrated'
        else 'refused'
    end as state
    from submission s left join lateral (
        select done, accepted, duplicate, refused from progress where progress.submission = s.submission order by batch desc limit 1
    ) p on true
    where s.format <> 'form' and not exists (select from cancellation c where c.submission = s.submission)
)
select sender, state, count(*) as files, max(submission) as last,
       array_agg(submission) filter (where state = 'in_treatment') as submissions
from file group by sender, state order by sender, state;

-- name: stands_since
-- When it was cancelled, or batch $2 was committed, or the submission came in if there is none yet.
select coalesce((select c.at from cancellation c where c.submission = $1), (select committed_at from batch where batch = $2), received_at) as at from submission where submission = $1;

-- name: bank_files
select coalesce(sum(paid), 0)::bigint as acts, coalesce(sum(paid_cents), 0)::bigint as cents from payment_end;
