-- name: engine
select layout, version from engine;

-- name: links
select batch, layout, first_entry, entries, refusals, duplicates, payees, cells, request_pages, amount, chain from batch order by batch;

-- name: batch
select batch, epoch, layout, first_entry, entries, refusals, refused_lines, duplicates, payees, cells,
       request_pages, amount, (committed_at at time zone 'Europe/Paris')::date as committed_on
from batch;

-- name: submission
select submission, sender, attempt, declared_lines, declared_cents from submission;

-- name: keyless_submission
-- Submissions that came once the budget directorate had a key, system or signer, of senders that had none when it was decided.
with holder as (
    select sender, created_at from access_key where 'budget_directorate' = any(roles)
    union all
    select sender, created_at from access_grant where 'budget_directorate' = any(roles)
    union all
    select sender, created_at from signer where 'budget_directorate' = any(roles)
)
select s.submission from submission s
where s.received_at > (select min(created_at) from holder)
  and not exists (
    select from holder h where h.sender = s.sender and h.created_at <= (
        select max(b.committed_at) from progress p join batch b using (batch) where p.submission = s.submission));

-- name: cancellation
select submission from cancellation;

-- name: progress
select submission, batch, pass, next_line, done, accepted, duplicate, refused, suspended,
       accepted_cents, duplicate_cents, refused_cents, suspended_cents,
       refusal_rows, stretch_rest_lines, stretch_rest_cents
from progress;

-- name: held
select submission, batch, pass, line, lines from held;

-- name: period_start
select exercise::int as exercise, month::int as month, is_open from period_start;

-- name: period_decision
-- In order, each with the last batch that was decided without it; null if no batch was decided since.
select d.decision, d.exercise::int as exercise, d.month::int as month, d.accountant::int as accountant, d.action, d.reason, d.by, e.after_batch
from period_decision d full join period_effect e using (decision) order by d.decision;

-- name: person
select person, code from person;

-- name: person_term
-- What each person may do, by roles of his own and by delegation, one row for each place: number of the fund centre and of the
-- accountant, 0 for all and -1 for one that has no number; after_batch is the last batch that was decided without it.
with term as (
    select person, role, hand, centre, accountant, first_day, last_day, ceiling, 0 as delegation, 0 as owner, 'role' as subject, person_role as number, change
    from person_role
    union all
    select d.delegate, d.role, 'validation', c.centre, '', d.first_day, d.last_day, d.ceiling, d.delegation, d.owner, 'delegation', d.delegation, d.change
    from delegation d cross join lateral (select unnest(d.centres) as centre) c
)
select t.person, t.role, t.hand, case when t.centre in ('', '*') then 0 else coalesce(c.id, -1) end as centre,
       case when t.accountant = '' then 0 else coalesce(a.id, -1) end as accountant,
       t.first_day, t.last_day, t.ceiling, t.delegation, t.owner, t.subject, t.number, e.after_batch
from term t left join reference_text c on c.kind = 1 and c.code = t.centre left join reference_text a on a.kind = 8 and a.code = t.accountant
cross join lateral (select min(after_batch) as after_batch from directory_effect where change >= t.change) e;

-- name: directory_end
select d.subject, d.number, d.last_day, e.after_batch
from directory_end d cross join lateral (select min(after_batch) as after_batch from directory_effect where change >= d.change) e;

-- name: person_couple
select person_couple, person, partner, first_day, last_day from person_couple;

-- name: person_login
select person_login, person, means, name, first_day, last_day, change from person_login;

-- name: person_decision
-- With the last change of the directory before it, and its day by the time at which it was stored.
select d.person_decision, d.decision, d.number, d.person, d.person_login, d.change, d.day, (d.at at time zone 'Europe/Paris')::date as stored_day,
       (select coalesce(max(c.change), 0) from directory_change c
        where c.at <= d.at and not (d.decision = 'directory' and c.change = d.number)) as last_change
from person_decision d;

-- name: named_decision
-- Every decision that names a person, or that a person is recorded for; needs_proof: the directory knew somebody at that time, and
-- for its own changes, an operator had a login for good. The time of an issue is the one that its caller states, so its release counts.
-- proof is that which the decision states; edits, files of the bank and late interest stated none in an earlier version.
with known as (
    select least(min(c.at), (select min(k.at) from clock_correction k where k.last_change >= (select min(change) from person))) as at
    from person join directory_change c using (change)
), operator as (
    select greatest(l.change, r.change) as change, greatest(l.first_day, r.first_day) as day,
           (select coalesce(min(e.change), 9223372036854775807) from directory_end e
            where e.subject = 'login' and e.number = l.person_login or e.subject = 'role' and e.number = r.person_role) as ended
    from person_login l join person_role r using (person)
    where r.role = 'operator' and r.centre = '' and r.accountant = '' and r.last_day is null and l.last_day is null and l.means = 'user'
), named as (
    select 'proposal' as decision, run::bigint as number, proposed_by as name, proposed_at as at, '' as accountant, 0::bigint as cents,
           null::bigint as proof from payment_run
    union all select 'edit', run, by, at, '', 0, person_decision from payment_edit
    union all select 'release', run, released_by, released_at, '', cents, null from payment_release
    union all select 'abandonment', run, abandoned_by, abandoned_at, '', 0, null from payment_abandonment
    union all select 'issue', i.run, i.issued_by, r.released_at, '', 0, null from payment_issue i join payment_release r using (run)
    union all select 'period', d.decision, d.by, d.at, coalesce(t.code, ''), 0, null
    from period_decision d left join reference_text t on t.kind = 8 and t.id = d.accountant
    union all select 'statement', message, null, attempted_at, '', 0, person_decision from bank_attempt
    union all select 'interest', coalesce(substring(batch_id from '-P?([0-9]{1,18})$')::bigint, 0), null, received_at, '', coalesce(declared_cents, 0),
                     substring(batch_id from '-P([0-9]{1,18})$')::bigint
    from submission where sender = 'treasury' and starts_with(batch_id, 'interest-')
    union all select 'closing', coalesce(substring(batch_id from '-P?([0-9]{1,18})$')::bigint, 0), null, received_at, '', coalesce(declared_cents, 0),
                     substring(batch_id from '-P([0-9]{1,18})$')::bigint
    from submission where sender = 'closing' and batch_id ~ '^[0-9]{4}-C[0-9]{2}-'
)
select decision, number, name, accountant, cents, coalesce(named.at > known.at, false) as needs_proof, proof from named, known
union all
select 'directory', c.change, c.by, '', 0,
       exists (select from operator o where o.change < c.change and o.ended >= c.change and o.day <= (c.at at time zone 'Europe/Paris')::date), null
from directory_change c
union all
select 'clock', k.correction, k.by, '', 0, exists (select from operator o where o.change <= k.last_change and o.ended > k.last_change), null
from clock_correction k
union all
select 'reference', a.acceptance, a.by, '', 0,
       exists (select from operator o where o.change <= b.change and o.ended > b.change and o.day <= (a.at at time zone 'Europe/Paris')::date), null
from reference_acceptance a cross join lateral (select coalesce(max(change), 0) as change from directory_change where at < a.at) b;

-- name: reference_use
-- Times in microseconds; needs_acceptance: an operator had a login for good at that time.
with operator as (
    select greatest(l.change, r.change) as change, greatest(l.first_day, r.first_day) as day,
           (select coalesce(min(e.change), 9223372036854775807) from directory_end e
            where e.subject = 'login' and e.number = l.person_login or e.subject = 'role' and e.number = r.person_role) as ended
    from person_login l join person_role r using (person)
    where r.role = 'operator' and r.centre = '' and r.accountant = '' and r.last_day is null and l.last_day is null and l.means = 'user'
)
select u.reference_use, encode(u.digest, 'hex') as digest, (extract(epoch from u.noted_at) * 1000000)::bigint as noted_at,
       exists (select from operator o where o.change <= b.change and o.ended > b.change and o.day <= (u.noted_at at time zone 'Europe/Paris')::date)
           as needs_acceptance
from reference_use u cross join lateral (select coalesce(max(change), 0) as change from directory_change where at < u.noted_at) b;

-- name: rule_use
-- From which batch on engines worked with which calendar, as far as that was stated.
select reference_use, after_batch, files ->> 'calendar.toml' as calendar from reference_use where agreement_days is not null;

-- name: rule_use_day
select u.reference_use, d.key::int as exercise, d.value::date as day from reference_use u cross join lateral jsonb_each_text(u.agreement_days) d;

-- name: reference_acceptance
select acceptance, encode(digest, 'hex') as digest, last_use, (extract(epoch from at) * 1000000)::bigint as at from reference_acceptance;

-- name: decision_role
select person_role, person, role, hand, centre, accountant, first_day, last_day, ceiling, change from person_role;

-- name: decision_end
select subject, number, last_day, change from directory_end;

-- name: agreement
-- Agreements, one row for each kind.
select a.agreement, a.sender, k.kind, a.first_day, a.last_day, a.ceiling, e.after_batch
from agreement a cross join lateral (select unnest(a.kinds) as kind) k
cross join lateral (select min(after_batch) as after_batch from directory_effect where change >= a.change) e;

-- name: delay_measurement
select measurement, after_entry, last_entry, half_year, encode(rules, 'hex') as rules from delay_measurement order by measurement;

-- name: delay_sum
-- The sums of the measurements that follow one another since all payments were measured.
select sender, centre, budget_year::int as budget_year, year::bigint as year,
       sum(payments)::bigint as payments, sum(cents)::bigint as cents, sum(days)::bigint as days,
       sum(in_time)::bigint as in_time, sum(suspended)::bigint as suspended, sum(suspended_days)::bigint as suspended_days,
       sum(interest)::bigint as interest, sum(compensation)::bigint as compensation, sum(compensation_of_year)::bigint as compensation_of_year,
       sum(compensation_of_sender)::bigint as compensation_of_sender, sum(compensation_of_sender_and_year)::bigint as compensation_of_sender_and_year, sum(interest_proposed)::bigint as interest_proposed,
       sum(interest_paid)::bigint as interest_paid,
       sum(set_offs)::bigint as set_offs, sum(set_off_cents)::bigint as set_off_cents
from delay_sum where measurement >= (select max(measurement) from delay_measurement where after_entry = 0)
group by sender, centre, budget_year, year;

-- name: entry_signature
select entry, entered, validated, delegation from entry_signature;

-- name: agreement_use
select first_entry, last_entry, agreement from agreement_use;

-- name: details_evidence
select entry, evidence_hash, call_back from details_evidence;

-- name: step_file
-- The files of steps of the closing that a proved person gave to the engine, from the file on from which such a step needs two persons.
select submission, left(batch_id, 4)::int as year, substring(batch_id, 6, 3) as step, substring(batch_id from '-P([0-9]{1,18})$')::bigint as proof
from submission where sender = 'closing' and batch_id ~ '^[0-9]{4}-C[0-9]{2}-P[0-9]{1,18}$' and submission > (select min(after_submission) from step_rule)
and (substring(batch_id, 6, 3) <> 'C07' or submission > (select min(after_submission) from earmark_rule));

-- name: step_preparation
select step_preparation, year::int as year, step, last_entry, encode(digest, 'hex') as digest, person_decision from step_preparation;

-- name: step_confirmation
select person_decision, step_preparation from step_confirmation;

-- name: step_execution
-- The executions of the steps of the closing, with what each ended (times in microseconds since 1970); hash: the chain that the batch of its end has.
select x.step_execution, x.year::int as year, x.step, x.attempt, (extract(epoch from x.at) * 1000000)::bigint as began,
       (extract(epoch from e.at) * 1000000)::bigint as ended, coalesce(e.state, '') as state, e.batch,
       encode(e.chain, 'hex') as chain, encode(b.chain, 'hex') as hash, coalesce(encode(e.seal, 'hex'), '') as seal, e.submission, x.person_decision,
       coalesce(s.sender || ' ' || left(s.batch_id, 8), '') as file
from step_execution x left join step_end e using (step_execution) left join batch b on b.batch = e.batch left join submission s on s.submission = e.submission;

-- name: step_rule
select after_submission from step_rule;

-- name: earmark_rule
select after_submission from earmark_rule;

-- name: details_rule
select after_entry from details_rule;

-- name: access_holder
-- Keys, systems and signers, one row for each role, from when to when it held; times in microseconds.
select h.name, h.sender, unnest(h.roles) as role, (extract(epoch from h.created_at) * 1000000)::bigint as since,
       (extract(epoch from least(h.expires_at, h.ended_at, '9999-12-31')) * 1000000)::bigint as until
from (
    select 'key ' || key as name, k.sender, k.roles, k.created_at, k.expires_at, e.ended_at
    from access_key k left join access_key_end e using (key)
    union all
    select 'grant ' || access_grant || ' of system ' || issuer || '/' || g.subject, g.sender, g.roles, g.created_at, g.expires_at, least(e.ended_at, i.ended_at)
    from access_grant g left join access_grant_end e using (access_grant) left join access_issuer_end i using (issuer)
    union all
    select 'signer ' || signer, s.sender, s.roles, s.created_at, s.expires_at, e.ended_at from signer s left join signer_end e using (signer)
) h;

-- name: separation_rule
select (extract(epoch from since) * 1000000)::bigint as since from separation_rule;

-- name: reference_text
select kind, id, code from reference_text;

-- name: payment_run
select run, lines, cents, left_out, left_out_cents, proposed_by, (proposed_at at time zone 'Europe/Paris')::date as proposed_on,
       new_days, encode(rules_hash, 'hex') as rules_hash
from payment_run;

-- name: run_accountant
select run, ordinality::int as accountant, code from payment_run, unnest(accountants) with ordinality as a (code);

-- name: payment_edit
select edit, run, what, line, payee, reason, by, extract(epoch from at)::bigint as at, person_decision from payment_edit;

-- name: payment_release
select run, lines, cents, released_by, extract(epoch from released_at)::bigint as released_at from payment_release;

-- name: payment_abandonment
select run from payment_abandonment;

-- name: payment_issue
select run, acts, cents from payment_issue;

-- name: run_terms
select run, terms from payment_issue;

-- name: payment_file
select run, file, accountant, way, executed, transactions, cents from payment_file;

-- name: payment_end
select run, submission, paid, paid_cents, refused, refused_cents, files from payment_end;

-- name: payment_submission
select i.run, s.submission from payment_issue i join submission s on s.sender = 'treasury' and s.file_hash = i.file_hash;

-- name: run_pages
select run, content from payment_page order by run, page;

-- name: run_digests
select run, encode(digest, 'hex') as digest from payment_run;

-- name: bank_statement
select message, statement, identity, account, day, opening, closing, debit_cents, credit_cents from bank_statement;

-- name: bank_attempt
select message, attempt, returns, rejects, unmatched, receipts, receipt_cents, suspense, suspense_cents, acts from bank_attempt;

-- name: bank_item
select message, attempt, row, statement, sort, amount, day, why from bank_item;

-- name: bank_receipt
select message, attempt, row, statement, reference, receivable, amount from bank_receipt;

-- name: bank_suspense
select message, attempt, row, statement, reference, amount from bank_suspense;

-- name: bank_hand_receipt
select message, attempt, row, statement, entry_id, amount from bank_hand_receipt;

-- name: suspense_rule
select after_message from suspense_rule;

-- name: movement_rule
select after_message from movement_rule;

-- name: bank_submission
select a.message, a.attempt, s.submission, s.declared_lines as lines,
       (select count(*) from bank_statement o where o.message = a.message) = m.statements as is_whole
from bank_attempt a join bank_message m using (message) join submission s on s.sender = 'bank' and s.file_hash = a.acts_hash;

-- name: digests
select batch, digest from evidence order by batch, position;

-- name: evidence_counts
select relation, sum(covered)::bigint as covered, sum(pending)::bigint as pending from (
    select relation, count(*) as covered, 0 as pending from evidence group by relation
    union all select relation, 0, count(*) from pending_evidence group by relation
) counts group by relation;

-- name: evidence_of_table
select batch, position, columns, digest from (
    select 0 as is_pending, batch, position, columns, digest from evidence where relation = $1
    union all select 1, 0, position, columns, digest from pending_evidence where relation = $1
) digests order by is_pending, batch, position;

-- name: columns
-- Of a table, in order; none if there is no such table.
select attname as name, atttypid::int as type from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum;

-- name: counts
select 'entry' as name, count(*) as rows from entry
union all select 'refusal', count(*) from refusal
union all select 'duplicate', count(*) from duplicate
union all select 'payee', count(*) from payee
union all select 'cell', count(*) from cell
union all select 'request_detail', count(*) from request_detail
union all select 'node_balance', count(*) from node_balance
union all select 'frozen_balance', count(*) from frozen_balance
union all select 'title_balance', count(*) from title_balance
union all select 'withdrawn_balance', count(*) from withdrawn_balance
union all select 'decree_balance', count(*) from decree_balance
union all select 'special_balance', count(*) from special_balance
union all select 'account_balance', count(*) from account_balance
union all select 'document_range', count(*) from document_range;

-- name: third_party_merge
select payee, into_payee, first_day, after_entry from third_party_merge;

-- name: can_summarise
-- A replica cannot, nor can a database without the function yet.
select to_regprocedure('summarise_index(oid)') is not null and not pg_is_in_recovery()
   and coalesce(has_function_privilege(to_regprocedure('summarise_index(oid)'), 'execute'), false);

-- name: summarise
-- A BRIN index does not cover rows added since it was last summarised; every look-up would then read the whole table.
select summarise_index(i.indexrelid)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
where a.amname = 'brin' and c.relnamespace = current_schema()::regnamespace;
