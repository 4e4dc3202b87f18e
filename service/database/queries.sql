-- name: receipts
select s.submission, s.file_name as file, s.sender, s.batch_id, s.format, s.attempt, encode(s.file_hash, 'hex') as sha256,
       s.size_bytes,
       case when c.submission is null then coalesce(s.declared_lines, p.accepted + p.duplicate + p.refused + p.suspended, 0) else 0 end as lines,
       case when c.submission is null then coalesce(s.declared_cents, p.accepted_cents + p.duplicate_cents + p.refused_cents + p.suspended_cents, 0) else 0 end as cents,
       coalesce(p.done, false) as done, c.submission is not null as is_cancelled, s.declared_lines, s.declared_cents,
       coalesce(p.accepted, 0) as accepted, coalesce(p.duplicate, 0) as duplicate,
       coalesce(p.refused, 0) as refused, coalesce(p.suspended, 0) as suspended,
       coalesce(p.accepted_cents, 0) as accepted_cents, coalesce(p.duplicate_cents, 0) as duplicate_cents,
       coalesce(p.refused_cents, 0) as refused_cents, coalesce(p.suspended_cents, 0) as suspended_cents,
       p.batch as last_batch, encode(b.chain, 'hex') as chain
from submission s left join lateral (
    select * from progress where progress.submission = s.submission order by batch desc limit 1
) p on true left join batch b on b.batch = p.batch left join cancellation c on c.submission = s.submission
where s.submission = any($1::int[]) order by s.submission;

-- name: due
select submission from due order by submission;

-- name: refusals
select code, count(*) as lines, sum(amount)::bigint as cents from refusal where submission = any($1::int[])
group by code order by count(*) desc, code;

-- name: reasons
-- Refusals of submissions $1 by submission and code, in one look; their batches narrow it down, as the index is on them.
select submission, code, count(*) as lines, sum(amount)::bigint as cents from refusal
where submission = any($1::int[])
  and batch between (select min(batch) from progress where submission = any($1::int[])) and (select max(batch) from progress where submission = any($1::int[]))
group by submission, code order by submission, count(*) desc, code;

-- name: chain_head
select batch, encode(chain, 'hex') as chain from batch order by batch desc limit 1;

-- name: has_journal
select to_regclass('engine') is not null as has_journal;

-- name: engine
select layout, epoch, version, holder, case when isfinite(lease_until) then lease_until end as lease_until,
       exists (select from pg_stat_activity a where a.pid = engine.holder_pid and a.datname = current_database()
               and a.application_name = 'crescendo/' || engine.epoch) as holder_lives,
       pg_database_size(current_database()) as size_bytes, current_setting('server_version') as server_version,
       (select count(*) from submission) as submissions, (select count(*) from unfinished) as unfinished,
       coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as entries,
       coalesce((select sum(refusals)::bigint from batch), 0) as refusals,
       coalesce((select sum(duplicates)::bigint from batch), 0) as duplicates,
       coalesce((select sum(amount)::bigint from batch), 0) as accepted_cents,
       (select committed_at from batch order by batch desc limit 1) as last_commit,
       (select encode(chain, 'hex') from batch order by batch desc limit 1) as chain,
       (select batch from checkpoint order by batch desc limit 1) as checkpoint_batch,
       (select entries from checkpoint order by batch desc limit 1) as checkpoint_entries
from engine;

-- name: migrations
select name, applied_at from migration order by name;

-- name: example_accepted
select reference from entry where kind = $1 and predecessor > 0 order by entry_id desc limit 1;

-- name: example_refused
select reference from refusal where code = $1 and reference <> '' order by batch, position limit 1;

-- name: has_engine
select to_regclass('engine') is not null;

-- name: at_work
-- Gone is who has no connection any more, and who has not renewed its lease, whatever it may still do.
select holder from engine
where lease_until > clock_timestamp()
  and exists (select from pg_stat_activity a where a.pid = holder_pid and a.datname = current_database()
              and a.application_name = 'crescendo/' || epoch);
