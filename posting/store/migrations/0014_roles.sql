-- The name and number of a ledger; and the functions by which the service's role, which owns nothing, has the owner's role do the
-- little that only an owner may do.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table ledger (
    one             boolean primary key default true check (one),
    name            text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    number          smallint not null check (number between 0 and 99),
    created_at      timestamptz not null default clock_timestamp()
);
comment on table ledger is 'One row: which ledger this is; number 0 where none was given';
select protect('ledger');

-- A new partition gives the same rights as the journal, as rows are copied to it directly.
create or replace function ensure_entry_partition(n bigint) returns text language plpgsql as $$
declare
    name text := format('entry_%s', lpad(n::text, 6, '0'));
    size bigint := (select partition_rows from engine);
    statement text;
begin
    perform pg_advisory_xact_lock(7317, 1);
    if to_regclass(name) is null then
        execute format('create table %I (like entry including defaults including constraints)', name);
        execute format('create index on %I using brin (entry_id) with (pages_per_range = 64)', name);
        execute format('alter table %I set (autovacuum_vacuum_insert_threshold = -1)', name);
        execute format('create trigger append_only_table before truncate on %I for each statement execute function refuse_change()', name);
        execute format('alter table entry attach partition %I for values from (%s) to (%s)', name, n * size + 1, (n + 1) * size + 1);
        for statement in
            select format('grant %s on %I to %s', a.privilege_type, name, case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
            from pg_class c, aclexplode(c.relacl) a
            where c.oid = 'entry'::regclass and a.privilege_type in ('SELECT', 'INSERT') and a.grantee <> c.relowner
        loop
            execute statement;
        end loop;
    end if;
    return name;
end $$;

-- One of the look-up indexes of a partition: key is filter, predecessor or reference.  With is_in_use, rows are still added to
-- the partition: false if somebody adds some at this moment, as a writer must not wait behind this.
create function build_lookup_index(part regclass, key text, is_in_use boolean) returns boolean language plpgsql as $$
declare
    name text := (select relname || '_' || key from pg_class where oid = part);
    method text := case key
        when 'filter' then 'brin (reference text_bloom_ops (n_distinct_per_range = 1300), predecessor int8_bloom_ops (n_distinct_per_range = 1300)) with (pages_per_range = 16)'
        when 'predecessor' then 'btree (predecessor)'
        when 'reference' then 'btree (reference)' end;
    leftover regclass := (select i.indexrelid from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = part and c.relname = name and not i.indisvalid);
begin
    if method is null or not exists (select from pg_inherits where inhparent = 'entry'::regclass and inhrelid = part) then
        raise exception 'the journal has no look-up index % of %', key, part using errcode = 'invalid_parameter_value';
    end if;
    begin
        if leftover is not null then
            execute format('lock table %s in access exclusive mode nowait', part);
            execute format('drop index %s', leftover);
        elsif is_in_use then
            execute format('lock table %s in share mode nowait', part);
        end if;
    exception when lock_not_available then
        return false;
    end;
    execute format('create index %I on %s using %s', name, part, method);
    return true;
end $$;

create function summarise_index(index oid) returns bigint language plpgsql as $$
begin
    if not exists (select from pg_class i join pg_am a on a.oid = i.relam where i.oid = index and a.amname = 'brin'
                   and i.relnamespace = (select relnamespace from pg_class where oid = 'engine'::regclass)) then
        raise exception 'the journal has no index %', index using errcode = 'invalid_parameter_value';
    end if;
    return brin_summarize_new_values(index);
end $$;

-- What runs with the owner's rights looks up every name in this schema first, never among the caller's temporary tables.
do $$
declare
    target regprocedure;
begin
    foreach target in array array['refuse_change()', 'protect(regclass)', 'tell_access()', 'refuse_cancelled()', 'refuse_gap()', 'refuse_begun()',
        'refuse_own_release()', 'refuse_change_of_released()', 'ensure_entry_partition(bigint)',
        'build_lookup_index(regclass, text, boolean)', 'summarise_index(oid)']::regprocedure[]
    loop
        execute format('alter function %s set search_path = %I, pg_temp', target, current_schema());
    end loop;
    -- Three triggers lock the row that they judge by, which takes the right to update it; three functions change tables.
    foreach target in array array['refuse_begun()', 'refuse_own_release()', 'refuse_change_of_released()', 'ensure_entry_partition(bigint)',
        'build_lookup_index(regclass, text, boolean)', 'summarise_index(oid)']::regprocedure[]
    loop
        execute format('alter function %s security definer', target);
        execute format('revoke execute on function %s from public', target);
    end loop;
end $$;
