-- name: engine
select layout, version from engine;

-- name: links
select batch, layout, first_entry, entries, refusals, duplicates, payees, cells, amount, chain from batch order by batch;

-- name: batch
select batch, epoch, layout, first_entry, entries, refusals, duplicates, payees, cells, amount from batch;

-- name: submission
select submission, sender, attempt, declared_lines, declared_cents from submission;

-- name: progress
select submission, batch, pass, next_line, done, accepted, duplicate, refused, suspended,
       accepted_cents, duplicate_cents, refused_cents, suspended_cents
from progress;

-- name: held
select submission, batch, pass, line, lines from held;

-- name: reference_text
select kind, id, code from reference_text;

-- name: strays
select 'entry' as name, count(*) as rows from entry where entry_id < 1 or entry_id >= $1
union all select 'payee', count(*) from payee where entry_id < 1 or entry_id >= $1
union all select 'refusal', count(*) from refusal where not batch between 1 and $2
union all select 'duplicate', count(*) from duplicate where not batch between 1 and $2
union all select 'cell', count(*) from cell where not batch between 1 and $2
union all select 'node_balance', count(*) from node_balance where not batch between 1 and $2
union all select 'account_balance', count(*) from account_balance where not batch between 1 and $2;
