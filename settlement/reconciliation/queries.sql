-- name: message
select m.message, a.attempt, a.acts_hash, a.debits, a.returns, a.rejects, a.unmatched, a.unmatched_cents, a.receipts, a.receipt_cents,
       a.suspense, a.suspense_cents
from bank_message m join bank_last_attempt a using (message) where m.file_hash = $1;

-- name: lock_messages
-- Messages are stored one at a time, so that numbers have no gap and statements are continuous.
select pg_advisory_xact_lock(7317, 2);

-- name: last_statement
select identity, opening, closing, day, debit_cents, credit_cents from bank_statement
where account = $1 and closing is not null order by message desc, statement desc limit 1;

-- name: statement
select opening, closing, day, debit_cents, credit_cents from bank_statement
where account = $1 and identity = $2 and closing is not null order by message limit 1;

-- name: insert_message
insert into bank_message (message, format, identity, file_name, file_hash, size_bytes, statements, movements)
select coalesce(max(message), 0) + 1, $1, $2, $3, $4, $5, $6, $7 from bank_message returning message;

-- name: insert_statement
insert into bank_statement (message, statement, identity, account, day, opening, closing, unbooked, movements, debit_cents, credit_cents)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: insert_attempt
insert into bank_attempt (message, attempt, debits, returns, rejects, unmatched, unmatched_cents, receipts, receipt_cents,
                          suspense, suspense_cents, acts, acts_hash, batch_id, person_decision)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: receivables
-- Receivables (kinds $1) with references $2, of any sender and exercise.
select entry_id, amount, day, accountant, reference from entry
where kind = any($1::smallint[]) and reference = any($2::text[]) order by entry_id;

-- name: taken_of_receivables
-- What was taken of each of receivables $1 (the first is $2), and what credits of other messages than $3 will take: their acts
-- (kinds $4, sender $5) are not in the journal yet, or were refused; by_hand: what receipts of other senders took, less what kinds $6 took back.
with follower as materialized (
    select entry_id, predecessor, amount, kind, submission, reference from entry where predecessor = any($1::bigint[]) and entry_id > $2
), receipt as (
    select f.*, s.sender <> $5 as is_by_hand from follower f join submission s using (submission) where f.kind = any($4::smallint[])
), taken as (
    select predecessor as receivable, amount, 0 as by_hand from follower
    union all
    select predecessor, 0, amount from receipt where is_by_hand
    union all
    select r.predecessor, -e.amount, -e.amount from receipt r join entry e on e.predecessor = r.entry_id where r.is_by_hand and e.kind = any($6::smallint[])
    union all
    select b.receivable, b.amount, 0 from bank_receipt b join bank_last_attempt using (message, attempt)
    where b.receivable = any($1::bigint[]) and b.message <> $3 and b.reference not in (select reference from receipt where not is_by_hand)
)
select receivable, sum(amount)::bigint as taken, sum(by_hand)::bigint as by_hand from taken group by receivable;

-- name: posted_receipts
-- Receipts (kinds $1) with references $2 of sender $3.
select e.reference, e.predecessor, e.amount from entry e join submission s using (submission)
where e.kind = any($1::smallint[]) and e.reference = any($2::text[]) and s.sender = $3;

-- name: stored_receipts
select reference, receivable, amount from bank_receipt where message = $1 and attempt = $2;

-- name: posted_suspense
-- What is on suspense (kinds $1) by acts with references $2 of sender $3, and the reason that the first attempt gave.
select distinct on (e.reference) e.reference, e.amount, i.why
from entry e join submission s using (submission) join bank_suspense b on b.reference = e.reference
     join bank_item i on i.message = b.message and i.attempt = b.attempt and i.row = b.row
where e.kind = any($1::smallint[]) and e.reference = any($2::text[]) and s.sender = $3 order by e.reference, b.message, b.attempt;

-- name: stored_suspense
select b.reference, b.amount, i.why from bank_suspense b join bank_item i using (message, attempt, row)
where message = $1 and attempt = $2 and b.reference ~ '^U';

-- name: posted_movements
-- The movements of message $1 that are on suspense by acts (kinds $2) of sender $3, and the reason that the first attempt gave.
select distinct on (b.row) b.row, e.amount, i.why
from bank_suspense b join bank_item i using (message, attempt, row) join entry e on e.reference = b.reference join submission s using (submission)
where b.message = $1 and e.kind = any($2::smallint[]) and s.sender = $3 order by b.row, b.attempt;

-- name: stored_movements
select b.row, b.amount, i.why from bank_suspense b join bank_item i using (message, attempt, row)
where message = $1 and attempt = $2 and b.reference ~ '^[VW]';

-- name: has_suspense
-- Whether the rule of suspense holds for message $1, 0 for a new one.
select $1::int = 0 or $1 > (select min(after_message) from suspense_rule);

-- name: has_movement_suspense
-- Whether the rule of suspense for debits and returns holds for message $1, 0 for a new one.
select $1::int = 0 or $1 > (select min(after_message) from movement_rule);

-- name: hand_receipts
-- Receipts (kinds $2) of receivables $1 by other senders than $3 that are no credits of other messages than $4, and of which kinds $5 took
-- nothing back.
select e.entry_id, e.predecessor, e.amount, e.day from entry e join submission s using (submission)
where e.predecessor = any($1::bigint[]) and e.kind = any($2::smallint[]) and s.sender <> $3 and not exists (
    select from bank_hand_receipt h join bank_last_attempt using (message, attempt) where h.entry_id = e.entry_id and h.message <> $4)
  and not exists (select from entry r where r.predecessor = e.entry_id and r.kind = any($5::smallint[]))
order by e.entry_id;

-- name: stored_hand_receipts
select row, entry_id from bank_hand_receipt where message = $1 and attempt = $2;

-- name: repeated_statements
-- The positions (from 0) of statements with accounts $1 and identities $2 that another message than $3 brought.
select t.position::int - 1 as position from unnest($1::text[], $2::text[]) with ordinality t (account, identity, position)
where exists (select from bank_statement s where s.account = t.account and s.identity = t.identity and s.closing is not null and s.message <> $3);

-- name: rows_with_reason
select row from bank_item where message = $1 and attempt = $2 and why = $3;

-- name: reported_movements
-- What of transfers $1 (the first is $5) the journal has: debits (1; kinds $2) and returns (3; kinds $3), and of both whether a statement of an
-- earlier message than $6 (0: a new one) booked it, or an accountant identified it (kinds $4).  A statement may repeat what a notice posted.
with stated as (
    {stated}
), debit as materialized (
    select entry_id, predecessor as transfer, kind, submission, reference, 1 as sort from entry
    where predecessor = any($1::bigint[]) and kind = any($2::smallint[]) and entry_id > $5
), movement as (
    select * from debit
    union all
    select r.entry_id, d.transfer, r.kind, r.submission, r.reference, 3 from debit d join entry r on r.predecessor = d.entry_id where r.kind = any($3::smallint[])
), booking as (
    select m.entry_id, s.message from movement m join stated s using (submission)
    union
    select d.entry_id, s.message from duplicate d join stated s using (submission) where d.entry_id in (select entry_id from movement)
    union
    select m.entry_id, s.message from movement m join refusal r using (reference, kind) join stated s on s.submission = r.submission
)
select m.transfer, m.sort, bool_or(m.kind = any($4::smallint[]) or b.message is not null and ($6 = 0 or b.message < $6)) as in_statement
from movement m left join booking b using (entry_id) group by m.transfer, m.sort;

-- name: followed_transfers
select distinct predecessor from entry where predecessor = any($1::bigint[]) and kind = any($2::smallint[]);

-- name: unreturned_rejections
-- How many transfers the bank rejected although it had debited them (reason $1), and has not given back: kinds $2 of debits, $3 of returns.
select count(distinct i.entry_id) from bank_item i join bank_last_attempt using (message, attempt)
where i.why = $1 and not exists (
    select from entry d join entry r on r.predecessor = d.entry_id
    where d.predecessor = i.entry_id and d.kind = any($2::smallint[]) and r.kind = any($3::smallint[]));

-- name: suspended_movements
-- What statements posted to suspense (kinds $1; for reasons $2, which name no receivable) of amounts $3, and what is left of each there: of it and
-- of its openings in later years (kinds $4) less what kinds $5 took off.  What reduces an opening was taken off the earlier year already.
with recursive posted as (
    select distinct on (b.reference) b.reference, b.message, b.statement, i.why
    from bank_suspense b join bank_item i using (message, attempt, row) where b.amount = any($3::bigint[]) order by b.reference, b.message, b.attempt
), movement as (
    select e.entry_id, s.account, e.kind, e.amount, e.day from posted p join entry e using (reference) join bank_statement s using (message, statement)
    where e.kind = any($1::smallint[]) and e.amount = any($3::bigint[]) and p.why = any($2::smallint[])
), item as (
    select entry_id as movement, entry_id from movement
    union all
    select i.movement, f.entry_id from item i join entry f on f.predecessor = i.entry_id where f.kind = any($4::smallint[])
), taken as (
    select i.movement, sum(f.amount) as amount from item i join entry f on f.predecessor = i.entry_id where f.kind = any($5::smallint[]) group by i.movement
)
select m.account, m.kind, m.amount, m.day - '1970-01-01'::date as day, greatest(m.amount - coalesce(t.amount, 0), 0)::bigint as remainder
from movement m left join taken t on t.movement = m.entry_id order by m.entry_id;

-- name: linked_movements
-- Movements of amounts $3 that other messages than $1 list with reason $2, in the order of their import; without those of transfers that
-- the bank has named since (kinds $4): they are not what is on suspense.
select s.account, i.sort, i.amount, i.day - '1970-01-01'::date as day, i.entry_id as transfer
from bank_item i join bank_last_attempt using (message, attempt) join bank_statement s using (message, statement)
where i.why = $2 and i.message <> $1 and i.amount = any($3::bigint[]) and not exists (
    select from entry e where e.reference = case i.sort when 1 then 'D' else 'R' end || i.entry_id and e.kind = any($4::smallint[]))
order by i.message, i.row;

-- name: noticed_acts
-- What messages without balances posted (kinds $1) of transfers, and no statement has booked; without those that another message than $2
-- has linked with a movement (reason $3).
with stated as (
    {stated}
), noticed as (
    select e.reference, e.kind, sum(e.amount)::bigint as cents, min(e.day) - '1970-01-01'::date as day, min(t.message) as message
    from bank_attempt t join submission s on s.file_hash = t.acts_hash and s.sender = 'bank' join entry e on e.submission = s.submission
    where e.kind = any($1::smallint[]) and e.reference ~ '^[DR][0-9]{{1,12}}$'
      and not exists (select from bank_statement o where o.message = t.message and o.closing is not null)
      and not exists (select from duplicate d join stated using (submission) where d.entry_id = e.entry_id)
      and not exists (select from refusal r join stated using (submission) where r.reference = e.reference and r.kind = e.kind)
    group by e.reference, e.kind
)
select o.account, n.kind, n.cents, n.day, substr(n.reference, 2)::bigint as transfer
from noticed n join bank_statement o using (message)
where not exists (
    select from bank_item i join bank_last_attempt using (message, attempt)
    where i.why = $3 and i.entry_id = substr(n.reference, 2)::bigint and i.message <> $2)
order by n.day, n.reference;

-- name: unmatched_by_reason
-- Unmatched movements of the last attempts of messages $1, by reason.
select message, why, count(*) as items, sum(amount)::bigint as cents
from bank_item i join bank_last_attempt using (message, attempt)
where message = any($1::int[]) and why <> 0 group by message, why order by message, why;

-- name: suspense_by_type
-- What the last attempts of messages $1 put on suspense, by type of the movement.
select message, i.sort, count(*) as items, sum(b.amount)::bigint as cents
from bank_suspense b join bank_last_attempt using (message, attempt) join bank_item i using (message, attempt, row)
where message = any($1::int[]) group by message, i.sort order by message, i.sort <> 2, i.sort;

-- name: sent_lines
select entry_id, amount, day, accountant, payee, kind, exercise, submission, line, reference from entry where entry_id between {first} and {last} and kind in ({kinds}) order by entry_id

-- name: accountants
select id, code from reference_text where kind = 8;

-- name: payees
select distinct payee, code from payee where payee = any($1::int[]);

-- name: debits
select predecessor, entry_id, exercise, kind from entry where predecessor = any($1::bigint[]) and kind = any($2::smallint[]) and entry_id > $3;

-- name: has_late_debits
-- Whether the last attempt of a message had returns without debits, and the journal has one of the debits now: it comes after its transfer.
select exists (
    select from entry where kind = any($3::smallint[]) and predecessor = any(array(
        select i.entry_id from bank_item i join bank_last_attempt using (message, attempt) where i.message = $1 and i.why = $2
    ))
);

-- name: return_reasons
-- Of several bank messages the one with a reason: CFONB 120 has none.
select distinct on (entry_id) entry_id, reason from bank_item
where entry_id = any($1::bigint[]) and why = 0 and sort > 2 order by entry_id, (reason = ''), message desc, attempt desc;

-- name: returned_payees
select distinct on (p.payee) p.payee, p.code, p.name
from bank_item i join entry e using (entry_id) join payee p using (payee)
where i.why = 0 and i.reason = any($1::text[]) order by p.payee, p.entry_id desc;

-- name: posting_state
select coalesce((select case when exists (select from unfinished u where u.submission = s.submission) then 'begun' else 'done' end
                 from submission s where s.sender = 'bank' and s.file_hash = $1 order by s.attempt desc limit 1), 'unknown');

-- name: payment_file
select run, name from payment_file where message = $1;

-- name: accounts
-- All accounts that runs pay from.
select distinct a.value ->> 1 as iban from payment_issue i cross join jsonb_each(i.terms::jsonb -> 'years') y cross join jsonb_each(y.value) a;

-- name: run_accounts
-- The accounts that runs pay from, by submission and exercise, each from a row of the file of acts on: as stored when the run was issued.
select s.submission, y.key::int as exercise, array_agg((p.value ->> 1)::int order by (p.value ->> 1)::int) as firsts,
       array_agg(y.value -> (p.value ->> 0) ->> 1 order by (p.value ->> 1)::int) as accounts
from payment_issue i join submission s on s.sender = 'treasury' and s.file_hash = i.file_hash
     cross join jsonb_each(i.terms::jsonb -> 'years') y cross join jsonb_array_elements(i.terms::jsonb -> 'stretches') p
group by s.submission, y.key

-- name: transfers
-- Sent transfers and their accounts: of runs as stored at the issue, of all others that of the accountant as it is now.
-- $1, $2, $3: exercise, accountant, account; $4: kinds that remit.
with assigned as (
    select a.exercise, t.id as accountant, a.account from unnest($1::int[], $2::text[], $3::text[]) a (exercise, code, account)
    join reference_text t on t.kind = 8 and t.code = a.code
), run_account as (
    {run_accounts}
), transfer as (
    select e.entry_id, e.amount, e.day, e.kind, e.reference, coalesce(l.accounts[width_bucket(e.line, l.firsts)], a.account) as account
    from entry e left join run_account l on l.submission = e.submission and l.exercise = e.exercise
         left join assigned a on a.exercise = e.exercise and a.accountant = e.accountant
    where e.kind = any($4::int[])
)

-- name: stated
-- Acts of statements (not of notices): whether of the last attempt, and whether their message was the first with all its statements.
select s.submission, t.message, row_number() over (partition by t.message order by t.attempt desc, s.attempt desc) = 1 as is_last,
       (select count(*) from bank_statement o where o.message = t.message) = m.statements as is_whole
from bank_attempt t join submission s on s.file_hash = t.acts_hash join bank_message m using (message)
where s.sender = 'bank' and exists (select from bank_statement o where o.message = t.message and o.closing is not null)

-- name: booked_again
-- What every statement but the first books of a transfer on the same day.  A message that repeats statements books nothing again.
select * from (
    select *, dense_rank() over (partition by reference, kind order by message) as nth from (
        select distinct t.message, d.line, e.kind, e.amount, e.reference, substr(e.reference, 2)::bigint as transfer, o.submission is not null as is_booked
        from duplicate d join stated t using (submission) join entry e using (entry_id)
             left join (select distinct submission, message from stated) o on o.submission = e.submission
        where t.is_last and t.is_whole and e.reference ~ '^[DR][0-9]{1,12}$' and o.message is distinct from t.message
    ) repeated
) ranked where nth > 1 or is_booked

-- name: accounts_report
-- Each operations account: with the bank, in the books as of its last statement, and the differences.
-- Parameters as for transfers; $5 to $7: kinds of debits, returns, rejections; $8: movement types that are credits; $9: kinds of
-- receipts; $10: kinds of openings; $11: kinds of debits on suspense; $12: those of $5 that the bank debits; $13: kinds that take
-- back receipts; $14: a day, up to which by_hand, by_hand_items, unmatched and unmatched_items are stated again, with the balances of a
-- statement of that day and of the last one up to it.  day_late_credits are receipts by hand up to the day that are credits which the bank
-- booked after it.  Receipts that a statement collects, and what it posts to suspense, are in the books of its account;
-- so are receipts by hand that are credits; those that are none yet are listed, by the account that the accountant has now.
-- What reads the entries is materialised: PostgreSQL would read them again for each account otherwise.
{transfers}, debited as (
    select d.entry_id, d.amount, d.day, d.kind, t.account from entry d join transfer t on t.entry_id = d.predecessor where (d.kind = any($5::int[]) or d.kind = any($7::int[]))
), posting as (  -- what each attempt makes of movements that are of no transfer
    select message, attempt, statement, reference, amount, false as is_debit from bank_receipt
    union all
    select b.message, b.attempt, b.statement, b.reference, b.amount, not i.sort = any($8::int[]) from bank_suspense b join bank_item i using (message, attempt, row)
), credited as (
    select distinct on (b.reference) b.reference, s.account
    from posting b join bank_statement s using (message, statement) where s.closing is not null order by b.reference
), collected as (
    select e.reference, case when e.kind = any($11::int[]) then -e.amount else e.amount end as amount, e.day, e.kind, c.account
    from entry e join submission s using (submission) join credited c using (reference)
    where (e.kind = any($9::int[]) or e.kind = any($11::int[])) and s.sender = 'bank'
), hand_credit as (  -- receipts by hand that are credits, on the days of the bank
    select '' as reference, h.amount, i.day, e.kind, s.account, h.entry_id, e.day as receipt_day
    from bank_hand_receipt h join bank_last_attempt using (message, attempt) join bank_item i using (message, attempt, row)
         join bank_statement s on s.message = h.message and s.statement = h.statement join entry e on e.entry_id = h.entry_id
), taken_back as materialized (
    select predecessor as entry_id, sum(amount)::bigint as amount from entry where kind = any($13::int[]) group by predecessor
), received as materialized (
    select e.entry_id, e.exercise, e.accountant, e.amount, e.day from entry e join submission s using (submission)
    where e.kind = any($9::int[]) and s.sender <> 'bank'
), by_hand as materialized (
    select a.account, e.amount - coalesce(r.amount, 0) as amount, e.day
    from received e join assigned a on a.exercise = e.exercise and a.accountant = e.accountant left join taken_back r using (entry_id)
    where not exists (select from hand_credit h where h.entry_id = e.entry_id)
), booked as (
    select amount, day, kind, account from transfer
    union all
    select amount, day, kind, account from collected
    union all
    select amount, day, kind, account from hand_credit
    union all  -- what was taken back although the bank has it: the books have less
    select -r.amount, c.day, c.kind, c.account from hand_credit c join taken_back r using (entry_id)
    union all
    select amount, day, kind, account from debited
    union all
    select r.amount, r.day, r.kind, d.account from entry r join debited d on d.entry_id = r.predecessor where r.kind = any($6::int[])
), last as (
    select distinct on (account) account, identity, day, closing from bank_statement
    where closing is not null order by account, message desc, statement desc
), first as (
    select distinct on (account) account, opening, day from bank_statement where closing is not null order by account, message, statement
), treasury as materialized (
    select distinct credit as number from entry where kind = any($12::int[]) union select distinct debit from entry where kind = any($9::int[])
), opened as materialized (  -- what the closing opened of the account of the Treasury, in the year of the first statement of the operations account
    select a.account, a.exercise, a.accountant, sum(case when e.debit <> 0 then e.amount else -e.amount end)::bigint as cents
    from first f join assigned a on a.account = f.account and a.exercise = extract(year from f.day)
    join entry e on e.exercise = a.exercise and e.accountant = a.accountant
    where e.kind = any($10::int[]) and e.debit + e.credit in (select number from treasury) group by a.account, a.exercise, a.accountant
), earlier_account as materialized (  -- what was left before that year on each account that the accountant had until then, and nobody had later
    select distinct on (o.account, s.account) o.account, s.closing
    from opened o join assigned b on b.accountant = o.accountant and b.exercise < o.exercise join bank_statement s on s.account = b.account
    where s.closing is not null and s.day < make_date(o.exercise, 1, 1)
      and not exists (select from assigned n where n.account = b.account and n.exercise > b.exercise and n.exercise <= o.exercise)
    order by o.account, s.account, s.message desc, s.statement desc
), own_opening as materialized (  -- the rest was opened of the account itself
    select o.account, o.cents - coalesce((select sum(r.closing) from earlier_account r where r.account = o.account), 0)::bigint as cents from opened o
), open_receipt as materialized (  -- receipts by hand that no credit is yet; without a statement all of them
    select b.account, sum(b.amount)::bigint as cents, count(*) as items,
           coalesce(sum(b.amount) filter (where b.day <= $14::date), 0)::bigint as day_cents, count(*) filter (where b.day <= $14) as day_items
    from by_hand b left join last l using (account) where b.amount > 0 and (l.day is null or b.day <= l.day) group by b.account
), late_credit as materialized (  -- one of which something was taken back is a difference until its message is matched again
    select c.account, sum(c.amount)::bigint as cents, count(*) as items from hand_credit c
    where c.receipt_day <= $14 and c.day > $14 and c.entry_id not in (select entry_id from taken_back) group by c.account
), moved as materialized (
    select account,
           coalesce(sum(e.amount) filter (where e.kind = any($4::int[])), 0)::bigint as sent,
           coalesce(sum(e.amount) filter (where e.kind = any($5::int[])), 0)::bigint as debited,
           coalesce(sum(e.amount) filter (where e.kind = any($7::int[])), 0)::bigint as rejected,
           coalesce(sum(e.amount) filter (where e.kind = any($12::int[]) and e.day <= l.day), 0)::bigint as debited_then,
           coalesce(sum(e.amount) filter (where e.kind = any($6::int[]) and e.day <= l.day), 0)::bigint as returned_then,
           coalesce(sum(e.amount) filter (where (e.kind = any($9::int[]) or e.kind = any($11::int[])) and e.day <= l.day), 0)::bigint as collected_then,
           count(*) filter (where e.kind = any($4::int[])) - count(*) filter (where e.kind = any($5::int[]) or e.kind = any($7::int[])) as open_lines
    from booked e left join last l using (account) where account is not null group by account
), item as materialized (
    select account, coalesce(sum(net), 0)::bigint as net, count(*) as items,
           coalesce(sum(net) filter (where day <= $14), 0)::bigint as day_net, count(*) filter (where day <= $14) as day_items
    from (
        select s.account, i.day, case when i.sort = any($8::int[]) then i.amount - coalesce(b.amount, 0) else coalesce(b.amount, 0) - i.amount end as net
        from bank_item i join bank_last_attempt using (message, attempt) join bank_statement s using (message, statement)
             left join bank_suspense b using (message, attempt, row)
        where i.why not in (0, 18) and s.closing is not null and i.amount > coalesce(b.amount, 0)  -- 18: in the books by a notice
    ) open_item group by account
), day_statement as (
    select distinct on (account) account, closing from bank_statement where closing is not null and day = $14 order by account, message desc, statement desc
), last_until_day as (
    select distinct on (account) account, closing from bank_statement where closing is not null and day <= $14 order by account, message desc, statement desc
), stated as (
    {stated}
), refusing as (  -- each further statement is another movement of the bank
    select distinct r.submission, r.line, r.kind, r.amount, r.reference, substr(r.reference, 2)::bigint as transfer
    from refusal r join stated t using (submission)
    where t.is_last and (r.kind = any($5::int[]) or r.kind = any($6::int[])) and r.reference ~ '^[DR][0-9]{{1,12}}$'
), booked_again as (
    {booked_again}
), not_collected as (  -- movements of the last attempts whose receipts or suspense the journal refused; what it has not decided explains nothing
    select s.account, case when b.is_debit then -b.amount else b.amount end as amount from posting b join bank_last_attempt a using (message, attempt) join bank_statement s using (message, statement)
    where s.closing is not null and not exists (select from collected c where c.reference = b.reference)
      and exists (select from submission u join refusal r using (submission)
                  where u.sender = 'bank' and u.file_hash = a.acts_hash and r.reference = b.reference and (r.kind = any($9::int[]) or r.kind = any($11::int[])))
), refused as materialized (  -- without the first if a notice alone booked it, on another day: that is in the books by the last statement
    select account, sum(cents)::bigint as net, count(*) as lines from (
    select account, amount as cents from not_collected
    union all
    select t.account, case when r.kind = any($5::int[]) then -r.amount else r.amount end
    from (
        select kind, amount, reference, transfer, dense_rank() over (partition by reference, kind order by submission) as nth from refusing
        union all
        select kind, amount, reference, transfer, 2 from booked_again
    ) r join transfer t on t.entry_id = r.transfer left join last l using (account)
    where r.nth > 1 or not exists (
        select from entry n join submission b using (submission)
        where n.reference = r.reference and n.kind = r.kind and n.day <= l.day and b.sender = 'bank'
          and not exists (select from stated where stated.submission = n.submission)
          and not exists (select from duplicate d join stated using (submission) where d.entry_id = n.entry_id))
    ) missing group by account
)
select account, l.identity as statement, l.day, l.closing as bank, f.opening,
       f.opening - coalesce(m.debited_then, 0) + coalesce(m.returned_then, 0) + coalesce(m.collected_then, 0) as books,
       coalesce(i.net, 0) as unmatched, coalesce(i.items, 0) as unmatched_items,
       coalesce(r.net, 0) as refused, coalesce(r.lines, 0) as refused_lines,
       coalesce(m.sent - m.debited - m.rejected, 0) as transit, coalesce(m.open_lines, 0) as transit_items,
       f.opening - coalesce(o.cents, 0) as unopened, coalesce(h.cents, 0) as by_hand, coalesce(h.items, 0) as by_hand_items,
       d.closing as day_bank, u.closing as day_last_bank, coalesce(i.day_net, 0) as day_unmatched, coalesce(i.day_items, 0) as day_unmatched_items,
       coalesce(h.day_cents, 0) as day_by_hand, coalesce(h.day_items, 0) as day_by_hand_items,
       coalesce(c.cents, 0) as day_late_credits, coalesce(c.items, 0) as day_late_credit_items
from last l join first f using (account) full join moved m using (account) full join open_receipt h using (account)
     left join item i using (account) left join refused r using (account) left join own_opening o using (account)
     left join day_statement d using (account) left join last_until_day u using (account) left join late_credit c using (account)
order by account;

-- name: in_transit
-- Transfers that are neither debited nor rejected.  Parameters as for transfers; $5, $6: kinds of debits, rejections; $7: at most so many.
{transfers}
select t.entry_id, t.amount, t.day, t.reference, t.account from transfer t
where t.account is not null and not exists (select from entry f where f.predecessor = t.entry_id and (f.kind = any($5::int[]) or f.kind = any($6::int[])))
order by t.entry_id limit $7;

-- name: unmatched
-- Unmatched movements of the last attempts, as far as nothing of them is on suspense, and no notice has posted them (18).
select m.file_name as file, coalesce(s.identity, m.identity) as statement, coalesce(s.account, '') as account, i.item, i.sort,
       i.amount - coalesce(b.amount, 0) as amount, i.day, i.reason, i.entry_id as transfer, i.why, i.end_to_end
from bank_item i join bank_last_attempt using (message, attempt) join bank_message m using (message)
     left join bank_statement s using (message, statement) left join bank_suspense b using (message, attempt, row)
where i.why not in (0, 18) and (b.amount is null or i.amount > b.amount) order by i.message, i.row limit $1;

-- name: refused_acts
-- Acts from bank files that the journal refused.  A notice and a statement report the same movement, two statements report two.  So of statements
-- all, except the first if a notice alone booked it, on another day; of notices those that are neither in the journal nor in a statement.
-- Also what a further statement books on the day of the first: the same act again, without a code.
with stated as (
    {stated}
), refusing as (
    select distinct r.submission, r.line, r.reference, r.kind, r.amount, r.code, t.submission is not null as is_stated
    from refusal r join submission u using (submission) left join stated t using (submission)
    where u.sender = 'bank' and t.is_last is not false and not (r.kind = $2 and r.code = $3)
      and (r.kind <> all($5::int[]) or exists (  -- matching again may have found another receivable, or none
          select from bank_receipt b join bank_last_attempt using (message, attempt) where b.reference = r.reference
          union all
          select from bank_suspense b join bank_last_attempt using (message, attempt) where b.reference = r.reference))
), numbered as (
    select *, dense_rank() over (partition by reference, kind, is_stated order by submission) as nth, bool_or(is_stated) over (partition by reference, kind) as has_statement
    from refusing
), booked_again as (
    {booked_again}
)
(select distinct on (r.reference, r.kind, r.submission, r.line) m.file_name as file, t.batch_id as statement, r.reference, r.kind, r.amount, r.code, u.file_hash
from numbered r join submission u using (submission) join bank_attempt t on t.acts_hash = u.file_hash join bank_message m using (message)
where ($4::bytea[] is null or u.file_hash = any($4)) and ((r.is_stated and r.nth > 1) or (r.is_stated or r.nth = 1 and not r.has_statement) and not exists (
    select from entry e join submission b using (submission)
    where e.reference = r.reference and e.kind = r.kind and b.sender = 'bank' and (not r.is_stated
          or not exists (select from stated where stated.submission = e.submission)
             and not exists (select from duplicate d join stated using (submission) where d.entry_id = e.entry_id))))
order by r.reference, r.kind, r.submission, r.line, t.message limit $1)
union all
(select m.file_name, t.batch_id, r.reference, r.kind, r.amount, null, null
from booked_again r join bank_last_attempt t using (message) join bank_message m using (message)
where $4::bytea[] is null order by r.reference, r.kind, r.message, r.line limit $1);

-- name: returns_by_reason
-- Returned and rejected transfers by reason.
select i.reason, i.sort, count(*) as items, sum(i.amount)::bigint as cents
from bank_item i join bank_last_attempt using (message, attempt)
where i.why = 0 and i.sort > 2 and not exists (
    select from bank_item o join bank_last_attempt using (message, attempt)
    where o.entry_id = i.entry_id and o.sort = i.sort and o.why = 0 and (o.message, o.row) < (i.message, i.row))
group by i.reason, i.sort order by items desc, i.reason;
