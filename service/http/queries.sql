-- name: sender
select sender from submission where submission = $1;

-- name: is_submission_visible
-- Whether sender $2, limited to the programmes $3 (null: all), may see submission $1; no row if it does not exist.
select ($2::text is null or sender = $2) and ($3::text[] is null or coalesce(programmes <@ $3, false)) as is_seen
from submission where submission = $1;

-- name: visible_submissions
select submission from submission
where ($1::text is null or sender = $1) and ($2::text[] is null or programmes <@ $2) and submission < $3
order by submission desc limit $4;

-- name: last_batches
select batch, committed_at, entries, duplicates, refused_lines as refusals, amount as cents, encode(chain, 'hex') as chain
from batch where batch <= $2 order by batch desc limit $1;

-- name: file_states
-- Files by sender and state, with the numbers of those in treatment.  Forms are not files, and cancelled files do not count.
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

-- name: bank_file_totals
select coalesce(sum(paid), 0)::bigint as acts, coalesce(sum(paid_cents), 0)::bigint as cents from payment_end;

-- name: bank_state
-- What the comparison of books and bank depends on, and whether acts of the bank are being decided.
select (select count(*) from bank_statement where closing is not null) as statements,
       (select count(*) from bank_attempt) as attempts,
       (select coalesce(max(submission), 0) from submission where sender = 'bank') as submission,
       exists (select from unfinished where sender = 'bank') as is_deciding;
