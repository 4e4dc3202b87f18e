-- name: all_submissions
-- Every submission with its outcomes so far; the last row of progress counts.
select s.submission, s.sender, s.file_name as file, s.received_at, c.submission is not null as is_cancelled, coalesce(p.done, false) as done,
       coalesce(p.accepted, 0) as accepted, coalesce(p.duplicate, 0) as duplicate, coalesce(p.refused, 0) as refused,
       coalesce(p.suspended, 0) as held
from submission s left join lateral (
    select * from progress where progress.submission = s.submission order by batch desc limit 1
) p on true left join cancellation c on c.submission = s.submission
order by s.submission;
