-- Look-ups by reference, by what an entry follows and by budget node, on tables that are still written to.
-- A BRIN index costs a writer nothing: it knows a range of pages once it is told to look at it.  A bloom filter for each range
-- then says where a value may stand, whatever order the values came in.  What is there already is read once, at the start of
-- the engine: nobody writes meanwhile.
-- squawk-ignore-file require-concurrent-index-creation

set local lock_timeout = '10s';
set local statement_timeout = '1h';

create index refusal_reference on refusal using brin (reference text_bloom_ops (n_distinct_per_range = 1600)) with (pages_per_range = 16);
create index duplicate_entry on duplicate using brin (entry_id int8_bloom_ops (n_distinct_per_range = 2400)) with (pages_per_range = 16);
create index node_balance_node on node_balance using brin (node int4_bloom_ops (n_distinct_per_range = 1300)) with (pages_per_range = 16);
-- one row a batch, and an entry is looked for in the batch that has it
create index batch_first_entry on batch (first_entry);

create function index_entry_partition(name text) returns void language plpgsql as $$
begin
    execute format('create index %I on %I using brin (entry_id, reference text_bloom_ops (n_distinct_per_range = 1300),'
                   ' predecessor int8_bloom_ops (n_distinct_per_range = 1300)) with (pages_per_range = 16)', name || '_brin', name);
end $$;

-- Partition n holds entries n * partition_rows + 1 .. (n + 1) * partition_rows.
create or replace function ensure_entry_partition(n bigint) returns text language plpgsql as $$
declare
    name text := format('entry_%s', lpad(n::text, 6, '0'));
    size bigint := (select partition_rows from engine);
begin
    perform pg_advisory_xact_lock(7317, 1);
    if to_regclass(name) is null then
        execute format('create table %I (like entry including defaults including constraints)', name);
        perform index_entry_partition(name);
        execute format('alter table %I set (autovacuum_vacuum_insert_threshold = -1)', name);
        execute format('create trigger append_only_table before truncate on %I for each statement execute function refuse_change()', name);
        execute format('alter table entry attach partition %I for values from (%s) to (%s)', name, n * size + 1, (n + 1) * size + 1);
    end if;
    return name;
end $$;

-- The partitions there are: the index of their numbers is now the first column of the new one.
do $$
declare
    name text;
begin
    for name in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'entry'::regclass loop
        execute format('drop index if exists %I', name || '_entry_id_idx');
        perform index_entry_partition(name);
    end loop;
end $$;
