-- Proofs: the means by which persons prove who they are, and the decisions that they took so.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table person_login (
    person_login    int generated always as identity primary key,
    person          int not null references person,
    means           text not null check (means in ('user', 'key')),
    name            text not null check (name <> ''),
    first_day       date not null,
    last_day        date check (last_day >= first_day),
    change          bigint not null references directory_change
);
create index person_login_name on person_login (name);
comment on table person_login is 'Means by which persons prove who they are: a user of the operating system, or a key: an API key, or ISSUER/SUBJECT of tokens';

-- squawk-ignore ban-drop-constraint
alter table directory_end drop constraint directory_end_subject_check;
-- squawk-ignore constraint-missing-not-valid
alter table directory_end add constraint directory_end_subject_check check (subject in ('role', 'delegation', 'agreement', 'login'));
comment on table directory_end is 'Earlier last days of roles, delegations, agreements and logins: number is that of person_role, delegation, agreement or person_login; the earliest day counts';

create table person_decision (
    person_decision bigint generated always as identity primary key,
    decision        text not null check (decision <> ''),
    number          bigint not null,
    person          int not null references person,
    person_login    int not null references person_login,
    change          bigint not null references directory_change,
    day             date not null,
    at              timestamptz not null default clock_timestamp()
);
create index person_decision_number on person_decision (decision, number);
comment on table person_decision is 'Decisions of persons who were proved: what is decided, about which number (run, decision on a period, change of the directory, message of the bank), by whom, by which login; change is the last one of the directory at that time, day the day in Paris';

create view person_proof as
select d.decision, d.number, p.code as person, min(l.means || ' ' || l.name) as proof
from person_decision d join person p using (person) join person_login l using (person_login) group by d.decision, d.number, p.code;
comment on view person_proof is 'How each person who took a decision was proved';

select protect(t), cover(t) from unnest(array['person_login', 'person_decision']::regclass[]) t;
