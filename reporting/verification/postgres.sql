-- name: engine
select layout, version from engine;

-- name: links
select batch, layout, first_entry, entries, refusals, duplicates, payees, cells, request_pages, amount, chain from batch order by batch;

-- name: batch
select batch, epoch, layout, first_entry, entries, refusals, duplicates, payees, cells, request_pages, amount from batch;

-- name: submission
select submission, sender, attempt, declared_lines, declared_cents from submission;

-- name: cancellation
select submission from cancellation;

-- name: progress
select submission, batch, pass, next_line, done, accepted, duplicate, refused, suspended,
       accepted_cents, duplicate_cents, refused_cents, suspended_cents
from progress;

-- name: held
select submission, batch, pass, line, lines from held;

-- name: reference_text
select kind, id, code from reference_text;

-- name: counts
select 'entry' as name, count(*) as rows from entry
union all select 'refusal', count(*) from refusal
union all select 'duplicate', count(*) from duplicate
union all select 'payee', count(*) from payee
union all select 'cell', count(*) from cell
union all select 'request_detail', count(*) from request_detail
union all select 'node_balance', count(*) from node_balance
union all select 'account_balance', count(*) from account_balance;

-- name: summarise
-- A BRIN index knows nothing of rows added since it was last summarised, and then every look-up reads the whole table.
select brin_summarize_new_values(i.indexrelid)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
where a.amname = 'brin' and c.relnamespace = current_schema()::regnamespace
and pg_has_role(c.relowner, 'usage') and not pg_is_in_recovery();
