-- name: refusals
-- Refused lines by reason, of submission $1 and sender $2 (all if null); those of Crescendo's own senders $3 apart, after the others.
select s.sender = any($3::text[]) as is_own, r.code, sum(r.lines)::bigint as lines, sum(r.amount)::bigint as cents,
       count(distinct r.submission) as submissions
from refusal_count r join submission s on s.submission = r.submission
where ($1::int is null or r.submission = $1) and ($2::text is null or s.sender = $2)
group by 1, r.code order by 1, sum(r.lines) desc, r.code;

-- name: last_batch_of_submission
-- The last batch with lines of a submission; 0 before the first.
select coalesce(max(batch), 0) as batch from progress where submission = $1;

-- name: refused_page
-- The next $3 rows of refused lines after line $2, refused up to batch $4 (null: all).  The index on refusal is by batch, so the
-- query first finds the batches that can contain them.  The first pass decides a file in order: skip its batches up to
-- next_line $2, and stop after the batch that brings $3 more rows.  Held acts are decided in later passes, at any line: search
-- all batches of those passes.  A row about several lines belongs to the page of the last of them.
with step as (
    select batch, pass, next_line, refusal_rows as rows from progress where submission = $1 and batch <= coalesce($4, batch)
), ahead as (
    select batch, rows from step where pass = 1 and next_line > $2
), here as (
    select min(batch) as first,
           coalesce(min(batch) filter (where rows >= (select min(rows) from ahead) + $3), max(batch)) as last
    from ahead
), later as (
    select min(batch) as first, max(batch) as last from step where pass > 1
)
select batch, submission, line, lines, code, field, kind, node, missing, amount, reference, found
from refusal
where submission = $1 and line + lines - 1 > $2
  and (batch between (select first from here) and (select last from here)
    or batch between (select first from later) and (select last from later))
order by line limit $3;

-- name: refusals_of_scope
-- The same of what sender $4 may see on fund centres $5 of programmes $6 (all if null): a line belongs to the fund centre that refused it, and
-- one without a fund centre to the programmes of its file.
with line as (
    select submission, code, lines, amount, node from refusal where $1::int is null or submission = $1
    union all
    select p.submission, p.stretch_code, p.stretch_rest_lines, p.stretch_rest_cents, 0 from progress p
    where p.stretch_rest_lines > 0 and ($1::int is null or p.submission = $1)
      and not exists (select from progress l where l.submission = p.submission and l.batch > p.batch)
)
select s.sender = any($3::text[]) as is_own, l.code, sum(l.lines)::bigint as lines, sum(l.amount)::bigint as cents, count(distinct l.submission) as submissions
from line l join submission s on s.submission = l.submission
where ($2::text is null or s.sender = $2) and ($4::text is null or s.sender = $4)
  and ($5::int[] is null or case when l.node = 0 then s.programmes <@ $6::text[] else l.node / 6 % 131072 = any($5::int[]) end)
group by 1, l.code order by 1, sum(l.lines) desc, l.code;
