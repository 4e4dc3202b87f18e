-- name: lock_directory
-- One change after the other: each is checked against what the one before it left, and their numbers are seen in order.
select pg_advisory_xact_lock(7317, 36);

-- name: last_change
select coalesce(max(change), 0) from directory_change;

-- name: last_effective_change
select coalesce(max(change), 0) from directory_effect;

-- name: persons
select person, code from person where change <= $1 order by person;

-- name: roles
select r.person_role as number, r.person, r.role, r.hand, r.centre, r.accountant, r.first_day, least(r.last_day, e.last_day) as last_day,
       r.ceiling
from person_role r left join (
    select number, min(last_day) as last_day from directory_end where subject = 'role' and change <= $1 group by number
) e on e.number = r.person_role
where r.change <= $1 order by r.person_role;

-- name: delegations
select d.delegation, d.number, d.owner, d.delegate, d.role, d.centres, d.first_day, least(d.last_day, e.last_day) as last_day, d.ceiling
from delegation d left join (
    select number, min(last_day) as last_day from directory_end where subject = 'delegation' and change <= $1 group by number
) e on e.number = d.delegation
where d.change <= $1 order by d.delegation;

-- name: agreements
select a.agreement, a.number, a.sender, a.kinds, a.first_day, least(a.last_day, e.last_day) as last_day, a.ceiling
from agreement a left join (
    select number, min(last_day) as last_day from directory_end where subject = 'agreement' and change <= $1 group by number
) e on e.number = a.agreement
where a.change <= $1 order by a.agreement;

-- name: logins
select l.person_login as number, l.person, l.means, l.name, l.first_day, least(l.last_day, e.last_day) as last_day
from person_login l left join (
    select number, min(last_day) as last_day from directory_end where subject = 'login' and change <= $1 group by number
) e on e.number = l.person_login
where l.change <= $1 order by l.person_login;

-- name: couples
select c.person_couple as number, c.person, c.partner, c.first_day, least(c.last_day, e.last_day) as last_day
from person_couple c left join (
    select number, min(last_day) as last_day from directory_end where subject = 'couple' and change <= $1 group by number
) e on e.number = c.person_couple
where c.change <= $1 order by c.person_couple;

-- name: lasting_operators
-- Persons who may change the directory today and without a last day, as users of the operating system: a key may expire.
select count(distinct l.person) from person_login l join person_role r using (person)
where r.role = 'operator' and r.centre = '' and r.accountant = '' and r.last_day is null and l.last_day is null
  and l.means = 'user' and greatest(r.first_day, l.first_day) <= (clock_timestamp() at time zone 'Europe/Paris')::date
  and not exists (select from directory_end e where e.subject = 'login' and e.number = l.person_login)
  and not exists (select from directory_end e where e.subject = 'role' and e.number = r.person_role);

-- name: has_key
select exists (select from access_key where key = $1)
    or exists (select from access_grant where issuer || '/' || subject = $1);

-- name: unknown_places
-- Which codes of one kind (1 fund centre, 8 accountant) the ledger does not have.
select c.code from unnest($2::text[]) c (code) where not exists (select from reference_text t where t.kind = $1 and t.code = c.code)
order by c.code;

-- name: insert_change
insert into directory_change (reason, by, key) values ($1, $2, $3) returning change;

-- name: insert_person
insert into person (code, name, change) values ($1, $2, $3) returning person;

-- name: insert_role
insert into person_role (person, role, hand, centre, accountant, first_day, last_day, ceiling, change)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning person_role;

-- name: insert_delegation
insert into delegation (number, owner, delegate, role, centres, first_day, last_day, ceiling, change)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning delegation;

-- name: insert_agreement
insert into agreement (number, sender, kinds, first_day, last_day, ceiling, separation, change)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning agreement;

-- name: insert_login
insert into person_login (person, means, name, first_day, last_day, change) values ($1, $2, $3, $4, $5, $6) returning person_login;

-- name: insert_couple
insert into person_couple (person, partner, first_day, last_day, change) values ($1, $2, $3, $4, $5) returning person_couple;

-- name: insert_end
insert into directory_end (subject, number, last_day, change) values ($1, $2, $3, $4);

-- name: part_sizes
select (select count(*) from person) as persons, (select count(*) from person_role) as roles, (select count(*) from delegation) as delegations,
       (select count(*) from agreement) as agreements, (select count(*) from person_login) as logins,
       (select count(*) from person_couple) as couples, (select count(*) from directory_change) as changes;

-- name: list_persons
-- As of all parts: at most $1 rows, all if it is null, after the first $2.
select code, name, change from person order by person limit $1 offset $2;

-- name: list_roles
-- With the earliest of its last days, as for the two queries below.
select r.person_role as number, p.code as person, r.role, r.hand, r.centre, r.accountant, r.first_day,
       least(r.last_day, (select min(e.last_day) from directory_end e where e.subject = 'role' and e.number = r.person_role)) as last_day,
       r.ceiling as ceiling_cents, r.change
from person_role r join person p using (person) order by r.person_role limit $1 offset $2;

-- name: list_delegations
select d.number, o.code as owner, p.code as delegate, d.role, d.centres, d.first_day,
       least(d.last_day, (select min(e.last_day) from directory_end e where e.subject = 'delegation' and e.number = d.delegation)) as last_day,
       d.ceiling as ceiling_cents, d.change
from delegation d join person o on o.person = d.owner join person p on p.person = d.delegate order by d.delegation limit $1 offset $2;

-- name: list_agreements
select a.number, a.sender, a.kinds, a.first_day,
       least(a.last_day, (select min(e.last_day) from directory_end e where e.subject = 'agreement' and e.number = a.agreement)) as last_day,
       a.ceiling as ceiling_cents, a.separation, a.change
from agreement a order by a.agreement limit $1 offset $2;

-- name: list_logins
select l.person_login as number, p.code as person, l.means, l.name, l.first_day,
       least(l.last_day, (select min(e.last_day) from directory_end e where e.subject = 'login' and e.number = l.person_login)) as last_day,
       l.change
from person_login l join person p using (person) order by l.person_login limit $1 offset $2;

-- name: list_couples
select c.person_couple as number, p.code as person, o.code as partner, c.first_day,
       least(c.last_day, (select min(e.last_day) from directory_end e where e.subject = 'couple' and e.number = c.person_couple)) as last_day,
       c.change
from person_couple c join person p using (person) join person o on o.person = c.partner order by c.person_couple limit $1 offset $2;

-- name: list_changes
-- The last one first, with what each did, how who decided it was proved (empty for not), and the batch after which it holds: null
-- if no batch was decided since.
select c.change, coalesce(w.what, '{}') as what, c.reason, c.by, coalesce(f.proof, '') as proof, c.key, c.at,
       (select min(e.after_batch) from directory_effect e where e.change >= c.change) as after_batch
from directory_change c
left join person_proof f on f.decision = 'directory' and f.number = c.change and f.person = c.by left join (
    select change, array_agg(entry order by entry) as what from (
        select change, 'person ' || code as entry from person
        union all select change, 'role ' || person_role from person_role
        union all select change, 'delegation ' || number from delegation
        union all select change, 'agreement ' || number from agreement
        union all select change, 'login ' || person_login from person_login
        union all select change, 'couple ' || person_couple from person_couple
        union all select x.change, 'end of ' || x.subject || ' ' || coalesce(d.number, a.number, x.number::text)
        from directory_end x left join delegation d on x.subject = 'delegation' and d.delegation = x.number
             left join agreement a on x.subject = 'agreement' and a.agreement = x.number
    ) entry group by change
) w using (change)
order by c.change desc limit $1 offset $2;
