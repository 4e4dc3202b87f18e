-- name: find_preparation
-- The last preparation of step $2 of year $1, with its person; is_used: something of what its confirmation gave to the engine was accepted.
select p.step_preparation, p.last_entry, p.lines, p.cents, p.digest, p.by, p.at, d.person,
       exists (
           select from step_confirmation c join submission s on s.sender = 'closing' and s.batch_id = $1::text || '-' || $2 || '-P' || c.person_decision
           join progress g using (submission) where c.step_preparation = p.step_preparation and g.accepted > 0
       ) as is_used,
       coalesce((select c.by from step_confirmation c where c.step_preparation = p.step_preparation order by c.person_decision desc limit 1), '') as confirmed_by
from step_preparation p join person_decision d using (person_decision)
where p.year = $1::smallint and p.step = $2 order by p.step_preparation desc limit 1;

-- name: is_couple
-- Whether persons $1 and $2 are spouses or partners on day $3.
select exists (
    select from person_couple c
    where (c.person = $1 and c.partner = $2 or c.person = $2 and c.partner = $1) and c.first_day <= $3
      and $3 <= coalesce(least(c.last_day, (select min(e.last_day) from directory_end e where e.subject = 'couple' and e.number = c.person_couple)), 'infinity')
);

-- name: insert_preparation
insert into step_preparation (year, step, last_entry, lines, cents, digest, by, person_decision) values ($1, $2, $3, $4, $5, $6, $7, $8)
returning step_preparation;

-- name: insert_confirmation
insert into step_confirmation (person_decision, step_preparation, by) values ($1, $2, $3);
