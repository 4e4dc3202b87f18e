-- name: started_exercises
select distinct exercise from period_start;

-- name: starts
select exercise::int as exercise, month::int as month, is_open from period_start;

-- name: months
select exercise::int as exercise, month::int as month from period_start order by exercise, month;

-- name: is_started
select exists (select from period_start where exercise = $1 and month = $2);

-- name: decisions
select decision, exercise::int as exercise, month::int as month, accountant::int as accountant, action
from period_decision where decision > $1 order by decision;

-- name: last_effective
select coalesce(max(decision), 0) from period_effect;

-- name: accountant
select id from reference_text where kind = 8 and code = $1;

-- name: lock_decisions
-- One decision after the other: each is judged by the state that the one before it left, and their numbers are seen in order.
select pg_advisory_xact_lock(7317, 27);

-- name: insert_decision
insert into period_decision (exercise, month, accountant, action, reason, by, key) values ($1, $2, $3, $4, $5, $6, $7)
returning decision;

-- name: list_decisions
-- All decisions, the last one first, with the batch after which each holds (null if no batch was decided since), and how who
-- decided it was proved (empty for not).
select d.decision, d.exercise::int as exercise, d.month::int as month, coalesce(t.code, '') as accountant, d.action, d.reason, d.by, d.key, d.at,
       e.after_batch, coalesce(f.proof, '') as proof
from period_decision d left join period_effect e using (decision)
left join person_proof f on f.decision = 'period' and f.number = d.decision and f.person = d.by left join reference_text t on t.kind = 8 and t.id = d.accountant
order by d.decision desc;

-- name: accountants
select id, code from reference_text where kind = 8 order by id;
