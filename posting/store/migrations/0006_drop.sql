-- Files that come by drop folder: who may sign for a sender, what was taken, and what was answered.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table signer (
    signer          text primary key,
    sender          text not null,
    public_key      bytea not null unique check (octet_length(public_key) = 32),
    roles           text[] not null check (cardinality(roles) > 0),
    programmes      text[] not null,
    language        text not null check (language in ('en', 'fr')),
    pain002         boolean not null,
    created_at      timestamptz not null default clock_timestamp(),
    valid_from      timestamptz not null,
    expires_at      timestamptz not null,
    constraint signer_lasts check (expires_at > valid_from),
    constraint signer_two_hands check (not roles @> array['authorising_officer', 'assigned_accountant'])
);
comment on table signer is 'An Ed25519 public key that signs files of a sender; no programmes means all of them; one key is one signer, for ever';
comment on column signer.language is 'Of the answers that are written back, as pain002 is whether the sender wants one';

create table signer_end (
    signer          text primary key references signer,
    reason          text not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table signer_end is 'Signers whose signatures count no longer';

create table drop_taken (
    taken           bigint generated always as identity primary key,
    sender          text not null,
    file_name       text not null,
    submission      int not null references submission,
    signer          text references signer,
    taken_at        timestamptz not null default clock_timestamp()
);
comment on table drop_taken is 'Files taken from drop folders; no signer where the operator takes them unsigned';

create table drop_answered (
    taken           bigint primary key references drop_taken,
    answered_at     timestamptz not null default clock_timestamp()
);
comment on table drop_answered is 'Files whose results are in the sender''s folder, durably';

select protect(t) from unnest(array['signer', 'signer_end', 'drop_taken', 'drop_answered']::regclass[]) t;
