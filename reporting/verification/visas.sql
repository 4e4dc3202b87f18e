-- The rules of the visa of the budget controller, one statement each as in checks.sql.  Runs in DuckDB.

-- name: visas
-- From the threshold of its ministry and title on, the lines of an act together, a commitment or an increase follows a visa, and the
-- commitments that follow one are at most its amount.  A decision takes up the whole of what is planned, once, and silence counts after
-- the days of the budget controller alone (rule A44).
with place as (
    select c.cell, r.threshold
    from cell c join reference_text tc on tc.kind = 1 and tc.id = c.centre join reference_text ti on ti.kind = 3 and ti.id = c.item
    join item i on i.year = c.budget_year and i.code = ti.code
    join programme_ministry p on p.year = c.budget_year and p.code = left(tc.code, 4)
    join visa_rule r on r.year = c.budget_year and r.ministry in (p.ministry, '*') and r.title in (i.title, 0)
    qualify row_number() over (partition by c.cell order by r.ministry = '*', r.title = 0) = 1
),
free as (
    select e.*, sum(e.amount) over (partition by e.submission, k.family, e.exercise, e.reference) as total
    from entry e join kind k on k.kind = e.kind
    where k.family in ('COMMITMENT', 'COMMITMENT_CHANGE') and k.ae_consumed > 0 and k.follows <> 'VISA'
),
allowed as (
    select e.predecessor as visa, sum(e.amount) as cents from entry e join kind k on k.kind = e.kind
    where k.family = 'COMMITMENT' and k.follows = 'VISA' group by e.predecessor
),
decision as (
    select e.*, k.year_rule, p.amount as planned, p.day as asked, x.visa_days,
           count(*) over (partition by e.predecessor) as decisions
    from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
    join cell c on c.cell = p.cell left join exercise_dates x on x.year = c.budget_year
    where k.family = 'VISA' and k.follows = 'VISA'
)
select entry_name(f.entry_id, f.reference) as place, euros(f.total) || ' committed without a visa' as found,
       'less than ' || euros(p.threshold) || ', or a visa' as expected
from free f join place p using (cell) where p.threshold > 0 and f.total >= p.threshold
union all
select entry_name(a.visa, coalesce(v.reference, 'missing')), euros(a.cents) || ' committed on it', 'at most ' || euros(coalesce(v.amount, 0))
from allowed a left join entry v on v.entry_id = a.visa where a.cents > coalesce(v.amount, 0)
union all
select entry_name(entry_id, reference), 'decides on ' || euros(amount) || ', one of ' || decisions, 'one decision on ' || euros(planned)
from decision where amount <> planned or decisions > 1
union all
select entry_name(entry_id, reference), 'dated ' || day, 'a day after ' || (asked + visa_days::int) || ', until which the controller may answer'
from decision where year_rule = 'WAITS' and not coalesce(day > asked + visa_days::int, false);
