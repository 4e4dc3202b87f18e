-- name: reference_texts
select kind, id, code from reference_text;

-- name: last_batch
select coalesce(max(batch), 0) as batch from batch;

-- name: entries_by_reference
-- Lines of reference $1 of sender $2, carries of its acts by the closing of a year included, on fund centres $3 (all if null), of
-- kinds $4 and exercise $5 (any if null), after entry $6, at most $7.  An act without an account assignment belongs to no programme.
-- Openings, which are all of month 0, and the result, all of month 15, state sums of every programme on one fund centre of their
-- accountant: they are on none.
-- The sum with 0 keeps the planner from the index of entries, which would read everything after that entry.
select e.*, s.sender from entry e join submission s on s.submission = e.submission
where e.reference = $1 and ($2::text is null or s.sender = $2
      
       or exists (select from reference_text o where o.kind = 6 and o.id = e.source and o.code = $2 and s.sender = 'closing'))
  and ($3::int[] is null or e.month not in (0, 15) and (e.cell = 0 or (select c.centre from cell c where c.cell = e.cell) = any($3::int[])))
  and ($4::smallint[] is null or e.kind = any($4::smallint[])) and ($5::smallint is null or e.exercise = $5) and e.entry_id + 0 > $6
order by e.entry_id limit $7;

-- name: is_known
-- Whether any sender has a line of reference $1 that was accepted or refused.
select exists (select from entry where reference = $1) or exists (select from refusal where reference = $1) as is_known;

-- name: entry_seen
-- Entry $1, and whether it is visible to sender $2, whose acts it is or carries over the year, on fund centres $3 (all if null);
-- openings and the result are on none.
select e.*, s.sender, ($2::text is null or s.sender = $2 or exists (select from reference_text o where o.kind = 6 and o.id = e.source and o.code = $2 and s.sender = 'closing'))
  and ($3::int[] is null or e.month not in (0, 15) and (e.cell = 0 or (select c.centre from cell c where c.cell = e.cell) = any($3::int[]))) as is_seen
from entry e join submission s on s.submission = e.submission where e.entry_id = $1;

-- name: entries_by_number
select e.*, s.sender from entry e join submission s on s.submission = e.submission where e.entry_id = any($1::bigint[]) order by e.entry_id;

-- name: followers
-- The followers of entries $1 after entry $2, at most $3; a follower always comes after its predecessor.  Up to ten entries are
-- looked up in every partition, by the sum with 0; for more it is faster to leave out the partitions before $2, here and below.
select e.*, s.sender from entry e join submission s on s.submission = e.submission
where e.predecessor = any($1::bigint[])
  and case when cardinality($1::bigint[]) <= 10 then e.entry_id + 0 > $2 else e.entry_id > $2 end order by e.entry_id limit $3;

-- name: bank_credits
-- The entries of statements that collected receivables $1, and those that put on suspense what has references $2.
(select distinct on (b.receivable, b.reference) b.receivable, b.reference, b.amount, m.file_name, s.identity, s.account, i.item, i.day
from bank_receipt b join bank_item i using (message, attempt, row) join bank_message m using (message)
     join bank_statement s on s.message = b.message and s.statement = b.statement
where b.receivable = any($1::bigint[]) and s.closing is not null order by b.receivable, b.reference, b.message, b.attempt desc)
union all
(select distinct on (b.reference) 0, b.reference, b.amount, m.file_name, s.identity, s.account, i.item, i.day
from bank_suspense b join bank_item i using (message, attempt, row) join bank_message m using (message)
     join bank_statement s on s.message = b.message and s.statement = b.statement
where b.reference = any($2::text[]) and s.closing is not null order by b.reference, b.message, b.attempt desc);

-- name: entries_of_sender
-- Those of entries $1 that are acts of sender $2, or acts of Crescendo's own senders $3 or of kinds $4 that follow, directly or
-- through others of these, an act of that sender.
with recursive climb as (
    select e.entry_id as act, e.predecessor, e.kind, s.sender
    from entry e join submission s on s.submission = e.submission where e.entry_id = any($1::bigint[])
    union all
    select c.act, p.predecessor, p.kind, s.sender
    from climb c join entry p on p.entry_id = c.predecessor join submission s on s.submission = p.submission
    where c.sender <> $2 and (c.sender = any($3::text[]) or c.kind = any($4::bigint[]))
)
select act as entry_id from climb where sender = $2;

-- name: amounts_of_followers
-- The followers of entries $1, the least of which is $2, with their amounts, in order.
select entry_id, predecessor, kind, amount from entry where predecessor = any($1::bigint[])
  and case when cardinality($1::bigint[]) <= 10 then entry_id + 0 > $2 else entry_id > $2 end order by entry_id;

-- name: drawn
-- The followers of each of entries $1, the least of which is $2, by kind: their sum, and their entries.
select predecessor, kind, sum(amount)::bigint as cents, array_agg(entry_id) as entries
from entry where predecessor = any($1::bigint[])
  and case when cardinality($1::bigint[]) <= 10 then entry_id + 0 > $2 else entry_id > $2 end group by predecessor, kind;

-- name: refusals_by_reference
-- Refused lines of reference $1 of sender $2 (all if null), of kinds $4 (any if null), after batch $5 and position $6, at most
-- $7.  The fund centre of a line is known if a node refused it: it must then be one of $3, unless null.  Otherwise all lines of
-- its file must belong to programmes $8, and its kind be none of $9, which are of no programme.
select r.*, s.sender from refusal r join submission s on s.submission = r.submission
where r.reference = $1 and ($2::text is null or s.sender = $2)
  and ($3::int[] is null or case when r.node = 0 then s.programmes <@ $8::text[] and r.kind <> all($9::smallint[])
                                    else r.node / 6 % 131072 = any($3::int[]) end)
  and ($4::smallint[] is null or r.kind = any($4::smallint[])) and (r.batch, r.position) > ($5::bigint, $6::int)
order by r.batch, r.position limit $7;

-- name: duplicates_of
-- The lines that repeat entries $1, at most $2.
select d.batch, d.submission, d.line, d.entry_id, s.sender from duplicate d join submission s on s.submission = d.submission
where d.entry_id = any($1::bigint[]) order by d.batch, d.position limit $2;

-- name: submissions
select submission, sender, batch_id, encode(file_hash, 'hex') as file_hash, file_name, format, attempt, declared_lines, declared_cents, received_at,
       exists (select from cancellation c where c.submission = submission.submission) as is_cancelled
from submission where submission = any($1::int[]);

-- name: cells
select cell, centre, area, item, fund, operation, budget_year from cell where cell = any($1::int[]);

-- name: payees
-- With all their details, in the order of their registration; merged_into is the code that stays in use of a merged one.
with recursive step as (
    select m.payee, m.into_payee as person from third_party_merge m where m.payee = any($1::int[])
    union all select s.payee, m.into_payee from step s join third_party_merge m on m.payee = s.person
),
merged as (
    select distinct on (s.payee) s.payee, y.code from step s join payee y on y.payee = s.person
    where not exists (select from third_party_merge m where m.payee = s.person) order by s.payee, y.entry_id
)
select p.payee, p.entry_id, p.code, p.name, p.iban, p.bic, coalesce(m.code, '') as merged_into
from payee p left join merged m using (payee) where p.payee = any($1::int[]) order by p.payee, p.entry_id;

-- name: transfers_above
-- The transfer that each of entries $1 is or follows: of $2 kinds, reached through entries of $3 kinds.
with recursive climb as (
    select e.entry_id as act, e.entry_id, e.predecessor, e.kind, e.submission, e.line, e.payee from entry e where e.entry_id = any($1::bigint[])
    union all
    select c.act, p.entry_id, p.predecessor, p.kind, p.submission, p.line, p.payee from climb c join entry p on p.entry_id = c.predecessor
    where c.kind = any($3::smallint[])
)
select * from climb where kind = any($2::smallint[]);

-- name: runs_of_submissions
-- The payment runs whose acts are in submissions $1.
select i.run, s.submission from submission s join payment_issue i on i.file_hash = s.file_hash
where s.submission = any($1::int[]) and s.sender = 'treasury';

-- name: pages_of_run
select page from payment_page where run = $1 order by page;

-- name: page_of_run
select content from payment_page where run = $1 and page = $2;

-- name: request_pages
-- The pages that may contain payment details of entries $1.
select distinct on (d.entry_id) d.entry_id, d.page from unnest($1::bigint[]) as t (entry_id) cross join lateral (
    select entry_id, page from request_detail where last_entry >= t.entry_id order by last_entry limit 1
) d where d.entry_id <= t.entry_id order by d.entry_id;

-- name: batches_of_entries
select t.entry_id, b.batch from unnest($1::bigint[]) as t (entry_id) cross join lateral (
    select batch from batch where first_entry <= t.entry_id and entries > 0 order by first_entry desc limit 1
) b;

-- name: signatures
-- Who entered and validated the entries $1 of the batches $2 and the days $3, each with the roles of his own on that day, as the
-- directory was for that batch.
with line as (
    select s.entry, s.entered, s.validated, d.owner, d.number as delegation, d.role as delegated_role, t.day,
           (select coalesce(max(f.change), 0) from directory_effect f where f.after_batch < t.batch) as change
    from unnest($1::bigint[], $2::bigint[], $3::date[]) as t (entry, batch, day) join entry_signature s using (entry)
    left join delegation d on d.delegation = s.delegation
), held as (
    select line.entry, p.person, array_agg(distinct r.role order by r.role) as roles
    from line join person p on p.person in (line.entered, line.validated, line.owner)
    join person_role r on r.person = p.person and r.change <= line.change and r.first_day <= line.day
     and line.day <= least(coalesce(r.last_day, 'infinity'), (
         select min(e.last_day) from directory_end e
         where e.subject = 'role' and e.number = r.person_role and e.change <= line.change))
    group by line.entry, p.person
)
select line.entry, line.delegation, line.delegated_role,
       e.code as entered, e.name as entered_name, (select roles from held where held.entry = line.entry and person = e.person) as entered_roles,
       v.code as validated, v.name as validated_name, (select roles from held where held.entry = line.entry and person = v.person) as validated_roles,
       o.code as owner, o.name as owner_name, (select roles from held where held.entry = line.entry and person = o.person) as owner_roles
from line left join person e on e.person = line.entered left join person v on v.person = line.validated left join person o on o.person = line.owner;

-- name: agreements
select t.entry, a.number, a.separation from unnest($1::bigint[]) as t (entry) cross join lateral (
    select agreement, last_entry from agreement_use where first_entry <= t.entry order by first_entry desc limit 1
) u join agreement a using (agreement) where u.last_entry >= t.entry;

-- name: details_evidence
select entry, evidence_hash, call_back from details_evidence where entry = any($1::bigint[]);

-- name: prefer_look_ups
-- Whether the next statements of the transaction look up every key, or may read a whole table, which is faster for many keys.
select set_config('enable_seqscan', case when $1 then 'off' else 'on' end, true);

-- name: batches
select batch, layout, first_entry, entries, refusals, duplicates, payees, cells, amount, chain, committed_at
from batch where batch = any($1::bigint[]) order by batch;

-- name: chain_before
select chain from batch where batch = $1 - 1;

-- name: figures_at
-- Figures of nodes $1 as of batch $2.
select figures.*, coalesce(ae_frozen, 0) as ae_frozen, coalesce(cp_frozen, 0) as cp_frozen
from (select distinct on (node) * from node_balance where node = any($1::int[]) and batch <= $2 order by node, batch desc) figures
left join (
    select distinct on (node) node, ae_frozen, cp_frozen from frozen_balance
    where node = any($1::int[]) and batch <= $2 order by node, batch desc
) frozen using (node);

-- name: figures_since
-- The last figures of nodes $1 after batch $2, as of batch $3.  The sum keeps the planner from looking up the nodes, which may be many.
-- What is frozen may be of an earlier batch.
select figures.*, coalesce(ae_frozen, 0) as ae_frozen, coalesce(cp_frozen, 0) as cp_frozen
from (
    select distinct on (node) * from node_balance
    where node + 0 = any($1::int[]) and batch > $2 and batch <= $3 order by node, batch desc
) figures
left join (
    select distinct on (node) node, ae_frozen, cp_frozen from frozen_balance
    where node = any($1::int[]) and batch <= $3 order by node, batch desc
) frozen using (node);

-- name: withdrawn_at
-- What was withdrawn at nodes $1 as of batch $2.
select distinct on (node) node, withdrawn from withdrawn_balance where node = any($1::int[]) and batch <= $2 order by node, batch desc;

-- name: progress
select distinct on (submission) submission, batch, done, accepted, duplicate, refused, suspended,
       accepted_cents, duplicate_cents, refused_cents, suspended_cents
from progress where submission = any($1::int[]) order by submission, batch desc;

-- name: batches_of_submission
select batch from progress where submission = $1 order by batch;

-- name: counted_of_submission
select (select count(*) from entry where submission = $1) as accepted,
       (select count(*) from duplicate where submission = $1) as duplicate,
       (select coalesce(sum(lines), 0)::bigint from refusal_count where submission = $1) as refused,
       (select coalesce(sum(amount), 0)::bigint from entry where submission = $1) as accepted_cents;

-- name: counted
-- The stored rows of batch $1, whose entries run from $2 up to, not including, $3.
select (select count(*) from entry where entry_id >= $2 and entry_id < $3) as entries,
       (select count(*) from refusal where batch = $1) as refusals,
       (select count(*) from duplicate where batch = $1) as duplicates,
       (select coalesce(sum(amount), 0)::bigint from entry where entry_id >= $2 and entry_id < $3) as cents,
       (select coalesce(sum(amount), 0)::bigint from entry where entry_id >= $2 and entry_id < $3 and debit <> 0) as debited,
       (select coalesce(sum(amount), 0)::bigint from entry where entry_id >= $2 and entry_id < $3 and credit <> 0) as credited;

-- name: posted
-- The amounts that batch $1 added to the debits and credits of all accounts.
with now as (select accountant, account, period, debit, credit from account_balance where batch = $1),
before as (
    select distinct on (a.accountant, a.account, a.period) a.accountant, a.account, a.period, a.debit, a.credit
    from account_balance a join now n on n.accountant = a.accountant and n.account = a.account and n.period = a.period
    where a.batch < $1 order by a.accountant, a.account, a.period, a.batch desc
)
select coalesce(sum(n.debit - coalesce(b.debit, 0)), 0)::bigint as debit, coalesce(sum(n.credit - coalesce(b.credit, 0)), 0)::bigint as credit
from now n left join before b on b.accountant = n.accountant and b.account = n.account and b.period = n.period;

-- name: budget_taken_up
-- The AE and CP that batch $1 took up, by fund centre: reserved and consumed, without what is frozen.
with now as (select * from node_balance where batch = $1),
before as (
    select distinct on (node) * from node_balance where batch < $1 and node in (select node from now) order by node, batch desc
),
frozen_now as (select * from frozen_balance where batch = $1),
frozen_before as (
    select distinct on (node) * from frozen_balance where batch < $1 and node in (select node from frozen_now) order by node, batch desc
),
frozen as (
    select n.node, n.ae_frozen - coalesce(b.ae_frozen, 0) as ae, n.cp_frozen - coalesce(b.cp_frozen, 0) as cp
    from frozen_now n left join frozen_before b on b.node = n.node
)
select n.node / 6 % 131072 as centre,
       sum(n.ae_reserved + n.ae_consumed - coalesce(b.ae_reserved + b.ae_consumed, 0) - coalesce(f.ae, 0))::bigint as ae,
       sum(n.cp_reserved + n.cp_consumed - coalesce(b.cp_reserved + b.cp_consumed, 0) - coalesce(f.cp, 0))::bigint as cp
from now n left join before b on b.node = n.node left join frozen f on f.node = n.node
group by centre;

-- name: budget_expected
-- The AE and CP that the entries from $1 up to, not including, $2 take up by the catalog: $3 kinds with their signs for $4 AE
-- and $5 CP; $6 kinds that mirror; $7 kinds that earmark.  Spending on an operation takes up no further AE, as its earmark
-- did.  $8 kinds give back what their original request took up, which is found through entries of $9 kinds, and $11 kinds
-- take that up at another place; $10 kinds give AE back in a recycling case alone.
with recursive effect as (
    select kind, ae, cp from unnest($3::smallint[], $4::smallint[], $5::smallint[]) as t (kind, ae, cp)
),
climb as (
    select e.cell, case when e.kind = any($11::smallint[]) then e.amount else -e.amount end as amount, e.predecessor as at from entry e where e.entry_id >= $1 and e.entry_id < $2 and e.kind = any($8::smallint[] || $11::smallint[])
    union all
    select c.cell, c.amount, p.predecessor from climb c join entry p on p.entry_id = c.at where p.kind = any($9::smallint[])
),
line as (
    select e.cell, e.amount, e.kind as kind from entry e
    where e.entry_id >= $1 and e.entry_id < $2 and e.kind <> all($6::smallint[]) and (e.kind <> all($10::smallint[]) or e.source > 0)
    union all
    select e.cell, -e.amount, p.kind from entry e join entry p on p.entry_id = e.predecessor
    where e.entry_id >= $1 and e.entry_id < $2 and e.kind = any($6::smallint[])
    union all
    select c.cell, c.amount, p.kind from climb c join entry p on p.entry_id = c.at where p.kind <> all($9::smallint[])
)
select coalesce(sum(l.amount * f.ae) filter (where c.operation = 0 or l.kind = any($7::smallint[])), 0)::bigint as ae, coalesce(sum(l.amount * f.cp), 0)::bigint as cp
from line l join effect f on f.kind = l.kind join cell c on c.cell = l.cell;
