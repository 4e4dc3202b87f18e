-- The invoice service is under an accountant: who orders is none (decree 2012-1246, art. 9 and 41).  See 0037_roles.sql.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function accounting_roles() returns text[] language sql immutable as $$
    select array['assigned_accountant', 'central_accountant', 'invoice_service']
$$;

-- As in 0037_roles.sql: a function that is replaced loses its settings.
do $$
begin
    execute format('alter function accounting_roles() set search_path = %I, pg_temp', current_schema());
end $$;
