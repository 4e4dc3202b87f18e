-- name: engine_for_update
select epoch, version, holder, holder_pid, lease_until > clock_timestamp() as lease_runs,
       exists (select from pg_stat_activity a where a.pid = engine.holder_pid and a.datname = current_database()
               and a.application_name = 'crescendo/' || engine.epoch) as holder_lives
from engine for update;

-- name: take_lease
update engine set epoch = epoch + 1, holder = $1, holder_pid = pg_backend_pid(), spool = null,
       lease_until = clock_timestamp() + $2::interval
returning epoch, version;

-- name: end_former_engines
-- Those of other roles stay, and cannot commit: every commit checks the epoch.
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name like 'crescendo/%' and application_name <> 'crescendo/' || $1::text
  and pid <> pg_backend_pid() and pg_has_role(usesysid, 'usage');

-- name: end_former_connections
-- When this returns, their transactions are rolled back or committed.
select pg_terminate_backend(pid, 10000) from pg_stat_activity
where datname = current_database() and application_name = $1 and pid <> pg_backend_pid();

-- name: keep_lease
update engine set holder_pid = pg_backend_pid(), lease_until = clock_timestamp() + $2::interval
where epoch = $1 returning true;

-- name: renew_lease
update engine set lease_until = clock_timestamp() + $2::interval where epoch = $1 returning true;

-- name: release_lease
update engine set lease_until = '-infinity', holder = '', holder_pid = 0, spool = null where epoch = $1;

-- name: offer_spool
update engine set spool = $2 where epoch = $1;

-- name: running_engine
-- The engine that owns the lease, and the spool whose registered files it decides.
select holder, spool from engine
where lease_until > clock_timestamp()
  and exists (select from pg_stat_activity a where a.pid = holder_pid and a.datname = current_database()
              and a.application_name = 'crescendo/' || epoch);

-- name: announce_files
-- Tell the engine at work that files are registered.
select pg_notify('crescendo_files', '');

-- name: last_documents
-- The last document number of every series.
select exercise, accountant, journal, max(first_number + documents) - 1 as last from document_range group by exercise, accountant, journal;

-- name: holders_of_role
-- The live keys, systems and signers of a sender that have a role.
select 1 from access_key a where sender = $1 and $2 = any(roles) and expires_at > clock_timestamp()
   and not exists (select from access_key_end e where e.key = a.key)
union all
select 1 from access_grant g where sender = $1 and $2 = any(roles) and expires_at > clock_timestamp()
   and not exists (select from access_grant_end e where e.access_grant = g.access_grant)
   and not exists (select from access_issuer_end e where e.issuer = g.issuer)
union all
select 1 from signer s where sender = $1 and $2 = any(roles) and expires_at > clock_timestamp()
   and not exists (select from signer_end e where e.signer = s.signer);

-- name: directorates
-- One row if a key, system or signer of the budget directorate was ever created.
select 1 from (select roles from access_key union all select roles from access_grant union all select roles from signer) holder
where 'budget_directorate' = any(roles) limit 1;

-- name: summarise_indexes
-- A BRIN index does not cover rows added since it was last summarised; every look-up would then read the whole table.
select summarise_index(i.indexrelid)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
where a.amname = 'brin' and c.relnamespace = current_schema()::regnamespace;

-- name: growing_indexes
-- The BRIN indexes, except those of the journal's partitions below partition $1.
select i.indexrelid::regclass::text as name
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid join pg_am a on a.oid = c.relam
where a.amname = 'brin' and t.relnamespace = current_schema()::regnamespace
  and (t.relname !~ '^entry_[0-9]+$' or substr(t.relname, 7)::bigint >= $1)
order by t.relname, c.relname;

-- name: summarise_index
select summarise_index($1::text::regclass);

-- name: lookups_missing
-- Statements that build the missing look-up indexes of type $2 when $1 entries are committed: 'filter' for full partitions
-- without trees, 'tree' for full partitions, 'tail' for the filter of the partition being written to.  An index that is not valid
-- is missing: its build was not finished.
with part as (
    select c.relname as name, (substr(c.relname, 7)::bigint + 1) * e.partition_rows <= $1 as is_full,
           substr(c.relname, 7)::bigint * e.partition_rows < $1 as is_begun
    from pg_inherits i join pg_class c on c.oid = i.inhrelid cross join engine e where i.inhparent = 'entry'::regclass
)
select format('select build_lookup_index(%L, %L, %L)', p.name, k.key, k.sort = 'tail') as statement
from part p cross join (values ('tail', 'filter'), ('filter', 'filter'), ('tree', 'predecessor'), ('tree', 'reference')) as k (sort, key)
where k.sort = $2 and p.is_begun and p.is_full = (k.sort <> 'tail')
  and not exists (select from pg_index x where x.indexrelid = to_regclass(p.name || '_' || k.key) and x.indisvalid)
  and (k.sort <> 'filter' or to_regclass(p.name || '_reference') is null)
order by p.name, k.key;

-- name: close_batch
-- One statement, as the next batch waits for it; stores nothing unless the epoch is $1 and the version is the previous batch.
-- Its lines were decided $14 seconds ago: an interval, so that the clocks of the engine and of the database may differ.
-- It covers the rows that were added beside the journal meanwhile, at most so many that the next batch does not wait long.
with advanced as (
    update engine set version = $2 where epoch = $1 and version = $2 - 1 returning epoch, version
), covered as (
    delete from pending_evidence using advanced
    where position in (select position from pending_evidence order by position limit 10000) returning position, relation, columns, digest
), kept as (
    insert into evidence (batch, position, relation, columns, digest) select version, covered.* from advanced, covered
), head as materialized (
    -- in the order of the table's columns, up to the evidence
    select version as batch, epoch, $3::int as layout, $4::bigint as first_entry, $5::int as entries, $6::int as refusals,
           $7::int as duplicates, $8::int as payees, $9::int as cells, $11::bigint as amount, $12::bytea as chain,
           clock_timestamp() as committed_at, $10::int as request_pages, $13::int as refused_lines,
           clock_timestamp() - make_interval(secs => $14::float8) as decided_at
    from advanced
), closed as (
    insert into batch (batch, epoch, layout, first_entry, entries, refusals, duplicates, payees, cells, amount, chain, committed_at,
                       request_pages, refused_lines, decided_at, evidence)
    select head.*, sha256(coalesce((select string_agg(digest, ''::bytea order by position) from covered), ''::bytea) || record_send(head)
                          || coalesce((select evidence from batch where batch = $2 - 1), decode(repeat('00', 32), 'hex')))
    from head
), stood as (
    insert into progress (batch, submission, pass, next_line, done, accepted, duplicate, refused, suspended,
                          accepted_cents, duplicate_cents, refused_cents, suspended_cents,
                          refusal_rows, stretch_code, stretch_lines, stretch_rest_lines, stretch_rest_cents, stretch_rest_field)
    select version, stand.* from advanced, unnest($15::int[], $16::int[], $17::bigint[], $18::bool[], $19::bigint[], $20::bigint[],
                     $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[],
                     $27::bigint[], $28::smallint[], $29::bigint[], $30::bigint[], $31::bigint[], $32::smallint[]) stand
)
select committed_at from head;

-- name: engine_row
select layout, epoch, version, secret, partition_rows from engine;

-- name: last_chain
select chain from batch where batch = $1;

-- name: reference_texts
select kind, id, code from reference_text order by kind, id;

-- name: meanings
-- In order: of several meanings of one code the last one counts.
select year, kind, id, meaning::text from reference_meaning order by reference_meaning;

-- name: last_reference_files
select files::text from reference_use order by reference_use desc limit 1;

-- name: detail_pages
-- The next $2 pages of payment details whose last entry comes after $1; the pages follow each other.
select entry_id, last_entry, page from request_detail where last_entry > $1 order by last_entry limit $2;

-- name: requests_of_nature
-- The first of entries $1 that is of kinds $2, of one of exercises $3, and on none of the items $4.
select e.entry_id, e.exercise from entry e join cell c on c.cell = e.cell
where e.entry_id = any($1::bigint[]) and e.kind = any($2::smallint[]) and e.exercise = any($3::smallint[]) and c.item <> all($4::int[])
order by e.entry_id limit 1;

-- name: recycling_in_use
-- The recycling cases that withdrawals of kinds $1 named, by exercise, each with its first entry.
select exercise, source, min(entry_id) as entry_id from entry where kind = any($1::smallint[]) and source > 0
group by exercise, source order by exercise, source;

-- name: note_reference_use
-- Of a day and of the files on it, once; the last row says which are in use.  An earlier version stated no days of agreements.
insert into reference_use (day, files, digest, after_batch, agreement_days)
select today.day, $1::jsonb, $2, (select version from engine), $3::jsonb
from (select (clock_timestamp() at time zone 'Europe/Paris')::date as day) today
where not exists (select from (select u.day, u.digest, u.agreement_days from reference_use u order by reference_use desc limit 1) last
                  where last.day = today.day and last.digest = $2 and last.agreement_days is not null);

-- name: last_reference_use
select reference_use, files::text as files, digest from reference_use order by reference_use desc limit 1;

-- name: is_reference_accepted
-- An acceptance holds for one change: not once other files than those before it were in use since.
select exists (
    select from reference_acceptance a join reference_use b on b.reference_use = a.last_use
    where a.digest = $1 and not exists (select from reference_use u where u.reference_use > a.last_use and u.digest <> b.digest)
);

-- name: insert_reference_acceptance
insert into reference_acceptance (files, digest, last_use, reason, by) values ($1::jsonb, $2, $3, $4, $5) returning acceptance;

-- name: last_meaning
select secret, (select coalesce(max(reference_meaning), 0) from reference_meaning) as last from engine;

-- name: codes_in_use
-- Year, kind and number of every code that an account assignment names, that has figures, or that was posted to.
select distinct c.budget_year::int as year, k.kind, k.id
from cell c cross join lateral (values (1, c.centre), (1, c.operation), (2, c.area), (3, c.item), (4, c.fund)) as k (kind, id)
where k.id > 0
union
select node / (131072 * 6) + 2000, 1, node / 6 % 131072 from node_balance
union
select period / 16 + 2000, k.kind, k.id from account_balance cross join lateral (values (5, account), (8, accountant)) as k (kind, id)
where k.id > 0;

-- name: checkpoints
select batch, entries, keys, payees, invoices, previous, pieces, digest from checkpoint order by batch;

-- name: is_own_epoch
select epoch = $1::bigint from engine for share;

-- name: last_batch_without_engagements
-- The last batch of before the version that counts what special accounts engage; 0 if there is none.
select coalesce(max(batch), 0) as batch from batch
where committed_at < (select applied_at from migration where name = '0067_special_engagements.sql');

-- name: last_batch_without_carries
-- The last batch of before the version that counts what is carried into a year of a special account; 0 if there is none.
select coalesce(max(batch), 0) as batch from batch
where committed_at < (select applied_at from migration where name = '0070_special_carries.sql');

-- name: carried_by_cell
-- What carries (kinds $2) brought to the account assignments $1, less what rejections (kinds $3) and withdrawals (kinds $4, in the
-- year) gave back, and what was rejected of requests and penalties (kinds $5) whose commitment a carry (kind $6) had taken on, from
-- another programme too.  A request that reserves AE (kinds $8) is engaged, and not carried; its carry follows it, or parts and
-- carries of it (kinds $9).
with recursive own as (
    select entry_id, predecessor, amount, kind, cell, day from entry where cell = any($1::int[]) and kind = any($2::smallint[] || $3::smallint[] || $4::smallint[])
),
climb as (
    select entry_id, predecessor as request from own where kind = any($9::smallint[])
    union all
    select c.entry_id, p.predecessor from climb c join entry p on p.entry_id = c.request where p.kind = any($9::smallint[])
),
direct as (
    select c.entry_id from climb c join entry p on p.entry_id = c.request where p.kind = any($8::smallint[])
),
origin as (
    select predecessor as commitment from own where kind = $6::smallint
    union
    select e.predecessor from origin o join entry e on e.entry_id = o.commitment where e.kind = $6::smallint
),
returned as (
    select o.entry_id, p.predecessor as commitment, o.amount from origin join entry p on p.predecessor = origin.commitment
    join entry o on o.predecessor = p.entry_id where o.kind = any($3::smallint[]) and p.kind = any($5::smallint[])
    union all
    select r.entry_id, c.entry_id, r.amount from returned r
    join entry c on c.predecessor = r.commitment and c.kind = $6::smallint and c.entry_id < r.entry_id
)
select cell, sum(cents)::bigint as cents from (
    select cell, amount as cents from own where kind = any($2::smallint[]) and entry_id not in (select entry_id from direct)
    union all
    select o.cell, -o.amount from own o join entry p on p.entry_id = o.predecessor
    where o.kind = any($3::smallint[]) and p.kind = any($7::smallint[]) and p.entry_id not in (select entry_id from direct)
    union all
    select o.cell, -o.amount from own o join entry p on p.entry_id = o.predecessor join cell c on c.cell = o.cell
    where o.kind = any($4::smallint[]) and p.kind = $6::smallint and extract(year from o.day) = c.budget_year
    union all
    select c.cell, r.amount from (select distinct on (entry_id) * from returned order by entry_id, commitment desc) r
    join entry p on p.entry_id = r.entry_id join entry c on c.entry_id = r.commitment
    join cell before on before.cell = p.cell join cell after on after.cell = c.cell where before.budget_year <> after.budget_year
    and c.cell = any($1::int[])
) part group by cell;

-- name: last_entry_without_due_day
-- The last entry of before the version that stores with a receivable the day on which it is due; 0 if there is none.
select coalesce(max(first_entry + entries - 1), 0) as entry_id from batch
where committed_at < (select applied_at from migration where name = '0069_due_days.sql');

-- name: delete_checkpoints
with pages as (delete from checkpoint_page) delete from checkpoint;

-- name: submission
select s.sender, s.declared_lines as lines, p.pass, p.next_line, p.done, p.accepted, p.duplicate,
       p.refused, p.suspended, p.accepted_cents, p.duplicate_cents, p.refused_cents, p.suspended_cents,
       p.refusal_rows,
       p.stretch_code, p.stretch_lines, p.stretch_rest_lines, p.stretch_rest_cents, p.stretch_rest_field
from submission s left join lateral (
    select * from progress where progress.submission = s.submission order by batch desc limit 1
) p on true
where s.submission = $1;

-- name: unfinished
select u.submission, u.sender, u.file_hash, u.declared_lines, u.is_begun, s.charset, s.extra_columns, s.atomic, s.sepa_only
from unfinished u join submission s using (submission) order by u.submission;

-- name: due
select d.submission, d.sender, d.file_hash, d.declared_lines, d.is_begun, s.charset, s.extra_columns, s.atomic, s.sepa_only
from due d join submission s using (submission) order by d.submission;

-- name: paused
select sender, reason from paused;

-- name: cancel
insert into cancellation (submission, key, sender) values ($1, $2, $3);

-- name: held
select pass, line, lines, batch from held where submission = $1 order by pass, batch, line;

-- name: accepted_in_pass
select max(accepted + duplicate) - min(accepted + duplicate) as accepted from progress where submission = $1 and pass = $2;

-- name: find_submission
select s.submission, s.attempt, exists (select from cancellation c where c.submission = s.submission) as is_cancelled,
       not exists (select from unfinished u where u.submission = s.submission) as is_over, s.charset, s.extra_columns, s.atomic, s.sepa_only
from submission s where s.sender = $1 and s.file_hash = $2 order by s.attempt desc limit 1;

-- name: lock_submissions
-- Serialises the numbers of submissions until the end of the transaction.  A process that is suspended within it loses its
-- connection after 10 seconds, so that no other process waits longer for it.
select pg_advisory_xact_lock(7317, 15), set_config('idle_in_transaction_session_timeout', '10s', true);

-- name: insert_submission
-- A statement after lock_submissions, as its snapshot must contain what the former owner of the lock has committed.
insert into submission (submission, sender, batch_id, file_hash, file_name, format, size_bytes, attempt, declared_lines, declared_cents, programmes,
                        charset, extra_columns, atomic, sepa_only)
select coalesce(max(submission), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 from submission
on conflict (sender, file_hash, attempt) do nothing
returning submission;

-- name: insert_checkpoint
insert into checkpoint (batch, entries, keys, payees, invoices, previous, pieces, digest) values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: last_entry
select coalesce(max(first_entry + entries - 1), 0) as last from batch where batch = (select max(batch) from batch);

-- name: submission_senders
select submission, sender from submission;
