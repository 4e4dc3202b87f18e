-- The last time that the ledger has stored, and the clock of the database.

-- name: last_times
-- The last time of each sort that is stored after the last correction, and that of the correction itself: each is one look at an
-- index, except the releases of payment runs, of which there are few.  Every row has the clock of the database.
with correction as (
    select correction, last_batch, last_submission, last_change, last_decision, last_run, at from clock_correction
    union all select 0, 0, 0, 0, 0, 0, to_timestamp(0) order by correction desc limit 1
)
select t.subject, t.at, clock_timestamp() as database_time
from correction c cross join lateral (
    (select 'batch ' || batch as subject, committed_at as at from batch where batch > c.last_batch order by batch desc limit 1)
    union all (select 'submission ' || submission, received_at from submission where submission > c.last_submission order by submission desc limit 1)
    union all (select 'directory change ' || change, d.at from directory_change d where change > c.last_change order by change desc limit 1)
    union all (select 'decision ' || decision || ' about a period', d.at from period_decision d where decision > c.last_decision order by decision desc limit 1)
    union all (select 'payment run ' || run, proposed_at from payment_run where run > c.last_run order by run desc limit 1)
    union all (select 'release of payment run ' || run, released_at from payment_release where run > c.last_run order by released_at desc limit 1)
    union all (select 'clock correction ' || c.correction, c.at)
) t;

-- name: is_database_behind
select clock_timestamp() < $1::timestamptz;

-- name: insert_correction
-- What is stored up to now no longer bounds the clocks.
insert into clock_correction (wrong_time, last_batch, last_submission, last_change, last_decision, last_run, reason, by)
select $1::timestamptz, coalesce((select max(batch) from batch), 0), coalesce((select max(submission) from submission), 0),
       coalesce((select max(change) from directory_change), 0), coalesce((select max(decision) from period_decision), 0),
       coalesce((select max(run) from payment_run), 0), $2::text, $3::text
returning correction;
