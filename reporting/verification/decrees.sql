-- One statement per rule of decrees, as in checks.sql.

-- name: decree_limits
-- Decrees move within a ministry, open and cancel no more than the shares of the year allow of what finance laws opened until then (rule A19).
with running as (
    select *, node // 6 as programme, node % 6 = 3 as is_staff, sum(law) over p as law_here, sum(moved) over p as moved_here,
           sum(law) over n as law_node, sum(moved) over n as moved_node, sum(law) over y as law_year, sum(amending) over y as amending_year,
           sum(advanced) over y as advanced_year, sum(cancelled) over y as cancelled_year
    from decree_step
    window p as (partition by node // 6, measure order by entry_id), n as (partition by node, measure order by entry_id),
           y as (partition by year, measure order by entry_id)
),
part as (
    select r.entry_id, r.node, r.measure || ' ' || s.what as what, s.used, s.base * s.per_mille // 1000 as allowed
    from running r join decree_limit d on d.year = r.year, lateral (
        select unnest(['moved by decree', 'moved by decree on title 2', 'opened by decree of advance', 'cancelled by decree']) as what,
               unnest([r.moved > 0, r.moved > 0 and r.is_staff, r.advanced > 0, r.cancelled > 0]) as counts,
               unnest([r.moved_here, r.moved_node, r.advanced_year, r.cancelled_year]) as used,
               unnest([r.law_here, r.law_node, r.law_year, r.law_year + r.amending_year]) as base,
               unnest([d.virement, d.virement, d.advance, d.cancellation]) as per_mille
    ) s where s.counts
)
select entry_name(p.entry_id, e.reference) as place, p.what || ' ' || euros(p.used) || ', at ' || node_name(p.node) as found,
       'at most ' || euros(p.allowed) as expected
from part p join entry e on e.entry_id = p.entry_id where p.used > p.allowed;

-- name: decree_moves
-- A decree moves ordinary credits between two programmes, of one ministry or of two as its kind says, of one budget or special account,
-- never from the other titles to title 2, and to a programme for which a finance law opened credits before (rules A18, A19).
with act as (
    select e.entry_id, e.reference, k.name, k.budget, p.target as taker, e.source as giver, e.source // (131072 * 6) + 2000 as source_year, p.year
    from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell where k.budget in ('VIREMENT', 'DECREE_TRANSFER')
),
ends as (
    select a.*, g.ministry = t.ministry as is_one_ministry, g.account = t.account as is_one_account,
           (select min(s.entry_id) from decree_step s where s.node // 6 = a.taker // 6 and s.law + s.amending > 0) as voted
    from act a left join reference_text gt on gt.kind = 1 and gt.id = a.giver // 6 % 131072
    left join reference_text tt on tt.kind = 1 and tt.id = a.taker // 6 % 131072
    left join programme_ministry g on g.year = a.source_year and g.code = gt.code left join programme_ministry t on t.year = a.year and t.code = tt.code
)
select entry_name(entry_id, reference) as place,
       'a ' || name || ' from ' || node_name(giver) || ' to ' || node_name(taker) || case when voted is null or voted > entry_id then ', which no finance law opened' else '' end as found,
       'two programmes ' || if(budget = 'VIREMENT', 'of one ministry', 'of two ministries') || ' and one budget, not to T2, to one that a finance law opened' as expected
from ends
where coalesce(is_one_ministry <> (budget = 'VIREMENT') or not is_one_account, true) or source_year <> year or giver // 6 = taker // 6
   or giver % 3 <> 0 or taker % 3 <> 0 or taker % 6 = 3 and giver % 6 = 0 or coalesce(voted > entry_id, true);

-- name: decree_balances
-- What limits decrees and carry-overs at a programme after every batch follows from the journal.
-- A batch that undid an act may store the figures again.
select node_name(b.node) || ' ' || if(b.measure = 1, 'AE', 'CP') || ' after batch ' || b.batch as place,
       'law ' || euros(b.law) || ', amending ' || euros(b.amending) || ', moved ' || euros(b.moved) || ', advanced ' || euros(b.advanced)
       || ', cancelled ' || euros(b.cancelled) || ', carried ' || euros(b.carried) as found,
       'law ' || euros(coalesce(f.law, 0)) || ', amending ' || euros(coalesce(f.amending, 0)) || ', moved ' || euros(coalesce(f.moved, 0))
       || ', advanced ' || euros(coalesce(f.advanced, 0)) || ', cancelled ' || euros(coalesce(f.cancelled, 0))
       || ', carried ' || euros(coalesce(f.carried, 0)) || ' from the journal' as expected
from (select *, if(measure = 1, 'AE', 'CP') as measure_name from decree_balance) b
asof left join decree_figure f on f.node = b.node and f.measure = b.measure_name and f.batch <= b.batch
where (b.law, b.amending, b.moved, b.advanced, b.cancelled, b.carried)
      is distinct from (coalesce(f.law, 0), coalesce(f.amending, 0), coalesce(f.moved, 0), coalesce(f.advanced, 0), coalesce(f.cancelled, 0), coalesce(f.carried, 0))
union all
select node_name(f.node) || ' ' || f.measure || ' after batch ' || f.batch, 'no row of decree_balance', 'one: the batch changed what limits decrees there'
from decree_figure f
where not exists (select 1 from decree_balance b where b.batch = f.batch and b.node = f.node and b.measure = if(f.measure = 'AE', 1, 2));
