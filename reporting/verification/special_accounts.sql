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
-- At no moment did such an account, or section, engage more AE of a year than that (LOLF art. 21; rule A23).
with running as (
    select *, sum(collected) over w as collected_here, sum(engaged) over w as engaged_here
    from special_step window w as (partition by year, account, section order by entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       euros(r.engaged_here) || ' engaged in ' || r.year || ' by the account ' || r.account || if(r.section = '', '', ', section ' || r.section) as found,
       'at most ' || euros(r.collected_here + b.brought) || ', of which ' || euros(b.brought) || ' brought forward' as expected
from running r join (select distinct year, account, section, brought from special_programme) b using (year, account, section)
join entry e on e.entry_id = r.entry_id
where r.engaged > 0 and r.engaged_here > r.collected_here + b.brought;

-- name: special_balances
-- What was collected and engaged for a programme of an earmarked account after every batch follows from the journal (rule A23).
-- A batch that undid an act may store the figures again.
select coalesce(t.code, 'programme ' || b.programme) || ' of ' || b.budget_year || ' after batch ' || b.batch as place,
       'collected ' || euros(b.collected) || ', engaged ' || euros(b.engaged) as found,
       'collected ' || euros(coalesce(f.collected, 0)) || ', engaged ' || euros(coalesce(f.engaged, 0)) || ' from the journal' as expected
from special_balance b asof left join special_figure f on f.programme = b.programme and f.year = b.budget_year and f.batch <= b.batch
left join reference_text t on t.kind = 1 and t.id = b.programme
where b.collected <> coalesce(f.collected, 0) or b.engaged <> coalesce(f.engaged, 0)
union all
select coalesce(t.code, 'programme ' || f.programme) || ' of ' || f.year || ' after batch ' || f.batch, 'no row of special_balance', 'one: the batch collected or engaged for this programme'
from special_figure f left join reference_text t on t.kind = 1 and t.id = f.programme
where not exists (select 1 from special_balance b where b.batch = f.batch and b.programme = f.programme and b.budget_year = f.year);
