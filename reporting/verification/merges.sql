-- The rules of merged third parties, one statement each as in checks.sql.  Runs in DuckDB.

-- name: third_party_merges
-- A merged third party is named by no act of the first day of its merge or later, is merged into another one that is registered, and
-- not back into itself; what is owed to it is sent only while it has the bank details of its person, and that one is not blocked.
with registered as (select payee, min(entry_id) as entry_id from payee group by payee),
transfer as (
    select e.entry_id, any_value(e.reference) as reference, any_value(e.payee) as payee, arg_max(s.person, s.depth) as person
    from entry e join kind k on k.kind = e.kind join same_person s on s.payee = e.payee and s.after_entry < e.entry_id
    where k.remits group by e.entry_id
),
detailed as (
    select t.*, a.iban as own, b.iban as of_person
    from transfer t
    asof left join payee a on a.payee = t.payee and t.entry_id > a.entry_id
    asof left join payee b on b.payee = t.person and t.entry_id > b.entry_id
),
block as (
    select e.payee, e.entry_id, k.change, lead(e.entry_id) over (partition by e.payee order by e.entry_id) as ended
    from entry e join kind k on k.kind = e.kind where k.change in ('BLOCK', 'RELEASE')
)
select entry_name(e.entry_id, e.reference) as place, 'names payee ' || e.payee || ', which is merged from ' || m.first_day || ' on' as found,
       'the payee into which it was merged' as expected
from third_party_merge m join entry e on e.payee = m.payee and e.day >= m.first_day join kind k on k.kind = e.kind
where k.pays and k.change = 'NONE'
union all
select 'payee ' || m.payee, 'merged into payee ' || m.into_payee || ' after entry ' || m.after_entry, 'two payees that were registered before'
from third_party_merge m left join registered a on a.payee = m.payee left join registered b on b.payee = m.into_payee
where coalesce(a.entry_id > m.after_entry, true) or coalesce(b.entry_id > m.after_entry, true)
union all
select 'payee ' || s.payee, 'merged into itself by way of payee ' || s.person, 'a payee that stays in use'
from same_person s join third_party_merge m on m.payee = s.person and m.into_payee = s.payee
union all
select entry_name(d.entry_id, d.reference), 'sent to payee ' || d.payee || ', whose account is not that of payee ' || d.person,
       'one account of both, as they are one person'
from detailed d where d.own is distinct from d.of_person
union all
select entry_name(t.entry_id, t.reference), 'sent to payee ' || t.payee || ' after entry ' || b.entry_id || ', which blocks the person',
       'no transfer before its release'
from transfer t join block b on b.payee = t.person and t.entry_id > b.entry_id and t.entry_id < coalesce(b.ended, 9223372036854775807)
where b.change = 'BLOCK';
