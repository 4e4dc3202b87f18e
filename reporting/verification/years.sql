-- The rules of year and date, one statement each, as in checks.sql.  The last days of a year are those of the calendar.

-- name: dates_after_predecessors
-- No entry is dated before the entry that it follows.
select entry_name(e.entry_id, e.reference) as place, 'dated ' || e.day as found,
       'not before ' || p.day || ', the day of entry ' || p.entry_id as expected
from entry e join entry p on p.entry_id = e.predecessor where e.day < p.day;

-- name: budget_years
-- Credits are used, paid from and given back in their year; only a payment may come in the window after it (rules A22, A24, A31).
-- Service is not dated before the year of its credits, and what brings credits not after it; what lowers a commitment of an
-- earlier year has its own check.
-- What identifies a movement of the bank is in the books of its year, in the complementary period too.
-- In the window, the request that is paid, or the release of a guarantee, was ordered from October to December.  What is committed in advance has its own check.
with recursive outside as (
    select e.entry_id, e.reference, e.predecessor, e.day, c.budget_year, k.year_rule
    from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
    where k.year_rule not in ('NONE', 'WAITS', 'AFTER_YEAR') and if(k.year_rule = 'CLEARS', e.exercise, year(e.day)) <> c.budget_year
      and not (k.year_rule in ('SPENDS_AE', 'GRANTS') and year(e.day) < c.budget_year)
      and not (k.year_rule in ('SERVES', 'LOWERS_LATER') and year(e.day) > c.budget_year)
),
step as (
    select entry_id, predecessor as item from outside where year_rule = 'SETTLES_CP'
    union all
    select s.entry_id, p.predecessor
    from step s join entry p on p.entry_id = s.item join kind k on k.kind = p.kind where k.inherits and k.year_rule <> 'ORDERS'
),
ordered as (
    select s.entry_id, p.day
    from step s join entry p on p.entry_id = s.item join kind k on k.kind = p.kind where not k.inherits or k.year_rule = 'ORDERS'
)
select entry_name(o.entry_id, o.reference) as place, 'dated ' || o.day || coalesce(', ordered ' || r.day, '') as found,
       'a day of ' || o.budget_year || ', the year of its credits' as expected
from outside o left join ordered r on r.entry_id = o.entry_id left join exercise_dates x on x.year = o.budget_year
where not coalesce(o.day between make_date(o.budget_year, 12, 31) and x.last_payment_day
                   and r.day between make_date(o.budget_year, 10, 1) and make_date(o.budget_year, 12, 31), false);

-- name: last_order_dates
-- No payment is ordered after the last day for orders of the year of its credits (rule A31).
select entry_name(e.entry_id, e.reference) as place, 'dated ' || e.day as found, 'at the latest ' || x.last_order_day as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell join exercise_dates x on x.year = c.budget_year
where k.year_rule = 'ORDERS' and e.day > x.last_order_day;

-- name: carries
-- A carry takes up all that is open of a commitment or request of the year before, once that year and its window are over, into the
-- next year (a guarantee into any later one), on the same sheet and programme, or one that follows it by an order; no decrease gives
-- back what is carried of a commitment.  Nothing follows the commitment in its own year any more, and its changes are reversed no more.  A service goes where its commitment went (rules A15, A30, A64).
with carry as (
    select e.entry_id, e.reference, e.predecessor, e.amount, e.day, e.cell, k.family, k.inherits, c.budget_year, c.programme, c.sheet,
           o.budget_year as year_before, o.programme as programme_before, o.sheet as sheet_before
    from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
    left join carry_place c on c.cell = e.cell left join carry_place o on o.cell = p.cell where k.carries
),
taken as (  -- what was open of the predecessor just before
    select c.entry_id, sum(g.cents * g.open_sign) as cents
    from carry c join engagement g on g.commitment = c.predecessor and g.entry_id < c.entry_id where c.family = 'COMMITMENT' group by c.entry_id
    union all
    select c.entry_id, any_value(p.amount) - coalesce(sum(t.cents), 0)
    from carry c join entry p on p.entry_id = c.predecessor left join taken_up t on t.item = c.predecessor and t.entry_id < c.entry_id
    where c.inherits group by c.entry_id
)
select entry_name(c.entry_id, c.reference) as place, euros(c.amount) || ' carried' as found, euros(coalesce(t.cents, 0)) || ', all that was open' as expected
from carry c left join taken t using (entry_id) where c.family <> 'SERVICE' and c.amount is distinct from t.cents
union all
select entry_name(c.entry_id, c.reference), 'carried to ' || coalesce('the commitment of entry ' || s.new, 'no commitment'), 'the commitment that was carried before, on its account assignment'
from carry c left join carried_service s using (entry_id) left join entry n on n.entry_id = s.new
where c.family = 'SERVICE' and not coalesce(n.entry_id < c.entry_id and n.cell = c.cell, false)
union all
select entry_name(e.entry_id, e.reference), 'follows entry ' || e.predecessor || ', which was carried before', 'nothing that follows a carried commitment in its year'
from entry e join carry c on c.family = 'COMMITMENT' and c.predecessor = e.predecessor and c.entry_id < e.entry_id
union all
select entry_name(e.entry_id, e.reference), 'reverses a change of entry ' || p.predecessor || ', which was carried before', 'no change of a carried commitment that is reversed'
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
join carry c on c.family = 'COMMITMENT' and c.predecessor = p.predecessor and c.entry_id < e.entry_id where k.undoes and k.follows = 'COMMITMENT_CHANGE'
union all
select entry_name(c.entry_id, c.reference), 'dated ' || c.day || ', from ' || c.year_before || ' into ' || c.budget_year,
       if(c.family = 'RETENTION', 'into a later year, after ', 'into the next year, after ') || x.last_payment_day
from carry c left join exercise_dates x on x.year = c.year_before
where not coalesce(c.day > x.last_payment_day and if(c.family = 'RETENTION', c.budget_year > c.year_before, c.budget_year = c.year_before + 1), false)
union all
select entry_name(c.entry_id, c.reference), 'programme ' || c.programme || ' ' || sheet_name(c.sheet), 'programme ' || c.programme_before || ' ' || sheet_name(c.sheet_before)
from carry c where c.sheet is distinct from c.sheet_before or c.programme is distinct from c.programme_before
and not exists (select 1 from programme_after a where a.year = c.year_before and a.programme = c.programme_before
                and a.later_year = c.budget_year and a.follower = c.programme)
union all
select entry_name(e.entry_id, e.reference), 'withdraws ' || euros(e.amount) || ' of a carried commitment', 'no AE that another year consumed'
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
where k.year_rule = 'GIVES_BACK' and pk.carries;

-- name: voids
-- A returned transfer changes no credits; as long as there are no receivables and restorations, nothing is voided (rule A29).
select entry_name(e.entry_id, e.reference) as place, 'a void of ' || euros(e.amount) as found,
       'no void: nothing restores its credits' as expected
from entry e join kind k on k.kind = e.kind where k.name = 'void';

-- name: title_balances
-- The figures of a title after every batch follow from the journal: what finance laws opened, and what was committed in advance.
-- A batch that undid an act on a title may store its figures again.
select coalesce(t.title_name, 'programme ' || b.programme || ', title ' || b.title || ', ' || b.budget_year) || ' after batch ' || b.batch as place,
       'opened ' || euros(b.opened) || ', anticipated ' || euros(b.anticipated) as found,
       'opened ' || euros(coalesce(t.opened, 0)) || ', anticipated ' || euros(coalesce(t.anticipated, 0)) || ' from the journal' as expected
from title_balance b
asof left join title_figure t on t.programme = b.programme and t.year = b.budget_year and t.title = b.title and t.batch <= b.batch
where b.opened <> coalesce(t.opened, 0) or b.anticipated <> coalesce(t.anticipated, 0)
union all
select t.title_name || ' after batch ' || t.batch, 'no row of title_balance', 'one: the batch changed this title'
from title_figure t
where not exists (
    select 1 from title_balance b where b.batch = t.batch and b.programme = t.programme and b.budget_year = t.year and b.title = t.title
);

-- name: reversals
-- A reversal undoes the whole of an act that is no reversal, no carry and no withdrawal of an earlier year, once; nothing else follows that act
-- but what was reversed itself (rule A05).
with reversal as (select e.entry_id, e.reference, e.predecessor as item, e.amount from entry e join kind k on k.kind = e.kind where k.undoes),
other as (
    select r.entry_id, count(*) as followers from reversal r join entry f on f.predecessor = r.item
    where f.entry_id <> r.entry_id and f.entry_id not in (select item from reversal) group by r.entry_id
)
select entry_name(r.entry_id, r.reference) as place,
       euros(r.amount) || ' of entry ' || r.item || ', which ' || coalesce(o.followers, 0) || ' other entries follow' as found,
       'the whole of an entry that nothing else follows' as expected
from reversal r left join entry p on p.entry_id = r.item left join kind pk on pk.kind = p.kind left join other o on o.entry_id = r.entry_id
where r.amount is distinct from p.amount or o.followers > 0 or coalesce(pk.undoes or pk.budget = 'WITHDRAW' or pk.carries, true);

-- name: prior_withdrawals
-- What lowers a commitment of an earlier year is dated after that year, or follows a commitment that was carried from it; a recycling
-- case that it names is one of its exercise, and one of operations stands on an operation (rule A15).
select entry_name(e.entry_id, e.reference) as place,
       'dated ' || e.day || ', ' || if(e.source > 0, 'recycling case ' || e.source % 256, 'no recycling case') || ', on ' ||
       if(p.operation > 0, 'an operation', 'no operation') as found,
       'a day after ' || p.year || ', and no case or one that ' || e.exercise || ' lists for it' as expected
from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell
where k.budget = 'WITHDRAW'
  and (year(e.day) <= p.year and e.predecessor not in (select commitment from commitment_origin)
       or e.source > 0 and not exists (
           select 1 from recycling r where r.year = e.exercise and r.mark = e.source and (p.operation > 0 or not r.of_operation)));

-- name: withdrawn_balances
-- What was withdrawn at a node after every batch follows from the journal: AE consumed less this is reported (rules A15, A21).
-- A batch that undid a withdrawal may store the figure again.
select node_name(b.node) || ' after batch ' || b.batch as place, 'withdrawn ' || euros(b.withdrawn) as found,
       'withdrawn ' || euros(coalesce(w.withdrawn, 0)) || ' from the journal' as expected
from withdrawn_balance b asof left join withdrawn_figure w on w.node = b.node and w.batch <= b.batch
where b.withdrawn <> coalesce(w.withdrawn, 0)
union all
select node_name(w.node) || ' after batch ' || w.batch, 'no row of withdrawn_balance', 'one: the batch withdrew at this node'
from withdrawn_figure w
where not exists (select 1 from withdrawn_balance b where b.batch = w.batch and b.node = w.node);

-- name: anticipation
-- AE of the next year are committed from 1 November on, for service from 1 January on, neither for staff nor for investment (rule A22).
-- All of it together is at most a quarter of what finance laws of the year opened on the title of the programme until then.
select entry_name(c.entry_id, e.reference) as place,
       'dated ' || e.day || coalesce(', service from ' || (date '1970-01-01' + e.source), ', no first day of service') || ', title ' || c.title || ', '
       || euros(c.anticipated) || ' in all' as found,
       'at most a quarter of ' || euros(coalesce(b.opened, 0)) || ', from 1 November on, for service of ' || c.year as expected
from title_step c join entry e on e.entry_id = c.entry_id
asof left join (select * from title_step where is_opening) b
  on b.programme = c.programme and b.title = c.title and b.year = c.year - 1 and b.entry_id <= c.entry_id
where not c.is_opening and not coalesce(
    c.anticipated * 4 <= b.opened and c.title not in (0, 2, 5) and month(e.day) >= 11 and year(e.day) = c.year - 1
    and date '1970-01-01' + e.source >= make_date(c.year, 1, 1), false);
