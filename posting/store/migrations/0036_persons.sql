-- Persons: their roles at places, their delegations, and the agreements of senders that name no person.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table directory_change (
    change          bigint generated always as identity primary key,
    reason          text not null check (reason <> ''),
    by              text not null check (by <> ''),
    key             text not null,
    at              timestamptz not null default clock_timestamp()
);
comment on table directory_change is 'Who changed the directory of persons, and why, in this order; key is empty where the command line did it';

create table person (
    person          int generated always as identity primary key,
    code            text not null unique check (octet_length(code) between 1 and 64),
    name            text not null check (name <> ''),
    change          bigint not null references directory_change
);
comment on table person is 'Persons; code is the name that files and forms state';

create table person_role (
    person_role     int generated always as identity primary key,
    person          int not null references person,
    role            text not null check (role <> ''),
    hand            text not null check (hand in ('entry', 'validation', 'both')),
    centre          text not null,
    accountant      text not null,
    first_day       date not null,
    last_day        date check (last_day >= first_day),
    ceiling         bigint check (ceiling > 0),
    change          bigint not null references directory_change
);
comment on table person_role is 'Roles of persons from the first to the last day: which hand, at which fund centre (empty for all) and accountant (empty for all), up to how many cents an act';

create table delegation (
    delegation      int generated always as identity primary key,
    number          text not null unique check (octet_length(number) between 1 and 64),
    owner           int not null references person,
    delegate        int not null references person check (delegate <> owner),
    role            text not null check (role <> ''),
    centres         text[] not null check (
        cardinality(centres) > 0 and array_position(centres, null) is null and array_position(centres, '') is null
        and (cardinality(centres) = 1 or array_position(centres, '*') is null)
    ),
    first_day       date not null,
    last_day        date check (last_day >= first_day),
    ceiling         bigint check (ceiling > 0),
    change          bigint not null references directory_change
);
comment on table delegation is 'What a person lets another validate in his name; centres: codes of fund centres, or * alone for all';

create table agreement (
    agreement       int generated always as identity primary key,
    number          text not null unique check (octet_length(number) between 1 and 64),
    sender          text not null check (sender <> ''),
    kinds           text[] not null check (
        cardinality(kinds) > 0 and array_position(kinds, null) is null and array_position(kinds, '') is null
    ),
    first_day       date not null,
    last_day        date check (last_day >= first_day),
    ceiling         bigint check (ceiling > 0),
    separation      text not null check (separation <> ''),
    change          bigint not null references directory_change
);
comment on table agreement is 'Senders whose own system separates entry from validation, as separation says: their lines of these kinds need to name no person';

create table directory_end (
    subject         text not null check (subject in ('role', 'delegation', 'agreement')),
    number          int not null,
    last_day        date not null,
    change          bigint not null references directory_change,
    primary key (subject, number, change)
);
comment on table directory_end is 'Earlier last days of roles, delegations and agreements: number is that of person_role, delegation or agreement; the earliest day counts';

create table directory_effect (
    change          bigint primary key references directory_change,
    after_batch     bigint not null
);
comment on table directory_effect is 'From when each change holds: the last batch that was decided without it; stored with the next batch';

select protect(t), cover(t) from unnest(array[
    'directory_change', 'person', 'person_role', 'delegation', 'agreement', 'directory_end', 'directory_effect'
]::regclass[]) t;
