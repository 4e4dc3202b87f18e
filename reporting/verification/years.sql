-- The rules of year and date, one statement each, as in checks.sql.  The last days of a year are those of the calendar.

-- name: dates_after_predecessors
-- No entry is dated before the entry that it follows.
select entry_name(e.entry_id, e.reference) as place, 'dated ' || e.day as found,
       'not before ' || p.day || ', the day of entry ' || p.entry_id as expected
from entry e join entry p on p.entry_id = e.predecessor where e.day < p.day;

-- name: budget_years
-- Credits are used, paid from and given back in their year; only a payment may come in the window after it (rules A22, A24, A31).
-- In the window, the request that is paid was ordered from October to December.
with recursive outside as (
    select e.entry_id, e.reference, e.predecessor, e.day, c.budget_year, k.year_rule
    from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell
    where k.year_rule <> 'NONE' and year(e.day) <> c.budget_year
),
step as (
    select entry_id, predecessor as item from outside where year_rule = 'SETTLES_CP'
    union all
    select s.entry_id, p.predecessor
    from step s join entry p on p.entry_id = s.item join kind k on k.kind = p.kind where k.inherits
),
ordered as (
    select s.entry_id, p.day
    from step s join entry p on p.entry_id = s.item join kind k on k.kind = p.kind where not k.inherits
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

-- name: voids
-- A returned transfer changes no credits; as long as there are no receivables and restorations, nothing is voided (rule A29).
select entry_name(e.entry_id, e.reference) as place, 'a void of ' || euros(e.amount) as found,
       'no void: nothing restores its credits' as expected
from entry e join kind k on k.kind = e.kind where k.name = 'void';
