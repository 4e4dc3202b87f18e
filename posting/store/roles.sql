-- name: missing_rights
-- Statements by which the owner of the tables gives role $1 what the service needs and lacks: to read everything, to add to the
-- journal, to note how far the engine is, to replace checkpoints and the titles that analysts read, and to take rows from the queue of
-- those that no batch covers yet.  Nothing that changes or removes a row of the journal.
with relation as (
    select c.oid, c.oid::regclass::text as name, c.relkind, c.relname from pg_class c
    where c.relnamespace in (current_schema()::regnamespace, to_regnamespace('analysis_v1')) and c.relkind in ('r', 'p', 'v', 'S')
), needed as (
    select oid, name, 'select' as privilege from relation
    union all select oid, name, 'insert' from relation where relkind in ('r', 'p') and relname not in ('engine', 'ledger', 'migration')
    union all select oid, name, 'delete' from relation where relname in ('checkpoint', 'checkpoint_page', 'pending_evidence', 'analyst_kind', 'analyst_code')
)
select format('grant usage on schema %I to %I', current_schema(), $1::name) as statement where not has_schema_privilege($1::name, current_schema(), 'usage')
union all
select format('grant usage on schema analysis_v1 to %I', $1::name) where not has_schema_privilege($1::name, to_regnamespace('analysis_v1'), 'usage')
union all
select format('grant %s on %s to %I', string_agg(privilege, ', '), name, $1::name) from needed
where not has_table_privilege($1::name, oid, privilege) group by name
union all
select format('grant update (%I) on engine to %I', attname, $1::name) from pg_attribute
where attrelid = to_regclass('engine') and attname in ('epoch', 'version', 'holder', 'holder_pid', 'lease_until', 'spool')
  and not has_column_privilege($1::name, attrelid, attnum, 'update')
union all
select format('grant execute on function %s to %I', p.oid::regprocedure, $1::name) from pg_proc p
where p.pronamespace = current_schema()::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
  and not has_function_privilege($1::name, p.oid, 'execute');

-- name: role_rights
-- What the connection's role may do beyond what the service needs, each as a right to change what it wrote, or a way to get that right.
with relation as (
    select c.oid, c.relowner, c.relname, c.relkind from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')
), journal as (
    select oid from relation r where relname in ('migration') or exists (select from pg_trigger t where t.tgrelid = r.oid and t.tgname = 'append_only_rows')
)
select current_user::text as role,
       (select rolsuper from pg_roles where rolname = current_user) as is_superuser,
       exists (select from relation where pg_has_role(relowner, 'member')) as owns_tables,
       exists (select from pg_proc where pronamespace = current_schema()::regnamespace and pg_has_role(proowner, 'member')) as owns_functions,
       exists (select from journal where has_any_column_privilege(oid, 'update') or has_table_privilege(oid, 'delete, truncate, trigger')) as changes_journal,
       has_schema_privilege(current_schema(), 'create') as creates_objects,
       has_parameter_privilege('session_replication_role', 'set') as disables_triggers,
       (select rolcreaterole from pg_roles where rolname = current_user) as creates_roles,
       pg_has_role('pg_write_server_files', 'member') or pg_has_role('pg_execute_server_program', 'member') as writes_server_files;

-- name: service_role
select current_user::text as role;

-- name: owns_journal
-- Whether the connection's role may change the tables; null without a journal.
select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('engine');
