-- name: lock_executions
-- One execution begins after the other, so that their attempts are counted in order.
select pg_advisory_xact_lock(7317, 73);

-- name: insert_execution
insert into step_execution (year, step, attempt, reason, by, person_decision)
select $1::smallint, $2::text, 1 + count(*), $3, $4, $5 from step_execution where year = $1 and step = $2
returning step_execution;

-- name: own_execution
-- Execution $1 is at work until the connection ends.
select pg_try_advisory_lock(7318, $1::bigint::int);

-- name: insert_end
-- Ends execution $1, with the batch that the journal has then.
insert into step_end (step_execution, state, submission, lines, cents, blocked, blocked_cents, findings, seal, batch, chain)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(b.batch, 0), coalesce(b.chain, ''::bytea)
from (select) one left join lateral (select batch, chain from batch order by batch desc limit 1) b on true;

-- name: executions
-- All executions of year $1, in order.  is_at_work: the connection that began it is open.
select x.step_execution, x.step, x.attempt, x.reason, x.by, coalesce(f.proof, '') as proof, x.at as started, e.at as ended,
       coalesce(e.state, '') as state, e.submission, coalesce(e.lines, 0)::bigint as lines, coalesce(e.cents, 0)::bigint as cents,
       coalesce(e.blocked, 0)::bigint as blocked, coalesce(e.blocked_cents, 0)::bigint as blocked_cents,
       coalesce(e.findings, '[]') as findings, coalesce(e.batch, 0)::bigint as batch, coalesce(encode(e.chain, 'hex'), '') as chain,
       coalesce(encode(e.seal, 'hex'), '') as seal,
       exists (
           select from pg_locks where locktype = 'advisory' and classid = 7318 and objid::bigint = x.step_execution and granted
             and database = (select oid from pg_database where datname = current_database())
       ) as is_at_work
from step_execution x left join step_end e using (step_execution)
left join lateral (
    select l.means || ' ' || l.name as proof from person_decision d join person_login l using (person_login)
    where d.person_decision = x.person_decision
) f on true
where x.year = $1 order by x.step_execution;

-- name: sealed_sums
-- The sums of each account of each accountant in the periods from $1 up to $2, one a line: what the seal of a locked year is the hash of.
with latest as (
    select accountant, account, period, max(batch) as batch from account_balance where period between $1 and $2 group by accountant, account, period
)
select coalesce(o.code, '') as accountant, t.code as account, sum(b.debit)::bigint as debit, sum(b.credit)::bigint as credit
from account_balance b join latest using (accountant, account, period, batch)
join reference_text t on t.kind = 5 and t.id = b.account left join reference_text o on o.kind = 8 and o.id = b.accountant
group by 1, 2 having sum(b.debit) <> 0 or sum(b.credit) <> 0;
