-- name: entry_end
-- The end of the entries of the batches up to $1, exclusive.
select coalesce(max(first_entry + entries), 0) as entry_end from batch where batch <= $1;
