-- Who may send what, and who tried what they may not.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table access_key (
    key             text primary key,
    sender          text not null,
    digest          bytea not null check (octet_length(digest) = 32),
    roles           text[] not null check (cardinality(roles) > 0),
    programmes      text[] not null,
    label           text not null,
    created_at      timestamptz not null default clock_timestamp(),
    expires_at      timestamptz not null default 'infinity',
    constraint two_hands check (not roles @> array['authorising_officer', 'assigned_accountant'])
);
comment on table access_key is 'A ministry system''s key: the SHA-256 of its secret, never the secret; no programmes means all of them';
comment on constraint two_hands on access_key is 'Who orders does not pay: the two functions are incompatible';

create table access_key_end (
    key             text primary key references access_key,
    reason          text not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table access_key_end is 'Keys that no longer open anything';

create table audit (
    audit           bigint generated always as identity primary key,
    at              timestamptz not null default clock_timestamp(),
    key             text not null,
    sender          text not null,
    address         text not null,
    action          text not null,
    code            text not null,
    detail          text not null,
    times           int not null check (times > 0)
);
comment on table audit is 'Refused attempts: key and sender are empty where nobody was recognised; equal ones of one moment share a row';

create function tell_access() returns trigger language plpgsql as $$
begin
    perform pg_notify('crescendo_access', '');
    return null;
end $$;

create trigger tell_access after insert on access_key for each statement execute function tell_access();
create trigger tell_access after insert on access_key_end for each statement execute function tell_access();

select protect(t) from unnest(array['access_key', 'access_key_end', 'audit']::regclass[]) t;
