-- name: lock_directory
-- The directory stays as it is until the transaction ends; decisions do not wait for each other.
select pg_advisory_xact_lock_shared(7317, 36);

-- name: directory_state
-- has_operator: somebody may change the directory, without a last day, as a user of the operating system: a key may expire.
select (select coalesce(max(change), 0) from directory_change) as change, exists (select from person) as has_persons,
       exists (
           select from person_login l join person_role r using (person)
           where r.role = 'operator' and r.centre = '' and r.accountant = '' and r.last_day is null and l.last_day is null
             and l.means = 'user' and greatest(r.first_day, l.first_day) <= today.day
             and not exists (select from directory_end e where e.subject = 'login' and e.number = l.person_login)
             and not exists (select from directory_end e where e.subject = 'role' and e.number = r.person_role)
       ) as has_operator, today.day
from (select (clock_timestamp() at time zone 'Europe/Paris')::date as day) today;

-- name: logins
-- Those by one means, each with the earliest of its last days.
select l.person_login, l.person, p.code, l.first_day,
       least(l.last_day, (select min(e.last_day) from directory_end e where e.subject = 'login' and e.number = l.person_login)) as last_day
from person_login l join person p using (person) where l.means = $1 and l.name = $2 order by l.person_login;

-- name: roles
select r.person, r.role, r.hand, r.centre, r.accountant, r.first_day,
       least(r.last_day, (select min(e.last_day) from directory_end e where e.subject = 'role' and e.number = r.person_role)) as last_day,
       r.ceiling
from person_role r where r.person = $1 order by r.person_role;

-- name: insert_decision
insert into person_decision (decision, number, person, person_login, change, day) values ($1, $2, $3, $4, $5, $6)
returning person_decision;
