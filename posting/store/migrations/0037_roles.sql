-- Who orders does not account (decree 2012-1246, art. 9): neither by one key, nor by two keys of one sender.  core/roles.py lists
-- the roles; the functions say which of them order and which account.  What is older than these rules keeps its roles.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function ordering_roles() returns text[] language sql immutable as $$
    select array['programme_manager', 'bop_manager', 'uo_manager', 'authorising_officer', 'certifier']
$$;
create function accounting_roles() returns text[] language sql immutable as $$
    select array['assigned_accountant', 'central_accountant']
$$;
create function find_role_fault(roles text[]) returns text language sql immutable as $$
    select case
        when roles && ordering_roles() and roles && accounting_roles() then 'who orders does not account'
        when 'budget_controller' = any(roles) and roles && ordering_roles() then 'who controls commitments orders none'
        when 'auditor' = any(roles) and roles && (ordering_roles() || accounting_roles()) then 'who audits acts sends none'
    end
$$;

alter table access_key add constraint two_sides check (find_role_fault(roles) is null) not valid;
comment on constraint two_sides on access_key is 'Roles that exclude each other are not in one key';

alter table access_grant add constraint two_sides_of_a_grant check (find_role_fault(roles) is null) not valid;

alter table signer add constraint signer_two_sides check (find_role_fault(roles) is null) not valid;

-- The lock makes two commands wait for each other, each of which would give one sender another side.
create function refuse_second_side() returns trigger language plpgsql as $$
declare
    excluded text[] := case
        when new.roles && ordering_roles() then accounting_roles()
        when new.roles && accounting_roles() then ordering_roles()
    end;
    holder text;
begin
    if excluded is null or new.expires_at <= clock_timestamp() then
        return new;
    end if;
    perform pg_advisory_xact_lock(7317, 37);
    select h.name into holder from (
        select 'key ' || key as name, sender, roles from access_key k
        where expires_at > clock_timestamp() and not exists (select from access_key_end e where e.key = k.key)
        union all
        select 'system ' || issuer || '/' || subject, sender, roles from access_grant g
        where expires_at > clock_timestamp() and not exists (select from access_grant_end e where e.access_grant = g.access_grant)
          and not exists (select from access_issuer_end e where e.issuer = g.issuer)
        union all
        select 'signer ' || signer, sender, roles from signer s
        where expires_at > clock_timestamp() and not exists (select from signer_end e where e.signer = s.signer)
    ) h where h.sender = new.sender and h.roles && excluded order by 1 limit 1;
    if found then
        raise exception 'the sender % has the %: who orders does not account', new.sender, holder
            using errcode = 'check_violation', constraint = 'sender_of_one_side';
    end if;
    return new;
end $$;

-- As in 0014_roles.sql: names are looked up in this schema first, and who adds a row needs no right to read the others.
do $$
declare
    target regprocedure;
begin
    foreach target in array array['ordering_roles()', 'accounting_roles()', 'find_role_fault(text[])', 'refuse_second_side()']::regprocedure[]
    loop
        execute format('alter function %s set search_path = %I, pg_temp', target, current_schema());
    end loop;
    alter function refuse_second_side() security definer;
    revoke execute on function refuse_second_side() from public;
end $$;

create trigger sender_of_one_side before insert on access_key for each row execute function refuse_second_side();
create trigger sender_of_one_side before insert on access_grant for each row execute function refuse_second_side();
create trigger sender_of_one_side before insert on signer for each row execute function refuse_second_side();
