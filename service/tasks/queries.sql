-- name: insert_task
insert into task (kind, arguments, key, sender) values ($1, $2, $3, $4) returning task;

-- name: insert_event
insert into task_event (task, event, result) values ($1, $2, $3);

-- name: unfinished_tasks
-- An event `started` with a result says that the process begun before ended early.
select task, kind, arguments, key, sender, started_at,
       (select count(*) from task_event e where e.task = t.task and event = 'started' and e.result is not null) as early_ends
from task_state t where state in ('waiting', 'started') order by task;

-- name: received_files
-- The paths of the bank files that tasks name.
select arguments ->> 'path' as path from task where kind = 'bank_import';

-- name: has_edit
-- Whether an edit of a payment run is stored: all its rows are stored at once, so one of them suffices.
select exists (
    select from payment_edit
    where run = $1 and what = $2 and coalesce(line, payee) = any($3::int[]) and reason = $4 and by = $5 and at >= $6
);

-- name: count_queue
select count(*) as overall, count(*) filter (where sender = $1) as sender from task_state where state = 'waiting';

-- name: task
select task, kind, arguments, key, sender, requested_at, state, result, started_at, ended_at from task_state where task = $1;

-- name: tasks
-- The last tasks below number $1, of sender $2 or of all.
select task, kind, arguments, key, sender, requested_at, state, result, started_at, ended_at from task_state
where task < $1 and ($2::text is null or sender = $2) order by task desc limit $3;
