-- name: insert_signer
insert into signer (signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at)
select $1, $2, $3, $4, $5, $6, $7, t.valid_from, coalesce(t.valid_from + $9::interval, 'infinity')
from (select coalesce($8::timestamptz, clock_timestamp()) as valid_from) t
on conflict do nothing returning signer;

-- name: end_signer
insert into signer_end (signer, reason) select signer, $2 from signer where signer = $1 on conflict do nothing returning signer;

-- name: has_signer
select exists (select from signer where signer = $1);

-- name: signers
select s.signer, s.sender, encode(s.public_key, 'hex') as public_key, s.roles, s.programmes, s.language, s.pain002, s.created_at, s.valid_from,
       case when isfinite(s.expires_at) then s.expires_at end as expires_at, e.ended_at, e.reason
from signer s left join signer_end e using (signer)
where $1::text is null or s.sender = $1 order by s.created_at, s.signer;

-- name: signers_of
select signer, sender, public_key, roles, programmes, language, pain002,
       clock_timestamp() >= valid_from and clock_timestamp() < expires_at
       and not exists (select from signer_end e where e.signer = s.signer) as is_live
from signer s where sender = $1 order by created_at desc, signer;

-- name: insert_taken
insert into drop_taken (sender, file_name, submission, signer) values ($1, $2, $3, $4) returning taken;

-- name: insert_answered
insert into drop_answered (taken) values ($1) on conflict do nothing;

-- name: unanswered
select t.taken, t.sender, t.file_name, t.submission, coalesce(s.language, 'en') as language, coalesce(s.pain002, false) as pain002
from drop_taken t left join signer s using (signer)
where not exists (select from drop_answered a where a.taken = t.taken) order by t.taken;

-- name: ended
-- Decided or cancelled.
select s.submission from unnest($1::int[]) as s (submission)
where (select done from progress p where p.submission = s.submission order by batch desc limit 1)
   or exists (select from cancellation c where c.submission = s.submission);
