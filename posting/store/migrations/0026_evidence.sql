-- The evidence of a batch: the hash over every row that was added beside the journal since the batch before, and over the batch's own
-- row.  Each such row leaves its digest in a queue as it is added; the next batch takes what it finds there, in its own transaction.
-- squawk-ignore-file adding-not-nullable-field, adding-required-field, constraint-missing-not-valid

set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- Rows that no batch covers yet.  They are taken whatever order their transactions commit in, so nobody waits for anybody.
create table pending_evidence (
    position        bigint generated always as identity primary key,
    relation        text not null,
    columns         smallint not null check (columns > 0),
    digest          bytea not null check (octet_length(digest) = 32)
);
comment on table pending_evidence is 'Digests of rows that the next batch covers: a queue, from which it removes them';

create table evidence (
    batch           bigint not null,
    position        bigint not null,
    relation        text not null,
    columns         smallint not null,
    digest          bytea not null check (octet_length(digest) = 32),
    primary key (batch, position)
);
comment on table evidence is 'Digests of the rows beside the journal, each with the batch that covers it';
comment on column evidence.columns is 'Number of columns that the table had: a later version may add some behind them';
comment on column evidence.digest is 'SHA-256 over the name of the table, a zero byte, and the row in the binary form of record_send';
select protect('evidence');

alter table batch add column evidence bytea not null check (octet_length(evidence) = 32);
comment on column batch.evidence is 'SHA-256 over the digests that the batch covers, in order, its row up to here in the form of record_send, and the evidence of the batch before (32 zero bytes for the first)';

-- One statement for all rows of a statement: the table is named by the trigger, its columns are counted as they are now.
create function note_evidence() returns trigger language plpgsql as $$
begin
    insert into pending_evidence (relation, columns, digest)
    select tg_table_name, n.columns, sha256(convert_to(tg_table_name, 'UTF8') || '\x00'::bytea || record_send(a))
    from added a cross join (
        select count(*)::smallint as columns from pg_attribute where attrelid = tg_relid and attnum > 0 and not attisdropped
    ) n;
    return null;
end $$;
do $$
begin
    execute format('alter function note_evidence() set search_path = %I, pg_temp', current_schema());
end $$;

create function cover(target regclass) returns void language plpgsql as $$
begin
    execute format('create trigger evidence after insert on %s referencing new table as added for each statement execute function note_evidence()', target);
end $$;
do $$
begin
    execute format('alter function cover(regclass) set search_path = %I, pg_temp', current_schema());
end $$;

-- Which reference data were in use: one row for each day and each state of the files on it.
create table reference_use (
    reference_use   bigint generated always as identity primary key,
    day             date not null,
    files           jsonb not null,
    digest          bytea not null check (octet_length(digest) = 32),
    noted_at        timestamptz not null default clock_timestamp()
);
comment on table reference_use is 'The reference files with which an engine worked, by day: path and SHA-256 of each; digest is over all';
select protect('reference_use');

select cover(t) from unnest(array[
    'ledger', 'submission', 'cancellation', 'pause', 'drop_taken', 'drop_answered', 'form',
    'reference_text', 'reference_meaning', 'reference_use',
    'access_key', 'access_key_end', 'access_issuer', 'access_issuer_end', 'access_grant', 'access_grant_end',
    'access_binding', 'access_binding_end', 'signer', 'signer_end', 'audit',
    'payment_run', 'payment_page', 'payment_edit', 'payment_release', 'payment_abandonment', 'payment_issue', 'payment_file', 'payment_end',
    'bank_message', 'bank_statement', 'bank_attempt', 'bank_item', 'interest_mark', 'task', 'task_event'
]::regclass[]) t;
