-- name: refusals
select code, count(*) as lines, sum(amount)::bigint as cents, count(distinct submission) as submissions
from refusal where $1::int is null or submission = $1
group by code order by count(*) desc, code;

-- name: refused_lines
select batch, submission, line, code, field, kind, node, missing, amount, reference, found
from refusal where submission = $1 order by line limit $2;
