-- name: lock_roles
select pg_advisory_xact_lock(7317, 13);

-- name: missing_roles
-- Statements that create the roles of an embedded server: the owner, as whom nobody can connect, and the service with password $3.
select format('create role %I nologin', $1::name) as statement where not exists (select from pg_roles where rolname = $1)
union all
select format('create role %I login password %L', $2::name, $3::text) where not exists (select from pg_roles where rolname = $2);

-- name: foreign_objects
-- Statements that give the database and all that is in it to role $1, where it belongs to another one: earlier versions had only
-- the role that administers the server.
select format('alter database %I owner to %I', datname, $1::name) as statement from pg_database
where datname = current_database() and datdba <> $1::name::regrole
union all
select format('alter %s %s owner to %I', case relkind when 'v' then 'view' else 'table' end, oid::regclass, $1::name) from pg_class
where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v') and relowner <> $1::name::regrole
union all
select format('alter routine %s owner to %I', oid::regprocedure, $1::name) from pg_proc
where pronamespace = current_schema()::regnamespace and proowner <> $1::name::regrole;
