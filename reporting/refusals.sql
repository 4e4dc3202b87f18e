-- name: refusals
select code, sum(lines)::bigint as lines, sum(amount)::bigint as cents, count(distinct submission) as submissions
from refusal_count where $1::int is null or submission = $1
group by code order by sum(lines) desc, code;

-- name: refused_lines
select batch, submission, line, lines, code, field, kind, node, missing, amount, reference, found
from refusal where submission = $1 order by line limit $2;

-- name: refusals_of_scope
-- The same of sender $2 on fund centres $3 of programmes $4 (all if null): a line belongs to the fund centre that refused it, and
-- one without a fund centre to the programmes of its file.
with line as (
    select submission, code, lines, amount, node from refusal where $1::int is null or submission = $1
    union all
    select p.submission, p.stretch_code, p.stretch_rest_lines, p.stretch_rest_cents, 0 from progress p
    where p.stretch_rest_lines > 0 and ($1::int is null or p.submission = $1)
      and not exists (select from progress l where l.submission = p.submission and l.batch > p.batch)
)
select l.code, sum(l.lines)::bigint as lines, sum(l.amount)::bigint as cents, count(distinct l.submission) as submissions
from line l join submission s on s.submission = l.submission
where ($2::text is null or s.sender = $2)
  and ($3::int[] is null or case when l.node = 0 then s.programmes <@ $4::text[] else l.node / 6 % 131072 = any($3::int[]) end)
group by l.code order by sum(l.lines) desc, l.code;
