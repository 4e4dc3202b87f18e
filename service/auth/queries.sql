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

-- name: holders
select 'key ' || key as name, sender, roles from access_key a
where expires_at > clock_timestamp() and not exists (select from access_key_end e where e.key = a.key)
union all
select 'system ' || issuer || '/' || subject, sender, roles from access_grant g
where expires_at > clock_timestamp() and not exists (select from access_grant_end e where e.access_grant = g.access_grant)
  and not exists (select from access_issuer_end e where e.issuer = g.issuer)
union all
select 'signer ' || signer, sender, roles from signer s
where expires_at > clock_timestamp() and not exists (select from signer_end e where e.signer = s.signer)
order by 1;

-- name: insert_audit
insert into audit (key, sender, address, action, code, detail, times)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[]);

-- name: insert_command_audit
-- At most $7 in an hour, and one more row that says so: each command is a process of its own, and none counts them all.
insert into audit (key, sender, address, action, code, detail, times)
select $1::text, $2::text, $3::text, $4::text, case when recent.rows < $7::int then $5::text else 'attempts-beyond' end,
       case when recent.rows < $7 then $6::text else 'commands have more refused attempts in this hour, which are not stored' end, 1
from (select count(*) as rows from (select address, at from audit order by audit desc limit 1000) last
      where address = $3 and at > clock_timestamp() - interval '1 hour') recent
where recent.rows <= $7;

-- name: insert_issuer
insert into access_issuer (issuer, url, audience, claim, jwks) values ($1, $2, $3, $4, $5);

-- name: lock_issuers
select pg_advisory_xact_lock(7317, 11);

-- name: issuer_of_url
select issuer from access_issuer i where url = $1 and not exists (select from access_issuer_end e where e.issuer = i.issuer);

-- name: end_issuer
insert into access_issuer_end (issuer, reason) select issuer, $2 from access_issuer where issuer = $1 on conflict do nothing returning issuer;

-- name: has_issuer
select exists (select from access_issuer where issuer = $1);

-- name: live_issuers
select issuer, url, audience, claim, jwks from access_issuer i
where not exists (select from access_issuer_end e where e.issuer = i.issuer);

-- name: issuers
select i.issuer, i.url, i.audience, i.claim, i.jwks, i.created_at, e.ended_at, e.reason
from access_issuer i left join access_issuer_end e using (issuer) order by i.created_at, i.issuer;

-- name: lock_grants
select pg_advisory_xact_lock(7317, 12);

-- name: insert_grant
insert into access_grant (issuer, subject, sender, roles, programmes, expires_at)
values ($1, $2, $3, $4, $5, coalesce(clock_timestamp() + $6::interval, 'infinity')) returning access_grant;

-- name: live_grant
select access_grant from access_grant g where issuer = $1 and subject = $2 and expires_at > clock_timestamp()
   and not exists (select from access_grant_end e where e.access_grant = g.access_grant);

-- name: end_grants
insert into access_grant_end (access_grant, reason) select access_grant, $3 from access_grant g where issuer = $1 and subject = $2
   and not exists (select from access_grant_end e where e.access_grant = g.access_grant)
on conflict do nothing returning access_grant;

-- name: has_grant
select exists (select from access_grant where issuer = $1 and subject = $2);

-- name: live_grants
select issuer, subject, sender, roles, programmes, case when isfinite(expires_at) then expires_at end as expires_at
from access_grant g
where not exists (select from access_grant_end e where e.access_grant = g.access_grant)
  and not exists (select from access_issuer_end e where e.issuer = g.issuer)
order by access_grant;

-- name: grants
select g.issuer || '/' || g.subject as key, g.sender, g.roles, g.programmes, g.created_at,
       case when isfinite(g.expires_at) then g.expires_at end as expires_at, e.ended_at, e.reason
from access_grant g left join access_grant_end e using (access_grant)
where $1::text is null or g.sender = $1 order by g.created_at, g.access_grant;

-- name: has_holder
select exists (select from access_key where key = $1)
    or exists (select from access_grant where issuer || '/' || subject = $1);

-- name: insert_binding
insert into access_binding (holder, fingerprint) values ($1, $2);

-- name: end_binding
insert into access_binding_end (access_binding, reason) select access_binding, $3 from access_binding where holder = $1 and fingerprint = $2
on conflict do nothing returning access_binding;

-- name: bindings
select b.holder, array_agg(b.fingerprint) filter (where e.access_binding is null) as fingerprints
from access_binding b left join access_binding_end e using (access_binding) group by b.holder;

-- name: bindings_listed
select b.holder, encode(b.fingerprint, 'hex') as fingerprint, b.created_at, e.ended_at, e.reason
from access_binding b left join access_binding_end e using (access_binding) order by b.created_at, b.access_binding;

-- name: insert_pause
insert into pause (sender, is_paused, reason, key, by) select $1, $2, $3, $4, $5
where exists (select from access_key where sender = $1) or exists (select from submission where sender = $1) returning true;

-- name: paused
select sender, reason from paused order by sender;
