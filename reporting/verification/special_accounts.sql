-- One statement per rule of special accounts, as in checks.sql.

-- name: special_accounts
-- At no moment did an earmarked account, or a section of one, order or pay more of a year than was collected for its programmes in that
-- year, and brought forward (LOLF art. 21; rule A23).
with running as (
    select *, sum(collected) over w as collected_here, sum(spent) over w as spent_here
    from special_step window w as (partition by year, account, section order by entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       euros(r.spent_here) || ' ordered or paid in ' || r.year || ' by the account ' || r.account || if(r.section = '', '', ', section ' || r.section) as found,
       'at most ' || euros(r.collected_here + b.brought) || ', of which ' || euros(b.brought) || ' brought forward' as expected
from running r join (select distinct year, account, section, brought from special_programme) b using (year, account, section)
join entry e on e.entry_id = r.entry_id
where r.spent > 0 and r.spent_here > r.collected_here + b.brought;

-- name: special_engagements
-- At no moment did such an account, or section, engage more AE of a year than that, with what carries brought into it (LOLF art. 21; rule A23).
with running as (
    select *, sum(collected) over w as collected_here, sum(engaged + carried) over w as engaged_here, sum(carried) over w as carried_here
    from special_step window w as (partition by year, account, section order by entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       euros(r.engaged_here) || ' engaged in ' || r.year || ' by the account ' || r.account || if(r.section = '', '', ', section ' || r.section)
       || ', of which ' || euros(r.carried_here) || ' carried into it' as found,
       'at most ' || euros(r.collected_here + b.brought) || ', of which ' || euros(b.brought) || ' brought forward' as expected
from running r join (select distinct year, account, section, brought from special_programme) b using (year, account, section)
join entry e on e.entry_id = r.entry_id
where r.engaged > 0 and r.is_new and r.engaged_here > r.collected_here + b.brought;

-- name: special_balances
-- What was collected, engaged and carried for a programme of an earmarked account after every batch follows from the journal (rule A23).
-- A batch that undid an act may store the figures again.
select coalesce(t.code, 'programme ' || b.programme) || ' of ' || b.budget_year || ' after batch ' || b.batch as place,
       'collected ' || euros(b.collected) || ', engaged ' || euros(b.engaged) || ', carried ' || euros(b.carried) as found,
       'collected ' || euros(coalesce(f.collected, 0)) || ', engaged ' || euros(coalesce(f.engaged, 0)) || ', carried ' || euros(coalesce(f.carried, 0))
       || ' from the journal' as expected
from special_balance b asof left join special_figure f on f.programme = b.programme and f.year = b.budget_year and f.batch <= b.batch
left join reference_text t on t.kind = 1 and t.id = b.programme
where b.collected <> coalesce(f.collected, 0) or b.engaged <> coalesce(f.engaged, 0) or b.carried <> coalesce(f.carried, 0)
union all
select coalesce(t.code, 'programme ' || f.programme) || ' of ' || f.year || ' after batch ' || f.batch, 'no row of special_balance', 'one: the batch collected, engaged or carried for this programme'
from special_figure f left join reference_text t on t.kind = 1 and t.id = f.programme
where not exists (select 1 from special_balance b where b.batch = f.batch and b.programme = f.programme and b.budget_year = f.year);

-- name: special_payments
-- An earmarked account pays no third party that is the State itself, unless a finance law allows it (LOLF art. 21; rule A23).
select entry_name(e.entry_id, e.reference) as place, 'asks the account ' || o.account || ' to pay ' || f.payee as found,
       'a payee that is not the State, or an article of a finance law in state_payees.csv' as expected
from entry e join kind k on k.kind = e.kind join special_cell o using (cell) join (select distinct payee, code from payee) p on p.payee = e.payee
join special_forbidden f on f.year = o.year and f.code = o.code and f.payee = p.code
where k.family in ('PAYMENT_REQUEST', 'RETENTION') and k.pays and not k.inherits;

-- name: special_pay
-- No credits of title 2 are brought to a special account or spent there, save one that pays staff by its nature (LOLF art. 20; rule A23).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' on title 2 of programme ' || u.code as found, 'another title, or a programme of the general budget' as expected
from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell join cell c on c.cell = e.cell
join reference_text t on t.kind = 1 and t.id = c.centre join unpaid_programme u on u.year = c.budget_year and u.code = left(t.code, 4)
where p.base % 6 >= 3 and (k.budget in ('OPEN', 'OPEN_FUND', 'MOVE', 'VIREMENT', 'DECREE_TRANSFER')
                           or k.budget = 'REASSIGN' and k.settles > 0
                           or k.budget = 'SPEND' and k.ae_reserved + k.ae_consumed + k.cp_reserved + k.cp_consumed > 0);
