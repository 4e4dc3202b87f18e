-- name: insert_key
insert into access_key (key, sender, digest, roles, programmes, label, expires_at)
values ($1, $2, $3, $4, $5, $6, coalesce(clock_timestamp() + $7::interval, 'infinity'));

-- name: end_key
insert into access_key_end (key, reason) select key, $2 from access_key where key = $1 on conflict do nothing returning key;

-- name: has_key
select exists (select from access_key where key = $1);

-- name: live_keys
select key, sender, digest, roles, programmes, case when isfinite(expires_at) then expires_at end as expires_at from access_key a
where not exists (select from access_key_end e where e.key = a.key);

-- name: keys
select a.key, a.sender, a.roles, a.programmes, a.label, a.created_at, case when isfinite(a.expires_at) then a.expires_at end as expires_at,
       e.ended_at, e.reason
from access_key a left join access_key_end e using (key)
where $1::text is null or a.sender = $1 order by a.created_at, a.key;

-- name: insert_audit
insert into audit (key, sender, address, action, code, detail, times)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[]);

-- name: insert_pause
insert into pause (sender, is_paused, reason, key, by) select $1, $2, $3, $4, $5
where exists (select from access_key where sender = $1) or exists (select from submission where sender = $1) returning true;

-- name: paused
select sender, reason from paused order by sender;
