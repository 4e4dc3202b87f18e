-- name: bank_statements
-- Statements add up, and the opening balance of each is the closing balance of the previous statement of the account.
with chained as (
    select *, lag(closing) over (partition by account order by message, statement) as before from bank_statement where closing is not null
)
select 'statement ' || identity || ' of ' || account as place, euros(opening + credit_cents - debit_cents) as found, euros(closing) as expected
from chained where opening + credit_cents - debit_cents <> closing
union all
select 'statement ' || identity || ' of ' || account, 'opens with ' || euros(opening), euros(before) from chained where before <> opening;

-- name: bank_items
-- The last import of each message states as many items as are stored of it, and as many acts as were submitted to the journal.
with last as (
    select message, max(attempt) as attempt from bank_attempt group by message
), kept as (
    select message, attempt, count(*) filter (where why <> 0) as unmatched, count(*) filter (where why = 0 and sort = 3) as returns,
           count(*) filter (where why = 0 and sort = 4) as rejects
    from bank_item group by message, attempt
)
select 'message ' || a.message as place,
       coalesce(k.unmatched, 0) || ' unmatched, ' || coalesce(k.returns, 0) || ' returned, ' || coalesce(k.rejects, 0) || ' refused' as found,
       a.unmatched || ' unmatched, ' || a.returns || ' returned, ' || a.rejects || ' refused' as expected
from bank_attempt a join last using (message, attempt) left join kept k using (message, attempt)
where coalesce(k.unmatched, 0) <> a.unmatched or coalesce(k.returns, 0) <> a.returns or coalesce(k.rejects, 0) <> a.rejects
union all
select 'message ' || a.message, s.lines || ' lines', a.acts || ' acts' from bank_attempt a join bank_submission s using (message, attempt)
where s.lines <> a.acts;

-- name: bank_transit
-- Each transfer is debited or rejected at most once, for its own amount: the transit account consists, item by item, of transfers not yet debited (rule A56).
with answered as (
    select e.predecessor as entry_id, sum(e.amount) as cents, count(*) as times
    from entry e join kind k using (kind) where k.after = 'IN_TRANSIT' group by e.predecessor
)
select 'entry ' || a.entry_id as place, a.times || ' debits or rejections, ' || euros(a.cents) as found,
       coalesce('one, ' || euros(e.amount), 'none') as expected
from answered a left join (select e.entry_id, e.amount from entry e join kind k using (kind) where k.remits) e using (entry_id)
where e.entry_id is null or a.times <> 1 or a.cents <> e.amount;

-- name: bank_books
-- As of the last statement of each operations account, the books equal the bank's balance, except for the listed items that did not match (rule A56).
with of_cell as (
    select distinct c.cell, a.account from cell c join reference_text t on t.kind = 1 and t.id = c.centre
    join assigned a on a.centre = t.code and a.exercise = c.budget_year
), transfer as (  -- the account of a run's transfer is the one stored at the issue; any other is the one of the reference data now
    select e.entry_id, coalesce(r.account, o.account) as account
    from entry e join kind k using (kind) left join payment_submission p using (submission)
    left join run_line l on l.run = p.run and l.entry_id = e.predecessor
    left join run_accountant n on n.run = l.run and n.accountant = l.accountant
    left join run_account r on r.run = n.run and r.code = n.code and coalesce(r.exercise, e.exercise) = e.exercise
    left join of_cell o on o.cell = e.cell
    where k.remits
), debit as (
    select e.entry_id, e.amount, e.day, t.account, k.credit_role = 'TREASURY' as is_of_bank from entry e join kind k using (kind) join transfer t on t.entry_id = e.predecessor
    where k.reaches = 'DEBITED'
), posting as (  -- what each attempt makes of movements that are of no transfer
    select message, attempt, statement, reference, amount from bank_receipt
    union all
    select b.message, b.attempt, b.statement, b.reference, if(i.sort in (2, 3), b.amount, -b.amount) from bank_suspense b join bank_item i using (message, attempt, row)
), answer as (
    select account, day, -amount as cents from debit where is_of_bank
    union all
    select d.account, e.day, e.amount from entry e join kind k using (kind) join debit d on d.entry_id = e.predecessor
    where k.after = 'DEBITED' and k.debit_role = 'TREASURY'
    union all
    select c.account, e.day, if(k.debit_role = 'TREASURY', e.amount, -e.amount) from entry e join kind k using (kind) join submission u using (submission)
    join (
        select distinct r.reference, s.account from posting r join bank_statement s using (message, statement) where s.closing is not null
    ) c using (reference)
    where k.family = 'RECEIPT' and u.sender = 'bank'
    union all  -- receipts by hand that are credits, on the day of the bank
    select s.account, i.day, h.amount from bank_hand_receipt h join bank_item i using (message, attempt, row)
    join bank_statement s on s.message = h.message and s.statement = h.statement join entry e on e.entry_id = h.entry_id
    where h.attempt = (select max(attempt) from bank_attempt a where a.message = h.message)
), told as (
    select account, arg_max(day, (message, statement)) as day, arg_max(closing, (message, statement)) as closing,
           arg_min(opening, (message, statement)) as opening
    from bank_statement where closing is not null group by account
), moved as (
    select account, sum(a.cents) as cents from answer a join told t using (account) where a.day <= t.day group by account
), unmatched as (
    select s.account, sum(case when i.sort in (2, 3) then i.amount - coalesce(b.amount, 0) else coalesce(b.amount, 0) - i.amount end) as cents
    from bank_item i join bank_statement s using (message, statement) left join bank_suspense b using (message, attempt, row)
    where i.why not in (0, 18) and s.closing is not null and i.attempt =  -- 18: a notice has posted it
           (select max(attempt) from bank_attempt a where a.message = i.message)
    group by s.account
), not_collected as (  -- movements whose receipts or suspense the journal refused; one that is not decided yet is a difference
    select s.account, sum(r.amount) as cents
    from posting r join bank_statement s using (message, statement)
    where s.closing is not null and r.attempt = (select max(attempt) from bank_attempt a where a.message = r.message)
      and r.reference not in (
          select e.reference from entry e join kind k using (kind) join submission u using (submission)
          where k.family = 'RECEIPT' and u.sender = 'bank')
      and exists (
          select 1 from bank_submission b join refusal f using (submission) join kind k on k.kind = f.kind
          where b.message = r.message and b.attempt = r.attempt and f.reference = r.reference and k.family = 'RECEIPT')
    group by s.account
), stated as (
    select s.submission, s.message, s.is_whole, row_number() over (partition by s.message order by s.attempt desc, s.submission desc) = 1 as is_last
    from bank_submission s where s.message in (select message from bank_statement where closing is not null)
), refused as (  -- a refused movement still moved the account, once for each statement that lists it
    select distinct k.reaches, r.kind, r.amount, r.line, r.reference, r.submission
    from refusal r join kind k using (kind) join stated s using (submission)
    where s.is_last and (k.reaches = 'DEBITED' or k.after = 'DEBITED')
), noticed as (  -- movements booked from notices only; if the first statement that lists one was refused, both describe the same movement
    select n.reference, n.kind, n.day from entry n join submission b using (submission)
    where b.sender = 'bank' and n.submission not in (select submission from stated)
      and n.entry_id not in (select d.entry_id from duplicate d where d.submission in (select submission from stated))
), repeated as (  -- each statement but the first that books a transfer on the same day; a repetition of whole statements moves nothing
    select distinct t.message, d.line, k.reaches, e.kind, e.amount, e.reference, exists (select 1 from stated o where o.submission = e.submission) as is_booked
    from duplicate d join stated t using (submission) join entry e using (entry_id) join kind k on k.kind = e.kind
    where t.is_last and t.is_whole and (k.reaches = 'DEBITED' or k.after = 'DEBITED')
      and not exists (select 1 from stated o where o.submission = e.submission and o.message = t.message)
), again as (
    select c.account, sum(case r.reaches when 'DEBITED' then -r.amount else r.amount end) as cents
    from (select *, dense_rank() over (partition by reference, kind order by message) as nth from repeated) r
    join transfer c on c.entry_id = try_cast(r.reference[2:] as bigint)
    where r.nth > 1 or r.is_booked group by c.account
), explained as (
    select c.account, sum(case r.reaches when 'DEBITED' then -r.amount else r.amount end) as cents
    from refused r join transfer c on c.entry_id = try_cast(r.reference[2:] as bigint) join told t using (account)
    where r.submission > (select min(f.submission) from refused f where f.reference = r.reference and f.kind = r.kind)
       or not exists (select 1 from noticed n where n.reference = r.reference and n.kind = r.kind and n.day <= t.day)
    group by c.account
)
select 'account ' || t.account as place,
       euros(t.opening + coalesce(m.cents, 0) + coalesce(u.cents, 0) + coalesce(c.cents, 0) + coalesce(r.cents, 0) + coalesce(g.cents, 0)) as found,
       euros(t.closing) as expected
from told t left join moved m using (account) left join unmatched u using (account) left join explained r using (account) left join again g using (account)
left join not_collected c using (account)
where t.opening + coalesce(m.cents, 0) + coalesce(u.cents, 0) + coalesce(c.cents, 0) + coalesce(r.cents, 0) + coalesce(g.cents, 0) <> t.closing;

-- name: set_offs
-- A set-off lowers a debt and, in the next entry of its act, a receivable of the same person and accountant, by one amount, once that is
-- due.  A receivable is due on the day that it states, and never before its own; of before that was stored nothing is checked (rule A58).
with half as (
    select e.*, k.pairs, coalesce(w.person, e.payee) as person
    from entry e join kind k on k.kind = e.kind left join person_of w using (payee) where k.pairs in ('DEBT', 'RECEIVABLE')
)
select entry_name(h.entry_id, h.reference) as place,
       'a ' || if(h.pairs = 'DEBT', 'set-off', 'collection by set-off') || ' of ' || euros(h.amount) || ' alone, or with another person or sum' as found,
       'a debt and a receivable of one person, by one amount on one day' as expected
from half h left join half o
  on o.entry_id = if(h.pairs = 'DEBT', h.entry_id + 1, h.entry_id - 1) and o.pairs <> h.pairs
 and o.submission = h.submission and o.reference = h.reference and o.exercise = h.exercise
 and o.amount = h.amount and o.day = h.day and o.month = h.month and o.person = h.person and o.accountant = h.accountant
where o.entry_id is null
union all
select entry_name(h.entry_id, h.reference), 'of ' || h.day || ', of a receivable that is due on ' || to_day(r.source), 'a receivable that is due'
from half h join entry r on r.entry_id = h.predecessor where h.pairs = 'RECEIVABLE' and h.day < to_day(r.source)
union all
select entry_name(r.entry_id, r.reference), 'due on ' || to_day(r.source), 'due on ' || greatest(r.day, to_day(coalesce(l.due, 0)))
from entry r join kind k on k.kind = r.kind left join request_line l on l.entry_id = r.entry_id
where k.family = 'RECEIVABLE' and r.source > 0
  and if(coalesce(l.due, 0) > 0, to_day(r.source) <> greatest(r.day, to_day(l.due)), to_day(r.source) < r.day);

-- name: blocked_unpaid
-- No transfer is sent to a third party between its block and its release (rule A60).
with block as (
    select e.payee, e.entry_id, k.change, lead(e.entry_id) over (partition by e.payee order by e.entry_id) as ended
    from entry e join kind k on k.kind = e.kind where k.change in ('BLOCK', 'RELEASE')
)
select entry_name(p.entry_id, p.reference) as place, 'sent after entry ' || b.entry_id || ', which blocks the third party' as found,
       'no transfer before its release' as expected
from block b join entry p on p.payee = b.payee and p.entry_id > b.entry_id and p.entry_id < coalesce(b.ended, 9223372036854775807)
join kind k on k.kind = p.kind where b.change = 'BLOCK' and k.remits;
