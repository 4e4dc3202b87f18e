-- name: posted_lines
-- The beginning of statements: the entries from $2 up to, not including, $1 that post on an account, as ``posted``.  Of sender $3 on fund
-- centres $4 (all if null); an entry of a sender of Crescendo's own, $5, belongs to the sender of the act that it follows.  Of exercise $6,
-- accountant $7 and fund centres $8 (all if null).  Openings (month 0) and the result (month 15) are of no programme: left out of a part
-- of the journal.
with recursive own as materialized (
    select e.entry_id, e.predecessor, e.day, e.exercise, e.month, e.accountant, e.kind, e.reference, s.sender, e.debit, e.credit, e.amount, e.payee, e.cell
    from entry e join submission s on s.submission = e.submission
    where s.sender = any($5::text[]) and $3::text is not null and e.entry_id < $1::bigint
),
climb as (
    select entry_id, predecessor as at from own
    union all
    select c.entry_id, o.predecessor from climb c join own o on o.entry_id = c.at
),
line as (
    select e.entry_id, e.day, e.exercise, e.month, e.accountant, e.kind, e.reference, s.sender, e.debit, e.credit, e.amount, e.payee, e.cell
    from entry e join submission s on s.submission = e.submission
    where ($3::text is null or s.sender = $3) and e.entry_id >= $2::bigint and e.entry_id < $1
    union all
    select o.entry_id, o.day, o.exercise, o.month, o.accountant, o.kind, o.reference, o.sender, o.debit, o.credit, o.amount, o.payee, o.cell
    from climb c join own o on o.entry_id = c.entry_id join entry e on e.entry_id = c.at join submission s on s.submission = e.submission
    where s.sender = $3 and o.entry_id >= $2
),
posted as (
    select l.entry_id, l.day, l.exercise, l.month, l.accountant, l.kind, l.reference, l.sender, l.debit, l.credit, l.amount, l.payee
    from line l left join cell c on c.cell = l.cell
    where (l.debit <> 0 or l.credit <> 0) and (l.month not in (0, 15) or $3 is null and $4::int[] is null)
      and ($4 is null or l.cell = 0 or c.centre = any($4)) and ($6::smallint is null or l.exercise = $6)
      and ($7::smallint is null or l.accountant = $7) and ($8::int[] is null or c.centre = any($8))
)

-- name: entry_end_of_batch
-- The number behind the last entry at or before batch $1.
select coalesce(max(first_entry + entries), 1) as entry_end from batch where batch <= $1;
