-- name: payees_of_codes
-- The payees of codes $1, each with the account that is in force, and whether it is blocked: by kinds $2, until one of kinds $3.
select p.code, p.payee, p.iban, coalesce(b.kind = any($2::smallint[]), false) as is_blocked
from (select distinct on (payee) payee, code, upper(replace(iban, ' ', '')) as iban from payee where code = any($1::text[])
      order by payee, entry_id desc) p
left join lateral (select e.kind from entry e where e.payee = p.payee and e.kind = any($2::smallint[] || $3::smallint[])
                   order by e.entry_id desc limit 1) b on true;

-- name: open_debts
-- What is left of the debts (kinds $2) and receivables (kinds $3) of each of payees $1: less what the kinds $4 take up, and with what
-- the kinds $5 give back of a part or a release (kinds $6); is_part says of a debt that it is owed by an opposition or an assignment.
with debt as (
    select e.entry_id, e.payee, e.kind, e.amount from entry e where e.payee = any($1::int[]) and e.kind = any($2::smallint[] || $3::smallint[])
),
taken as (
    select t.predecessor as entry_id, sum(t.amount) as cents from entry t join debt d on d.entry_id = t.predecessor
    where t.kind = any($4::smallint[]) group by t.predecessor
),
returned as (
    select p.predecessor as entry_id, sum(r.amount) as cents
    from entry p join debt d on d.entry_id = p.predecessor join entry r on r.predecessor = p.entry_id
    where p.kind = any($6::smallint[]) and r.kind = any($5::smallint[]) group by p.predecessor
)
select d.payee, d.kind = any($3::smallint[]) as is_receivable, d.kind = any($7::smallint[]) as is_part, count(*) as items,
       sum(d.amount - coalesce(t.cents, 0) + coalesce(r.cents, 0))::bigint as cents
from debt d left join taken t using (entry_id) left join returned r using (entry_id)
where d.amount - coalesce(t.cents, 0) + coalesce(r.cents, 0) > 0
group by d.payee, is_receivable, is_part order by d.payee, is_receivable, is_part;
