-- name: try_refresh_lock
-- One refresh at a time; held until the connection ends.
select pg_try_advisory_lock(7317, 78);

-- name: create_staged_tables
create temp table staged_kind (like analyst_kind) on commit drop;
create temp table staged_code (like analyst_code) on commit drop;

-- name: titles_differ
select exists (table staged_kind except table analyst_kind) or exists (table analyst_kind except table staged_kind)
    or exists (table staged_code except table analyst_code) or exists (table analyst_code except table staged_code);

-- name: replace_titles
-- Rows that did not change stay as they are, so a refresh without changes writes nothing.
delete from analyst_kind k where not exists (select from staged_kind s where to_jsonb(s) = to_jsonb(k));
insert into analyst_kind select * from staged_kind on conflict do nothing;
analyze staged_code;
delete from analyst_code c where not exists (
    select from staged_code s where (s.kind, s.year, s.code) = (c.kind, c.year, c.code)
    and (s.title, s.parent, s.level, s.programme, s.mission, s.ministry, s.is_suspense)
        = (c.title, c.parent, c.level, c.programme, c.mission, c.ministry, c.is_suspense)
);
insert into analyst_code select * from staged_code on conflict do nothing;

-- name: last_refresh
select coalesce(max(last_entry), 0) as last_entry, coalesce(max(last_page), 0) as last_page, coalesce(max(last_payee), 0) as last_payee
from analyst_refresh;

-- name: refresh_end
-- Up to where a refresh reads: the last entry of a batch that is closed.
select coalesce(max(first_entry + entries) - 1, 0) as last_entry from batch;

-- name: detail_pages
-- At most $3 pages of payment details after entry $1 and up to entry $2, in order.
select entry_id, last_entry, page from request_detail where last_entry > $1 and last_entry <= $2 order by last_entry limit $3;

-- name: add_payees
-- The third parties registered up to entry $2, after number $1; return the last number.
with added as (
    insert into analyst_payee
    select distinct on (payee) payee, code, entry_id from payee where payee > $1 and entry_id <= $2 order by payee, entry_id
    on conflict do nothing returning payee
)
select coalesce(max(payee), $1)::int from added;

-- name: note_refresh
insert into analyst_refresh (last_entry, last_page, last_payee) values ($1, $2, $3);

-- name: missing_indexes
-- Statements that build the indexes that the look-ups of analysts miss when $1 entries are committed: the B-trees of full partitions,
-- and of the one in use if $2.
with part as (
    select c.relname as name, (substr(c.relname, 7)::bigint + 1) * e.partition_rows <= $1::bigint as is_full,
           substr(c.relname, 7)::bigint * e.partition_rows < $1 as is_begun
    from pg_inherits i join pg_class c on c.oid = i.inhrelid cross join engine e where i.inhparent = 'entry'::regclass
)
select format('select build_analysis_index(%L, %L)', p.name, k.key) as statement
from part p cross join (values ('payee'), ('amount'), ('day')) as k (key)
where p.is_begun and (p.is_full or k.key = 'day' or $2::bool)
  and not exists (select from pg_index x where x.indexrelid = to_regclass(p.name || '_by_' || k.key) and x.indisvalid)
order by p.name, k.key;

-- name: missing_lookups
-- The same of the look-ups by what an entry follows, which the engine builds in pauses: the views read them too.
with part as (
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid cross join engine e
    where i.inhparent = 'entry'::regclass and (substr(c.relname, 7)::bigint + 1) * e.partition_rows <= $1::bigint
)
select format('select build_lookup_index(%L, %L, false)', p.name, k.key) as statement
from part p cross join (values ('predecessor'), ('reference')) as k (key)
where not exists (select from pg_index x where x.indexrelid = to_regclass(p.name || '_' || k.key) and x.indisvalid)
order by p.name, k.key;

-- name: summarise_filters
select summarise_index(i.indexrelid)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
where a.amname = 'brin' and c.relnamespace = current_schema()::regnamespace and c.relname ~ '_by_day$';

-- name: role_exists
select exists (select from pg_roles where rolname = $1);

-- name: grant_statements
-- Statements that give role $1 the views of version 1: with personal data ($2) or without; and none on anything else.
select format('grant connect on database %I to %I', current_database(), $1::name) as statement
union all select format('grant usage on schema analysis_v1 to %I', $1::name)
union all
select format(case when $2::bool or v.relname <> all($3::text[]) then 'grant select on analysis_v1.%I to %I' else 'revoke all on analysis_v1.%I from %I' end, v.relname, $1::name)
from pg_class v where v.relnamespace = 'analysis_v1'::regnamespace and v.relkind = 'v';

-- name: role_excess
-- What role $1 may do beyond reading views: it reads tables of the ledger, owns some, or is a superuser; and whether it reads one of the
-- views $2, by a grant to it, to a role whose member it is, or to PUBLIC.
select r.rolsuper as is_superuser,
       exists (select from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')
               and has_any_column_privilege(r.oid, c.oid, 'select')) as reads_tables,
       exists (select from pg_class v where v.relnamespace = 'analysis_v1'::regnamespace and v.relname = any($2::text[])
               and has_any_column_privilege(r.oid, v.oid, 'select')) as reads_names
from pg_roles r where r.rolname = $1;
