-- Corrections of a stored time that a clock set forward wrote: from then on only what is stored later counts.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table clock_correction (
    correction      bigint generated always as identity primary key,
    wrong_time      timestamptz not null,
    last_batch      bigint not null,
    last_submission bigint not null,
    last_change     bigint not null,
    last_decision   bigint not null,
    last_run        bigint not null,
    reason          text not null check (reason <> ''),
    by              text not null check (by <> ''),
    at              timestamptz not null default clock_timestamp() check (at < wrong_time)
);
comment on table clock_correction is 'Who found the last stored time wrong, and why: times up to these batches, submissions, directory changes, decisions about periods and payment runs no longer bound the clocks, and at does';

select protect('clock_correction'), cover('clock_correction');
