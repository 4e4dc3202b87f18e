-- name: chain_head
select batch, encode(chain, 'hex') as chain from batch order by batch desc limit 1;

-- name: engine
select layout, epoch, version, holder, case when isfinite(lease_until) then lease_until end as lease_until,
       exists (select from pg_stat_activity a where a.pid = engine.holder_pid and a.datname = current_database()
               and a.application_name = 'crescendo/' || engine.epoch) as holder_lives,
       pg_database_size(current_database()) as size_bytes, current_setting('server_version') as server_version,
       (select count(*) from submission) as submissions, (select count(*) from unfinished) as unfinished,
       coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as entries,
       coalesce((select sum(refused_lines)::bigint from batch), 0) as refusals,
       coalesce((select sum(duplicates)::bigint from batch), 0) as duplicates,
       coalesce((select sum(amount)::bigint from batch), 0) as accepted_cents,
       (select committed_at from batch order by batch desc limit 1) as last_commit,
       (select encode(chain, 'hex') from batch order by batch desc limit 1) as chain,
       (select encode(evidence, 'hex') from batch order by batch desc limit 1) as evidence,
       (select batch from checkpoint order by batch desc limit 1) as checkpoint_batch,
       (select entries from checkpoint order by batch desc limit 1) as checkpoint_entries
from engine;

-- name: migrations
select name, applied_at from migration order by name;

-- name: submissions
select submission, sender, file_name from submission order by submission;

-- name: example_paid
-- A request of kind $1 that the bank has debited: $2 a debit, $3 a payment. It is one of the first; entries are found by their numbers,
-- a hundred at a time, because a join by number would read the journal once for each debit.
with debit as materialized (select predecessor from entry where kind = $2 order by entry_id limit 100),
     payment as materialized (
         select predecessor from entry where kind = $3 and entry_id = any(array(select predecessor from debit))
     )
select reference from entry where kind = $1 and entry_id = any(array(select predecessor from payment)) limit 1;

-- name: settled
-- Cents and lines of each of the kinds $1.
select kind, count(*) as lines, coalesce(sum(amount), 0)::bigint as cents from entry where kind = any($1::smallint[]) group by kind;

-- name: refused_lines
select coalesce(sum(refused_lines), 0)::bigint from batch;

-- name: example_refused
select reference from refusal where code = $1 and reference <> '' order by batch, position limit 1;

-- name: has_engine
select to_regclass('engine') is not null;

-- name: try_settlement_lock
select pg_try_advisory_lock(7317, 4);

-- name: has_engine_spool
select exists (select from pg_attribute where attrelid = to_regclass('engine') and attname = 'spool' and not attisdropped);

-- name: has_serving_engine
select exists (select from engine where spool is not null and lease_until > clock_timestamp());

-- name: lease_owner
-- An owner without a connection, or one that has not renewed its lease, no longer counts.
select holder from engine
where lease_until > clock_timestamp()
  and exists (select from pg_stat_activity a where a.pid = holder_pid and a.datname = current_database()
              and a.application_name = 'crescendo/' || epoch);
