-- What the views of analysts (0079_analysis_views.sql) read beside the journal: titles of codes, kinds of act, codes of third parties,
-- and the invoices and terms of requests, which pages contain in a form that SQL does not read.  `crescendo analysts refresh` derives
-- all rows from the journal and the reference data, so no hash covers them; and it builds indexes on full partitions, to which nobody
-- adds, so the engine that posts pays nothing for them.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table analyst_kind (
    kind            smallint primary key,
    name            text not null,
    title           text not null,
    family          text not null,
    stage           text not null,
    open_side       text not null check (open_side in ('', 'debit', 'credit', 'stated')),
    takes           boolean not null,
    mirrors         boolean not null,
    effect          text not null,
    cp_sign         smallint not null,
    remits          boolean not null
);
comment on table analyst_kind is 'Kinds of act as the catalog of this version has them; replaced by a refresh';
comment on column analyst_kind.stage is 'The stage at which the act leaves an open amount; empty if it leaves none';
comment on column analyst_kind.takes is 'Whether the act takes its amount off what the act before it left open';
comment on column analyst_kind.effect is 'On a commitment: commit, increase, decrease, certify, request; empty for all others';
comment on column analyst_kind.cp_sign is 'By which sign the amount of the act counts as consumed CP';

create table analyst_code (
    kind            smallint not null,
    year            smallint not null,
    code            text not null,
    title           text not null,
    parent          text not null,
    level           text not null,
    programme       text not null,
    mission         text not null,
    ministry        text not null,
    is_suspense     boolean not null,
    primary key (kind, year, code)
);
comment on table analyst_code is 'Codes of each year with their titles, as the reference data in use have them; kind as in reference_text; replaced by a refresh';

create table analyst_payee (
    payee           int primary key,
    code            text not null unique,
    entry_id        bigint not null
);
comment on table analyst_payee is 'Codes of third parties by number, and the entry that registered each: neither names nor accounts';

create table analyst_detail (
    entry_id        bigint primary key,
    received        date,
    due             date,
    invoice_date    date,
    invoice_part    smallint,
    invoice_number  text,
    invoice_key     text
);
comment on table analyst_detail is 'Invoices and terms of requests, read from request_detail; free texts, which may name persons, are left out';
comment on column analyst_detail.invoice_key is 'The number as it counts: its letters in upper case, and its digits';
create index analyst_detail_invoice on analyst_detail (invoice_key) where invoice_key is not null;

create table analyst_refresh (
    refresh         bigint generated always as identity primary key,
    last_entry      bigint not null,
    last_page       bigint not null,
    last_payee      int not null,
    at              timestamptz not null default clock_timestamp()
);
comment on table analyst_refresh is 'How far each refresh read the journal: the last entry then, the last page of details, the last third party';

-- An index of the look-ups of analysts on a partition: B-trees by payee and by amount, and a small filter (BRIN) by day.  False if
-- somebody adds rows at this moment.  A B-tree makes each row that is added later about ten times as expensive to add, so those of the
-- partition in use are built on request alone.
create function build_analysis_index(part regclass, key text) returns boolean language plpgsql as $$
declare
    name text := (select relname || '_by_' || key from pg_class where oid = part);
    method text := case key
        when 'payee' then 'btree (payee, day)'
        when 'amount' then 'btree (amount, day)'
        when 'day' then 'brin (day) with (pages_per_range = 16)' end;
    leftover regclass := (select i.indexrelid from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = part and c.relname = name and not i.indisvalid);
begin
    if method is null or not exists (select from pg_inherits where inhparent = 'entry'::regclass and inhrelid = part) then
        raise exception 'the journal has no index % of %', key, part using errcode = 'invalid_parameter_value';
    end if;
    begin
        if leftover is not null then
            execute format('lock table %s in access exclusive mode nowait', part);
            execute format('drop index %s', leftover);
        else
            execute format('lock table %s in share mode nowait', part);
        end if;
    exception when lock_not_available then
        return false;
    end;
    execute format('create index %I on %s using %s', name, part, method);
    return true;
end $$;
do $$
begin
    execute format('alter function build_analysis_index(regclass, text) set search_path = %I, pg_temp', current_schema());
    alter function build_analysis_index(regclass, text) security definer;
    revoke execute on function build_analysis_index(regclass, text) from public;
end $$;
