-- name: merges
-- The merges in use, with the codes of both.
select m.payee, m.into_payee, m.first_day, m.reason, p.code, i.code as into_code
from third_party_merge m
cross join lateral (select code from payee where payee = m.payee order by entry_id limit 1) p
cross join lateral (select code from payee where payee = m.into_payee order by entry_id limit 1) i
order by m.after_entry, m.payee;

-- name: payees_of_codes
select distinct payee, code from payee where code = any($1::text[]);

-- name: late_names
-- The last entry of kinds $3 that names each of the payees $1 on the day of $2 at its place or later.
select w.payee, max(e.entry_id) as entry_id, max(e.day) as day, count(*) as entries
from unnest($1::int[], $2::date[]) as w (payee, first_day) join entry e on e.payee = w.payee and e.day >= w.first_day
where e.kind = any($3::smallint[]) group by w.payee order by w.payee;

-- name: insert_merges
insert into third_party_merge (payee, into_payee, first_day, reason, after_entry)
select w.payee, w.into_payee, w.first_day, w.reason, (select coalesce(max(entry_id), 0) from entry)
from unnest($1::int[], $2::int[], $3::date[], $4::text[]) as w (payee, into_payee, first_day, reason);
