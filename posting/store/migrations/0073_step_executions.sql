-- The executions of the steps of the closing: who began each, and with what it ended.  The state of a step is derived from its last
-- execution, and is never set.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table step_execution (
    step_execution  bigint generated always as identity primary key,
    year            smallint not null,
    step            text not null check (step ~ '^C[0-9]{2}$'),
    attempt         int not null check (attempt > 0),
    reason          text not null default '',
    by              text not null,
    person_decision bigint references person_decision,
    at              timestamptz not null default clock_timestamp(),
    unique (year, step, attempt)
);
comment on table step_execution is 'Executions of the steps of the closing that were begun: attempt counts those of a step and year, person_decision is the proof of who began it';

create table step_end (
    step_execution  bigint primary key references step_execution,
    state           text not null check (state in ('proven', 'refused', 'interrupted', 'withdrawn')),
    submission      int references submission,
    lines           bigint not null check (lines >= 0),
    cents           bigint not null,
    blocked         bigint not null check (blocked >= 0),
    blocked_cents   bigint not null,
    findings        text not null,
    batch           bigint not null,
    chain           bytea not null check (octet_length(chain) in (0, 32)),
    seal            bytea check (octet_length(seal) = 32),
    at              timestamptz not null default clock_timestamp()
);
comment on table step_end is 'With what an execution ended: the file of its acts, its lines and cents, what blocks, its findings as JSON, and batch and chain of the journal then; seal is the SHA-256 of the sums by account of a locked year';

select protect(t), cover(t) from unnest(array['step_execution', 'step_end']::regclass[]) t;
