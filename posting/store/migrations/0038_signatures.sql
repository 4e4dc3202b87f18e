-- The persons and agreements of entries: rows are only ever added, by the batch that accepts the lines.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table entry_signature (
    entry           bigint primary key,
    entered         integer not null,
    validated       integer not null,
    delegation      integer not null
);
comment on table entry_signature is 'Who entered and who validated an entry whose line names persons; delegation 0: by a role of his own';

create table agreement_use (
    first_entry     bigint primary key,
    last_entry      bigint not null check (last_entry >= first_entry),
    agreement       integer not null
);
comment on table agreement_use is 'Consecutive entries whose lines name nobody, each with the agreement of its sender under which it came';

select protect(t), cover(t) from unnest(array['entry_signature', 'agreement_use']::regclass[]) t;
