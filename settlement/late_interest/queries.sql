-- name: own_claims
-- References of our claims.
select e.predecessor, e.reference from entry e join submission s using (submission)
where e.kind = $1 and s.sender = $2 and e.predecessor = any($3::bigint[]);

-- name: payees
select distinct payee, code from payee where payee = any($1::int[]);

-- name: references
select entry_id, reference from entry where entry_id = any($1::bigint[]) order by entry_id;

-- name: mark
select coalesce(max(last_entry), 0) as entry from interest_mark;

-- name: insert_mark
insert into interest_mark (last_entry) select $1::bigint where $1::bigint > 0 on conflict do nothing;

-- name: last_entry
select coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as entry;

-- name: pending_files
-- Files of claims that are not decided yet.
select s.file_name from unfinished u join submission s using (submission)
where u.sender = $1 and starts_with(s.batch_id, $2) order by u.submission;
