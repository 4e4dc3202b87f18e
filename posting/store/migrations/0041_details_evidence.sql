-- The evidence of each change of bank details, and from which entry on one is needed: rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table details_evidence (
    entry           bigint primary key,
    evidence_hash   text not null check (evidence_hash ~ '^[0-9A-Fa-f]{64}$'),
    call_back       text not null check (call_back ~ '\S')
);
comment on table details_evidence is 'SHA-256 of the document with which a payee asked for other bank details, and how the payee was called back';

create table details_rule (
    after_entry     bigint primary key
);
comment on table details_rule is 'The last entry from before the rule: a change of bank details up to it needs no evidence and no persons';

select protect(t), cover(t) from unnest(array['details_evidence', 'details_rule']::regclass[]) t;

insert into details_rule (after_entry) select coalesce(max(first_entry + entries) - 1, 0) from batch;
