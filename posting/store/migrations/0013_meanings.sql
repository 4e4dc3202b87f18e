-- What each code meant in each year, so that it cannot come to mean something else behind what was booked on it.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table reference_meaning (
    reference_meaning bigint generated always as identity primary key,
    year            smallint not null,
    kind            smallint not null,
    id              int not null,
    meaning         jsonb not null,
    noted_at        timestamptz not null default clock_timestamp()
);
comment on table reference_meaning is 'By year and code (kind and id of reference_text; kind 7: id is a shared role) what the files say that posting depends on; the last row counts';

select protect('reference_meaning');
