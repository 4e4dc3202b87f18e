-- name: insert_task
insert into task (kind, arguments, key, sender) values ($1, $2, $3, $4) returning task;

-- name: insert_event
insert into task_event (task, event, result) values ($1, $2, $3);

-- name: unfinished_tasks
select task, kind, arguments, key, sender, starts, started_at from task_state where state in ('waiting', 'started') order by task;

-- name: count_waiting
select count(*) as overall, count(*) filter (where sender = $1) as sender from task_state where state = 'waiting';

-- name: task
select task, kind, arguments, key, sender, requested_at, state, result, started_at, ended_at from task_state where task = $1;

-- name: tasks
-- The last tasks below number $1, of sender $2 or of all.
select task, kind, arguments, key, sender, requested_at, state, result, started_at, ended_at from task_state
where task < $1 and ($2::text is null or sender = $2) order by task desc limit $3;
