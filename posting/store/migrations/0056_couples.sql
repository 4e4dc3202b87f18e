-- Spouses and partners: who orders is not married to, and no partner of, who accounts (decree 2012-1246, art. 9).  Rows are only ever
-- added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table person_couple (
    person_couple   int generated always as identity primary key,
    person          int not null references person,
    partner         int not null references person check (partner <> person),
    first_day       date not null,
    last_day        date check (last_day >= first_day),
    change          bigint not null references directory_change
);
create index person_couple_person on person_couple (person);
create index person_couple_partner on person_couple (partner);
comment on table person_couple is 'Spouses and partners, from the first to the last day: on no day of both has one a role that orders and the other one that accounts';

-- squawk-ignore ban-drop-constraint
alter table directory_end drop constraint directory_end_subject_check;
-- squawk-ignore constraint-missing-not-valid
alter table directory_end add constraint directory_end_subject_check check (subject in ('role', 'delegation', 'agreement', 'login', 'couple'));
comment on table directory_end is 'Earlier last days of roles, delegations, agreements, logins and couples: number is that of person_role, delegation, agreement, person_login or person_couple; the earliest day counts';

-- What each person does, by a role or by a delegation, until its earliest last day.
create view person_side as
select t.person, t.role, t.role = any(ordering_roles()) as orders, t.first_day,
       coalesce(least(t.last_day, (select min(e.last_day) from directory_end e where e.subject = t.subject and e.number = t.number)), 'infinity') as last_day
from (
    select person, role, first_day, last_day, 'role' as subject, person_role as number from person_role
    union all
    select delegate, role, first_day, last_day, 'delegation', delegation from delegation
) t where t.role = any(ordering_roles() || accounting_roles());
comment on view person_side is 'Who orders (orders) and who accounts, by which role, from the first to the last day, an earlier end included';

create function refuse_couple_of_two_sides() returns trigger language plpgsql as $$
declare
    pair text;
    persons int[] := case tg_table_name
        when 'person_couple' then array[(to_jsonb(new) ->> 'person')::int, (to_jsonb(new) ->> 'partner')::int]
        when 'person_role' then array[(to_jsonb(new) ->> 'person')::int]
        else array[(to_jsonb(new) ->> 'delegate')::int]
    end;
begin
    -- The lock of the directory makes two changes wait for each other, each of which would complete a pair.
    perform pg_advisory_xact_lock(7317, 36);
    select format('person %s is %s and person %s is %s', a.person, a.role, b.person, b.role) into pair
    from person_couple c
    join person_side a on a.person = c.person
    join person_side b on b.person = c.partner and b.orders <> a.orders
    where (c.person = any(persons) or c.partner = any(persons))
      and greatest(a.first_day, b.first_day, c.first_day) <= least(
          a.last_day, b.last_day,
          coalesce(least(c.last_day, (select min(e.last_day) from directory_end e where e.subject = 'couple' and e.number = c.person_couple)), 'infinity'))
    limit 1;
    if found then
        raise exception 'of a couple %: spouses and partners of who orders do not account', pair
            using errcode = 'check_violation', constraint = 'couple_of_one_side';
    end if;
    return null;
end $$;

-- As in 0037_roles.sql: names are looked up in this schema first, and who adds a row needs no right to read the others.
do $$
begin
    execute format('alter function refuse_couple_of_two_sides() set search_path = %I, pg_temp', current_schema());
    alter function refuse_couple_of_two_sides() security definer;
    revoke execute on function refuse_couple_of_two_sides() from public;
end $$;

create trigger couple_of_one_side after insert on person_couple for each row execute function refuse_couple_of_two_sides();
create trigger couple_of_one_side after insert on person_role for each row execute function refuse_couple_of_two_sides();
create trigger couple_of_one_side after insert on delegation for each row execute function refuse_couple_of_two_sides();

select protect('person_couple'), cover('person_couple');
