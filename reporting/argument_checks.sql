-- name: submission_known
-- Whether there is a submission $1, and the number of the last one.
select exists (select from submission where submission = $1) as is_known,
       (select coalesce(max(submission), 0) from submission) as last;
