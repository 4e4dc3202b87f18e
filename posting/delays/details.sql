-- name: pages
select entry_id, page from request_detail order by entry_id;

-- name: page_ends
select entry_id, last_entry from request_detail order by entry_id;

-- name: some_pages
select entry_id, page from request_detail where entry_id = any($1::bigint[]) order by entry_id;

-- name: entries
select entry_id, predecessor, day from entry where entry_id = any($1::bigint[]) order by entry_id;
