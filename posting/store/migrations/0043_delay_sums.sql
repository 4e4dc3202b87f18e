-- Figures of payment delays, added up as payments are measured, so that the report adds up sums and not payments.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table delay_measurement (
    measurement     bigint generated always as identity primary key,
    after_entry     bigint not null check (after_entry >= 0),
    last_entry      bigint not null check (last_entry > after_entry),
    half_year       int not null check (half_year >= 0),
    rules           bytea not null check (octet_length(rules) = 32),
    noted_at        timestamptz not null default clock_timestamp()
);
comment on table delay_measurement is 'Entries whose debits and claims were added up: those after after_entry, up to last_entry.  One from 0 on replaces all earlier ones';
comment on column delay_measurement.half_year is 'Newest half-year whose rate was used, counted from year 0; 0 for none';
comment on column delay_measurement.rules is 'SHA-256 of the rules, with the rates up to half_year: by other rules the sums are not valid';

create table delay_sum (
    measurement     bigint not null references delay_measurement,
    sender          int not null,
    centre          int not null,
    budget_year     smallint not null,
    year            smallint not null,
    payments        bigint not null,
    cents           bigint not null,
    days            bigint not null,
    in_time         bigint not null,
    suspended       bigint not null,
    suspended_days  bigint not null,
    interest        bigint not null,
    compensation    bigint not null,
    compensation_of_year            bigint not null,
    compensation_of_sender          bigint not null,
    compensation_of_sender_and_year bigint not null,
    interest_proposed               bigint not null,
    interest_paid                   bigint not null,
    primary key (measurement, sender, centre, budget_year, year)
);
comment on table delay_sum is 'What a measurement adds to the figures of a sender, fund centre, budget year and year of payment';
comment on column delay_sum.sender is 'Who sent what was paid: a number of reference_text, kind 6; of a claim of Crescendo''s own, who sent what was paid late';
comment on column delay_sum.year is 'Year of payment; of interest_proposed the year of the claim';
comment on column delay_sum.interest is 'Due for late payments, without the compensation';
comment on column delay_sum.compensation is 'Due at the first late payment of each request; the next columns: at the first in the year, of the sender, and of both';

select protect(t) from unnest(array['delay_measurement', 'delay_sum']::regclass[]) t;
