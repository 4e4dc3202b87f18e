-- name: closing_executions
-- The executions of the steps of year $1 up to batch $2 (all if null), in order: what each found, the file of its acts, and the proof of who
-- began it.  An execution without an end was interrupted, or is at work: as of a batch it is left out, as it is of none.
select x.step_execution, x.step, x.attempt, x.reason, x.by, x.at as started, e.at as ended, coalesce(e.state, 'not ended') as state,
       coalesce(l.means || ' ' || l.name, '') as proof, e.lines, e.cents, e.blocked, e.blocked_cents, coalesce(e.findings, '[]') as findings,
       e.batch, coalesce(encode(e.chain, 'hex'), '') as chain, coalesce(encode(e.seal, 'hex'), '') as seal,
       coalesce(encode(s.file_hash, 'hex'), '') as file_hash, p.accepted, p.refused
from step_execution x left join step_end e using (step_execution)
left join person_decision d on d.person_decision = x.person_decision left join person_login l using (person_login)
left join submission s on s.submission = e.submission
left join lateral (select accepted, refused from progress g where g.submission = e.submission order by g.batch desc limit 1) p on true
where x.year = $1::smallint and ($2::bigint is null or e.batch <= $2) order by x.step_execution;

-- name: closing_preparations
-- What persons prepared of the steps of year $1 while the journal went no further than batch $2 (any if null), and who confirmed it.
select p.step, p.by, p.at, p.lines, p.cents, encode(p.digest, 'hex') as digest, coalesce(c.by, '') as confirmed_by
from step_preparation p left join step_confirmation c using (step_preparation)
where p.year = $1::smallint
  and ($2::bigint is null or p.last_entry < (select coalesce(max(first_entry + entries), 1) from batch where batch <= $2))
order by p.step_preparation, c.person_decision;

-- name: years_of_closing
-- The last year of which a step was executed or prepared.
select max(year) as year from (select year from step_execution union all select year from step_preparation) y;
