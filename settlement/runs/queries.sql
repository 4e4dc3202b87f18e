-- name: journal
select partition_rows, coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as last_entry from engine;

-- name: lock_proposals
select pg_advisory_lock(7317, 3);

-- name: accountants
select id, code from reference_text where kind = 8;

-- name: accounts
select id from reference_text where kind = 5 and code = any($1::text[]);

-- name: request_pages
select entry_id, last_entry from request_detail where last_entry >= $1 order by entry_id;

-- name: request_page
select entry_id, page from request_detail where entry_id = any($1::bigint[]) and last_entry >= $2 order by entry_id;

-- name: pending_pages
-- Pages of runs that are neither issued nor abandoned, in order.
select p.run, p.content from payment_page p join payment_state s using (run)
where s.state in ('proposed', 'released', 'issuing') order by p.run, p.page;

-- name: run_pages
select content from payment_page where run = $1 order by page;

-- name: details_of
-- Bank details of payees by the entry that registered them.
select p.entry_id, p.code as payee, p.name, p.iban, p.bic, b.committed_at as details_since
from payee p cross join lateral (
    select committed_at from batch where first_entry <= p.entry_id and entries > 0 order by first_entry desc limit 1
) b
where p.entry_id = any($1::bigint[]);

-- name: has_changed_details
-- Whether the person of code $2 entered or validated the bank details of entry $1, or they were validated in that person's name.
select exists (
    select from entry_signature s left join delegation d on d.delegation = s.delegation join person p on p.person in (s.entered, s.validated, d.owner)
    where s.entry = $1 and p.code = $2
) as has_changed;

-- name: entries
select entry_id, predecessor, kind, reference, day from entry where entry_id = any($1::bigint[]);

-- name: followers_of
-- What follows entries $1, the least of which is $2, in order.
select entry_id, predecessor, kind, submission from entry where predecessor = any($1::bigint[]) and entry_id > $2 order by entry_id;

-- name: time
select clock_timestamp() as at;

-- name: first_entry
-- The first entry of the batches committed from $1 on; the next entry if there are none.
select coalesce(
    (select min(first_entry) from batch where committed_at >= $1),
    (select max(first_entry + entries) from batch),
    1) as entry;

-- name: next_run
select coalesce(max(run), 0) + 1 as run from payment_run;

-- name: insert_run
insert into payment_run (run, until, last_entry, accountants, lines, cents, left_out, left_out_cents, digest, proposed_by, new_days, rules_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: insert_edit
insert into payment_edit (run, what, line, payee, reason, by, person_decision) select $1, $2, line, payee, $5, $6, $7
from unnest($3::int[], $4::int[]) as edited (line, payee);

-- name: insert_release
insert into payment_release (run, lines, cents, released_by) values ($1, $2, $3, $4);

-- name: unproved_makers
-- Who proposed a run or added to what it pays without a proof of who he is.  An edit states its proof; an earlier version stated none.
select distinct m.name from (
    select proposed_by as name, 'proposal' as decision, null as proof from payment_run where run = $1
    union all select by, 'edit', person_decision from payment_edit where run = $1 and what <> 'hold'
) m where m.proof is null and not exists (
    select from person_decision d join person p using (person)
    where d.decision = m.decision and d.number = $1 and p.code = m.name
      and not exists (select from payment_edit e where e.person_decision = d.person_decision)
) order by 1;

-- name: insert_abandonment
insert into payment_abandonment (run, reason, abandoned_by) values ($1, $2, $3);

-- name: insert_issue
insert into payment_issue (run, terms, file_hash, acts, cents, issued_by, issued_at) values ($1, $2, $3, $4, $5, $6, $7);

-- name: insert_file
insert into payment_file (run, file, name, message, accountant, way, executed, transactions, cents, size_bytes, sha256)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: insert_end
insert into payment_end (run, submission, paid, paid_cents, refused, refused_cents, files) values ($1, $2, $3, $4, $5, $6, $7);

-- name: run
select r.run, s.state, r.until, r.last_entry, r.accountants, r.lines, r.cents, r.left_out, r.left_out_cents, encode(r.digest, 'hex') as digest,
       r.proposed_by, r.proposed_at, l.lines as released_lines, l.cents as released_cents, l.released_by, l.released_at,
       i.issued_by, i.issued_at, 
       (select proof from person_proof f where f.decision = 'proposal' and f.number = r.run and f.person = r.proposed_by) as proposed_proof,
       (select proof from person_proof f where f.decision = 'release' and f.number = r.run and f.person = l.released_by) as released_proof,
       (select proof from person_proof f where f.decision = 'issue' and f.number = r.run and f.person = i.issued_by) as issued_proof,
       i.terms, encode(i.file_hash, 'hex') as file_hash,
       e.submission, e.paid, e.paid_cents, e.refused, e.refused_cents, e.files, e.ended_at
from payment_run r join payment_state s using (run) left join payment_release l using (run) left join payment_issue i using (run)
     left join payment_end e using (run)
where $1::int is null or r.run = $1 order by r.run;

-- name: edits
-- The last edit of each line and of each payee: only that is in effect.
select distinct on (line, payee) what, line, payee, reason, by, at from payment_edit where run = $1 order by line, payee, edit desc;

-- name: payee_number
select payee from payee where code = $1 order by entry_id limit 1;

-- name: submission
-- The submission of a file, if the engine has it: a cancelled one was never received for deciding, and the file is sent again.
select s.submission, coalesce(p.done, false) as done from submission s left join lateral (
    select done from progress where progress.submission = s.submission order by batch desc limit 1
) p on true
where s.sender = $1 and s.file_hash = $2
  and not exists (select from cancellation c where c.submission = s.submission)
order by s.attempt limit 1;

-- name: entries_of
select min(b.first_entry) as first, max(b.first_entry + b.entries - 1) as last
from progress p join batch b using (batch) where p.submission = $1;

-- name: refused
select line, code, amount from refusal where submission = $1 order by line limit $2;

-- name: refused_sum
select coalesce(sum(lines), 0)::bigint as lines, coalesce(sum(amount), 0)::bigint as cents from refusal_count where submission = $1;

-- name: files
select file, name, message, accountant, way, executed, transactions, cents, size_bytes, encode(sha256, 'hex') as sha256
from payment_file where run = $1 order by file;
