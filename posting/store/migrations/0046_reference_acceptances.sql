-- Acceptances of changed reference files, by name: an engine begins to use them only then.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table reference_acceptance (
    acceptance      bigint generated always as identity primary key,
    files           jsonb not null,
    digest          bytea not null check (octet_length(digest) = 32),
    last_use        bigint not null,
    reason          text not null check (reason <> ''),
    by              text not null check (by <> ''),
    at              timestamptz not null default clock_timestamp()
);
comment on table reference_acceptance is 'Who accepted changed reference files, and why: path and SHA-256 of each; last_use is the use of the files before, until another change';

select protect('reference_acceptance'), cover('reference_acceptance');
