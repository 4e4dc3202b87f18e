-- Signed tokens and client certificates: whose word is taken, for whom, and over which connections.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table access_issuer (
    issuer          text primary key,
    url             text not null,
    audience        text not null,
    claim           text not null check (claim in ('sub', 'client_id', 'azp')),
    jwks            text not null,
    created_at      timestamptz not null default clock_timestamp()
);
comment on table access_issuer is 'Who signs tokens that are believed: its iss, the aud that is ours, the claim that names a system, and where its public keys are';

create table access_issuer_end (
    issuer          text primary key references access_issuer,
    reason          text not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table access_issuer_end is 'Issuers that are believed no longer';

create table access_grant (
    access_grant    bigint generated always as identity primary key,
    issuer          text not null references access_issuer,
    subject         text not null,
    sender          text not null,
    roles           text[] not null check (cardinality(roles) > 0),
    programmes      text[] not null,
    created_at      timestamptz not null default clock_timestamp(),
    expires_at      timestamptz not null default 'infinity',
    constraint two_hands_of_a_grant check (not roles @> array['authorising_officer', 'assigned_accountant'])
);
comment on table access_grant is 'What a system that an issuer vouches for may do here: a token says who it is, never what it may do';

create table access_grant_end (
    access_grant    bigint primary key references access_grant,
    reason          text not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table access_grant_end is 'Grants that no longer open anything';

create table access_binding (
    access_binding  bigint generated always as identity primary key,
    holder          text not null,
    fingerprint     bytea not null check (octet_length(fingerprint) = 32),
    created_at      timestamptz not null default clock_timestamp()
);
comment on table access_binding is 'The SHA-256 of a client certificate without which a key, or a system named issuer/subject, opens nothing';

create table access_binding_end (
    access_binding  bigint primary key references access_binding,
    reason          text not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table access_binding_end is 'Certificates that no longer count; a holder whose last one is ended stays bound, and opens nothing';

create trigger tell_access after insert on access_issuer for each statement execute function tell_access();
create trigger tell_access after insert on access_issuer_end for each statement execute function tell_access();
create trigger tell_access after insert on access_grant for each statement execute function tell_access();
create trigger tell_access after insert on access_grant_end for each statement execute function tell_access();
create trigger tell_access after insert on access_binding for each statement execute function tell_access();
create trigger tell_access after insert on access_binding_end for each statement execute function tell_access();

select protect(t) from unnest(array['access_issuer', 'access_issuer_end', 'access_grant', 'access_grant_end', 'access_binding', 'access_binding_end']::regclass[]) t;
