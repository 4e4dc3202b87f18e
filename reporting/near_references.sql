-- name: senders_of_reference
-- The senders with an accepted or refused line of reference $1, ten at most.
select distinct s.sender from submission s join (
  select submission from entry where reference = $1 union select submission from refusal where reference = $1
) l on l.submission = s.submission order by s.sender limit 10;

-- name: recent_references
-- The references of the last $1 entries and of the last $1 refused lines.
select distinct reference from (
  (select reference from entry order by entry_id desc limit $1)
  union all (select reference from refusal order by batch desc, position desc limit $1)
) l where reference <> '';
