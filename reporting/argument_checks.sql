-- name: submission_known
-- Whether there is a submission $1, and the number of the last one.
select exists (select from submission where submission = $1) as is_known,
       (select coalesce(max(submission), 0) from submission) as last;

-- name: sender_known
-- Whether a submission of sender $1 exists, and whether sender $2, limited to fund centres $3 of programmes $4 (all if null), may
-- see one, or a refused line of one.
select exists (select from submission where sender = $1) as is_known,
       exists (
           select from submission s
           where s.sender = $1 and ($2::text is null or s.sender = $2) and ($4::text[] is null or s.programmes <@ $4::text[])
       ) or exists (
           select from refusal r join submission s on s.submission = r.submission
           where s.sender = $1 and ($2::text is null or s.sender = $2) and r.node <> 0 and r.node / 6 % 131072 = any($3::int[])
       ) as is_seen;

-- name: senders
select distinct sender from submission order by sender;
