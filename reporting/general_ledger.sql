-- name: ledger_accounts
-- The accounts of each accountant and exercise, in order of their codes: what stood there before month $10, debit less credit, and what
-- moved from month $10 to month $11.  Of accounts $9 (all if null).
select p.exercise, p.accountant, s.account,
       coalesce(sum(s.debit - s.credit) filter (where p.month < $10::smallint), 0)::bigint as opening,
       coalesce(sum(s.debit) filter (where p.month >= $10), 0)::bigint as debit,
       coalesce(sum(s.credit) filter (where p.month >= $10), 0)::bigint as credit,
       count(*) filter (where p.month >= $10) as movements
from posted p cross join lateral (values (p.debit, p.amount, 0), (p.credit, 0, p.amount)) as s (account, debit, credit)
join reference_text a on a.kind = 5 and a.id = s.account
left join reference_text t on t.kind = 8 and t.id = p.accountant
where s.account <> 0 and p.month <= $11::smallint and ($9::smallint[] is null or s.account = any($9))
group by p.exercise, p.accountant, s.account, t.code, a.code
order by p.exercise, coalesce(t.code, '') collate "C", a.code collate "C";

-- name: ledger_movements
-- The movements from month $9 to month $10 of accounts $13 of accountants $12 in exercises $11, account by account in the order of
-- entries, without the first $14 and at most $15; ``change`` is what moved on the account so far, debit less credit.
select b.place, p.entry_id, p.day, p.exercise, p.month, p.accountant, p.kind, p.reference, p.sender, s.counterpart, s.debit, s.credit,
       sum(s.debit - s.credit) over (partition by b.place order by p.entry_id, s.credit rows unbounded preceding)::bigint as change
from posted p
cross join lateral (values (p.debit, p.credit, p.amount, 0), (p.credit, p.debit, 0, p.amount)) as s (account, counterpart, debit, credit)
join unnest($11::smallint[], $12::smallint[], $13::smallint[]) with ordinality as b (exercise, accountant, account, place)
  on b.exercise = p.exercise and b.accountant = p.accountant and b.account = s.account
where p.month between $9::smallint and $10::smallint
order by b.place, p.entry_id, s.credit offset $14 limit $15;
