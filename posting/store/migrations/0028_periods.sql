-- Periods are rows: what they were at the beginning, and what persons decided about them.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table period_start (
    exercise        smallint not null,
    month           smallint not null check (month between 1 and 15),
    is_open         boolean not null,
    primary key (exercise, month)
);
comment on table period_start is 'The months of each exercise as calendar.toml had them when the ledger first knew the exercise: open or closed, for all accountants';

create table period_decision (
    decision        bigint generated always as identity primary key,
    exercise        smallint not null,
    month           smallint not null,
    accountant      smallint not null,
    action          text not null check (action in ('close', 'reopen', 'lock')),
    reason          text not null check (reason <> ''),
    by              text not null check (by <> ''),
    key             text not null,
    at              timestamptz not null default clock_timestamp(),
    foreign key (exercise, month) references period_start
);
comment on table period_decision is 'Who closed, reopened or locked which month, and why, in this order; accountant: number of reference_text, kind 8, 0 for all; key is empty where the command line did it';

create table period_effect (
    decision        bigint primary key references period_decision,
    after_batch     bigint not null
);
comment on table period_effect is 'From when each decision holds: the last batch that was decided without it; stored with the next batch';

select protect(t), cover(t) from unnest(array['period_start', 'period_decision', 'period_effect']::regclass[]) t;
