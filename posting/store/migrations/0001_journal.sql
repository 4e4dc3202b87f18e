-- The journal and what hangs on it.  Money is bigint cents.  Rows are only ever added, except where a comment says so.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table engine (
    one             boolean primary key default true check (one),
    layout          int not null,
    epoch           bigint not null default 0,
    version         bigint not null default 0,
    holder          text not null default '',
    holder_pid      int not null default 0,
    lease_until     timestamptz not null default '-infinity',
    secret          bytea not null check (octet_length(secret) = 16),
    partition_rows  bigint not null check (partition_rows > 0)
);
comment on table engine is 'One row, updated: who may write (epoch, lease), how far (version = last batch), the fingerprint key';

create table reference_text (
    kind  smallint not null,
    id    int not null,
    code  text not null,
    primary key (kind, id),
    unique (kind, code)
);
comment on table reference_text is 'Numbers of nomenclature codes and accounts, given once: 1 fund centre, 2 functional area, 3 commitment item, 4 fund, 5 account, 6 sender';

create table batch (
    batch           bigint primary key,
    epoch           bigint not null,
    layout          int not null,
    first_entry     bigint not null,
    entries         int not null,
    refusals        int not null,
    duplicates      int not null,
    payees          int not null,
    cells           int not null,
    amount          bigint not null,
    chain           bytea not null check (octet_length(chain) = 32),
    committed_at    timestamptz not null default clock_timestamp()
);
comment on column batch.amount is 'Cents of the accepted lines';
comment on column batch.chain is 'SHA-256 over the COPY bytes of the batch''s rows (entry, refusal, duplicate, payee, cell) and the previous chain';

create table submission (
    submission      int primary key,
    sender          text not null,
    batch_id        text not null default '',
    file_hash       bytea not null check (octet_length(file_hash) = 32),
    file_name       text not null,
    format          text not null,
    size_bytes      bigint not null,
    attempt         int not null default 1,
    declared_lines  bigint,
    declared_cents  bigint,
    received_at     timestamptz not null default clock_timestamp(),
    unique (sender, file_hash, attempt)
);
comment on column submission.attempt is '1, or more when refused lines are presented again on request';

create table progress (
    submission      int not null references submission,
    batch           bigint not null,
    pass            int not null,
    next_line       bigint not null,
    done            boolean not null,
    accepted        bigint not null,
    duplicate       bigint not null,
    refused         bigint not null,
    suspended       bigint not null,
    accepted_cents  bigint not null,
    duplicate_cents bigint not null,
    refused_cents   bigint not null,
    suspended_cents bigint not null,
    primary key (submission, batch)
);
comment on table progress is 'How far a submission is, row by row; the last row counts.  suspended = lines held for a predecessor';

create table held (
    submission      int not null,
    batch           bigint not null,
    pass            int not null,
    line            bigint not null,
    lines           int not null
);
comment on table held is 'Acts waiting for a predecessor after a pass: first line and number of lines';
create index held_submission on held (submission, pass, line);

create table entry (
    entry_id        bigint not null,
    predecessor     bigint not null,
    amount          bigint not null check (amount >= 0),
    content         bigint not null,
    submission      int not null,
    line            int not null,
    day             date not null,
    cell            int not null,
    source          int not null,
    payee           int not null,
    kind            smallint not null,
    exercise        smallint not null,
    month           smallint not null,
    debit           smallint not null,
    credit          smallint not null,
    reference       text not null
) partition by range (entry_id);

create table refusal (
    batch           bigint not null,
    position        int not null,
    submission      int not null,
    line            int not null,
    code            smallint not null,
    field           smallint not null,
    kind            smallint not null,
    node            int not null,
    missing         bigint not null,
    amount          bigint not null,
    reference       text not null,
    found           text not null
);
create index refusal_batch on refusal using brin (batch, submission);

create table duplicate (
    batch           bigint not null,
    position        int not null,
    submission      int not null,
    line            int not null,
    entry_id        bigint not null
);
create index duplicate_batch on duplicate using brin (batch, submission);

create table payee (
    payee           int not null,
    entry_id        bigint not null,
    code            text not null,
    name            text not null,
    iban            text not null,
    bic             text not null
);
create index payee_number on payee using brin (payee, entry_id);

create table cell (
    cell            int not null,
    batch           bigint not null,
    centre          int not null,
    area            int not null,
    item            int not null,
    fund            int not null,
    operation       int not null,
    budget_year     smallint not null
);
create index cell_number on cell using brin (cell);

create table node_balance (
    batch           bigint not null,
    node            int not null,
    ae_opened       bigint not null,
    ae_allotted     bigint not null,
    ae_reserved     bigint not null,
    ae_consumed     bigint not null,
    cp_opened       bigint not null,
    cp_allotted     bigint not null,
    cp_reserved     bigint not null,
    cp_consumed     bigint not null
);
comment on table node_balance is 'A node''s figures after a batch that changed them: the last row at or before a batch is the figure then';
create index node_balance_batch on node_balance using brin (batch);

create table account_balance (
    batch           bigint not null,
    account         smallint not null,
    period          int not null,
    debit           bigint not null,
    credit          bigint not null
);
create index account_balance_batch on account_balance using brin (batch);

create table checkpoint (
    batch           bigint primary key,
    entries         bigint not null,
    keys            bigint not null,
    payees          bigint not null,
    previous        bigint not null unique,
    pieces          int not null,
    digest          bytea not null check (octet_length(digest) = 32)
);
comment on table checkpoint is 'What each checkpoint covers.  If one is missing or damaged none is used: all are deleted, and the journal is read';
comment on column checkpoint.previous is 'Batch of the checkpoint before, 0 for the first: each holds only the pages changed since';
comment on column checkpoint.digest is 'SHA-256 over the payload of its pieces, in order';
create table checkpoint_page (
    batch           bigint not null,
    piece           int not null,
    payload         bytea not null
);
alter table checkpoint_page alter column payload set storage plain;
create index checkpoint_page_batch on checkpoint_page (batch);
comment on table checkpoint_page is 'Pieces of the book''s changed pages as of a checkpoint; the newest page counts.  Rebuilt from the journal if lost, never trusted over it';

-- Nobody rewrites history: not the engine, not an operator with a query window.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;

create function protect(target regclass) returns void language plpgsql as $$
begin
    execute format('create trigger append_only_rows before update or delete on %s for each row execute function refuse_change()', target);
    execute format('create trigger append_only_table before truncate on %s for each statement execute function refuse_change()', target);
    -- rows never change, so there is nothing to vacuum until they must be frozen
    if (select relkind from pg_class where oid = target) = 'r' then
        execute format('alter table %s set (autovacuum_vacuum_insert_threshold = -1)', target);
    end if;
end $$;

select protect(t) from unnest(array['batch', 'submission', 'progress', 'held', 'refusal', 'duplicate', 'payee', 'cell', 'node_balance', 'account_balance', 'reference_text']::regclass[]) t;
create trigger append_only_rows before update or delete on entry for each row execute function refuse_change();
create trigger append_only_table before truncate on entry for each statement execute function refuse_change();

-- Partition n holds entries n * partition_rows + 1 .. (n + 1) * partition_rows.
create function ensure_entry_partition(n bigint) returns text language plpgsql as $$
declare
    name text := format('entry_%s', lpad(n::text, 6, '0'));
    size bigint := (select partition_rows from engine);
begin
    perform pg_advisory_xact_lock(7317, 1);
    if to_regclass(name) is null then
        execute format('create table %I (like entry including defaults including constraints)', name);
        execute format('create index on %I using brin (entry_id) with (pages_per_range = 64)', name);
        execute format('alter table %I set (autovacuum_vacuum_insert_threshold = -1)', name);
        execute format('create trigger append_only_table before truncate on %I for each statement execute function refuse_change()', name);
        execute format('alter table entry attach partition %I for values from (%s) to (%s)', name, n * size + 1, (n + 1) * size + 1);
    end if;
    return name;
end $$;
