-- Work that an engine does for other processes: files that they register, and tasks.  Rows of tasks are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table engine add column spool text;
comment on column engine.spool is 'Identity of the spool whose registered files the engine at work decides; null if it decides only its own';

create table task (
    task            int primary key generated always as identity,
    kind            text not null,
    arguments       jsonb not null,
    key             text not null,
    sender          text not null,
    requested_at    timestamptz not null default clock_timestamp()
);
comment on table task is 'Work requested over HTTP that a running service does in turn; key and sender are those of who requested it';

create table task_event (
    task_event      bigint primary key generated always as identity,
    task            int not null references task,
    event           text not null check (event in ('started', 'done', 'failed', 'cancelled')),
    result          jsonb,
    at              timestamptz not null default clock_timestamp()
);
create index task_event_task on task_event (task, task_event);
create unique index task_event_end on task_event (task) where event <> 'started';
comment on table task_event is 'What became of a task: begun (once more after a restart), and ended at most once';

-- A task is cancelled or begun, never both, and never begun after its end.
create function refuse_task_event() returns trigger language plpgsql as $$
begin
    perform from task where task = new.task for update;
    if new.event = 'cancelled' and exists (select from task_event where task = new.task) then
        raise exception 'task % has begun or ended', new.task using errcode = 'integrity_constraint_violation';
    end if;
    if exists (select from task_event where task = new.task and event <> 'started') then
        raise exception 'task % has ended', new.task using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

-- The trigger locks the row that it judges by, which takes the right to update it.
do $$
begin
    execute format('alter function refuse_task_event() set search_path = %I, pg_temp', current_schema());
    alter function refuse_task_event() security definer;
    revoke execute on function refuse_task_event() from public;
end $$;
create trigger task_order before insert on task_event for each row execute function refuse_task_event();

create view task_state as
select t.task, t.kind, t.arguments, t.key, t.sender, t.requested_at,
       coalesce(e.event, 'waiting') as state, e.result, s.started_at, s.starts, case when e.event <> 'started' then e.at end as ended_at
from task t
left join lateral (select event, result, at from task_event e where e.task = t.task order by task_event desc limit 1) e on true
left join lateral (select min(at) as started_at, count(*) as starts from task_event e where e.task = t.task and event = 'started') s on true;
comment on view task_state is 'Each task and its last event; waiting if it has none';

select protect(t) from unnest(array['task', 'task_event']::regclass[]) t;
