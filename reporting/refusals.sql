-- name: refusals
select code, sum(lines)::bigint as lines, sum(amount)::bigint as cents, count(distinct submission) as submissions
from refusal_count where $1::int is null or submission = $1
group by code order by sum(lines) desc, code;

-- name: refused_lines
select batch, submission, line, lines, code, field, kind, node, missing, amount, reference, found
from refusal where submission = $1 order by line limit $2;
