-- The merges of third parties in use: from which entry on two codes count as one person.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table third_party_merge (
    payee           int primary key,
    into_payee      int not null check (into_payee <> payee),
    first_day       date not null,
    reason          text not null check (reason <> ''),
    after_entry     bigint not null,
    noted_at        timestamptz not null default clock_timestamp()
);
comment on table third_party_merge is 'Merges of third parties by merges.csv that the engine has used: no act of first_day or later names payee, and every entry above after_entry was decided with both as one person';

select protect('third_party_merge'), cover('third_party_merge');
