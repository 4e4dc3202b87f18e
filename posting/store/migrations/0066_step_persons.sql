-- The two persons of a step of the closing that cannot be undone: one prepares it, another one confirms it, and it is executed.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table step_preparation (
    step_preparation bigint generated always as identity primary key,
    year            smallint not null,
    step            text not null check (step ~ '^C[0-9]{2}$'),
    last_entry      bigint not null,
    lines           bigint not null check (lines > 0),
    cents           bigint not null,
    digest          bytea not null check (octet_length(digest) = 32),
    by              text not null check (by <> ''),
    person_decision bigint not null references person_decision,
    at              timestamptz not null default clock_timestamp()
);
comment on table step_preparation is 'What a person prepared of a step of the closing, for another person to confirm: last_entry is the last entry that was read, digest the SHA-256 of its acts without their references';

create table step_confirmation (
    person_decision bigint primary key references person_decision,
    step_preparation bigint not null references step_preparation,
    by              text not null check (by <> ''),
    at              timestamptz not null default clock_timestamp()
);
comment on table step_confirmation is 'Who confirmed a prepared step of the closing: the batch id of its file ends with the number of this proof';

create table step_rule (
    after_submission int primary key
);
comment on table step_rule is 'From which file on steps of the closing that cannot be undone need two persons: older files have one';

select protect(t), cover(t) from unnest(array['step_preparation', 'step_confirmation', 'step_rule']::regclass[]) t;

insert into step_rule select coalesce(max(submission), 0) from submission;
