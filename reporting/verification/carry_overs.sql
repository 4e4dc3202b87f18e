-- One statement per rule of credits that a year has left, as in checks.sql.

-- name: carry_overs
-- An order takes credits from a year, and the next line of its act brings the same sum into the next year: to the same programme or one that
-- follows it, on the same titles and family of funds, by the closing.  AE never come to title 2, and estimated credits are never carried. What
-- a year has left leaves it once the year and its window are over, and until the end of the next (LOLF art. 15; rules A66, A67).
with line as (
    select e.entry_id, e.reference, e.submission, e.exercise, e.amount, e.day, k.name, k.budget, k.measure, p.year, p.base % 6 as sheet,
           left(t.code, 4) as programme, u.sender
    from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell join reference_text t on t.kind = 1 and t.id = p.centre
    left join submission u on u.submission = e.submission where k.budget in ('CARRY_OUT', 'CARRY_IN', 'CANCEL_UNUSED') or k.year_rule = 'AFTER_YEAR'
),
pair as (
    select a.*, b.entry_id as other, b.amount as other_amount, b.programme as other_programme, b.year as other_year,
           b.measure = a.measure and b.amount = a.amount and b.day = a.day and b.sheet = a.sheet and b.year = a.year + 1 and b.reference = a.reference
           and b.submission = a.submission and f.follower is not null as is_alike
    from line a left join line b on b.entry_id = a.entry_id + 1 and b.budget = 'CARRY_IN'
    left join programme_after f on f.year = a.year and f.programme = a.programme and f.later_year = b.year and f.follower = b.programme
    where a.budget = 'CARRY_OUT'
)
select entry_name(entry_id, reference) as place, euros(amount) || ' of ' || measure || ' carried from ' || programme as found,
       'as much of it in the next line, in the next year, on the same titles and fund, and a programme that follows' as expected
from pair where not coalesce(is_alike, false)
union all
select entry_name(entry_id, reference), euros(amount) || ' of ' || measure || ' come to ' || programme, 'a line before it that takes them from the year before'
from line where budget = 'CARRY_IN' and entry_id not in (select other from pair where other is not null)
union all
select entry_name(l.entry_id, l.reference), l.measure || if(l.sheet >= 3, ' of title 2 of ', ' of ') || l.programme || if(coalesce(c.estimated, false), ', which are estimated', ''),
       'no AE of title 2, and no estimated credits'
from line l left join carry_rule c on c.year = l.year and c.programme = l.programme
where l.budget = 'CARRY_OUT' and (l.measure = 'AE' and l.sheet >= 3 or coalesce(c.estimated, false))
union all
select entry_name(entry_id, reference), 'by ' || coalesce(sender, 'nobody'), 'by closing' from line where sender is distinct from 'closing'
union all
select entry_name(l.entry_id, l.reference), 'dated ' || l.day, 'a day of ' || l.year + 1 || ', after ' || coalesce(x.last_payment_day, make_date(l.year, 12, 31))
from line l left join exercise_dates x on x.year = l.year
where l.budget <> 'CARRY_IN' and not coalesce(l.day > x.last_payment_day and year(l.day) = l.year + 1, false);

-- name: carry_over_limits
-- At no moment were more CP carried from a programme than the share of its initial CP of title 2, or of the other titles unless a finance law
-- lifts it; of a special account, or section, more than it collected and brought forward, less what it ordered (LOLF art. 15, 21; rule A67).
with step as (
    select entry_id, node, year, law, carried, node // 6 % 131072 as centre, node % 6 as sheet
    from decree_step where measure = 'CP' and (law > 0 or carried > 0)
),
running as (select *, sum(law) over w as law_here, sum(carried) over w as carried_here from step window w as (partition by node order by entry_id)),
ordinary as (
    select r.entry_id, r.node, r.carried_here as cents, r.law_here * c.per_mille // 1000 as allowed
    from running r join reference_text t on t.kind = 1 and t.id = r.centre join carry_rule c on c.year = r.year and c.programme = t.code
    left join special_programme s on s.year = r.year and s.code = t.code
    where r.carried > 0 and s.code is null and (r.sheet = 3 or r.sheet = 0 and not c.lifted)
),
special as (
    select s.entry_id, s.year, s.account, s.section, s.collected - s.spent as received, 0 as carried, null as node from special_step s
    union all
    select r.entry_id, s.year, s.account, s.section, 0, r.carried, r.node
    from step r join reference_text t on t.kind = 1 and t.id = r.centre join special_programme s on s.year = r.year and s.code = t.code where r.carried > 0
),
of_account as (
    select *, sum(carried) over w as cents, sum(received) over w as received_here
    from special window w as (partition by year, account, section order by entry_id)
),
part as (
    select * from ordinary
    union all
    select a.entry_id, a.node, a.cents, greatest(a.received_here + b.brought, 0)
    from of_account a join (select distinct year, account, section, brought from special_programme) b using (year, account, section) where a.carried > 0
)
select entry_name(p.entry_id, e.reference) as place, euros(p.cents) || ' of CP carried from ' || node_name(p.node) as found,
       'at most ' || euros(p.allowed) as expected
from part p join entry e on e.entry_id = p.entry_id where p.cents > p.allowed;

-- name: carry_over_orders
-- What is carried over until a day is named by orders of two ministers of that day or before it, which carry_overs.csv of the next year lists
-- (LOLF art. 15; rule A67).
with carried as (
    select p.year, left(t.code, 4) as programme, p.base % 6 as sheet, lower(k.measure) as measure, left(n.code, 4) as new_programme, o.day,
           sum(o.amount) as cents, min(o.entry_id) as entry_id
    from entry o join kind k on k.kind = o.kind join place p on p.cell = o.cell join reference_text t on t.kind = 1 and t.id = p.centre
    left join entry i on i.entry_id = o.entry_id + 1 left join place q on q.cell = i.cell left join reference_text n on n.kind = 1 and n.id = q.centre
    where k.budget = 'CARRY_OUT' group by all
),
running as (
    select * replace (sum(cents) over (partition by year, programme, sheet, measure, new_programme order by day) as cents) from carried
),
allowed as (
    select r.entry_id, sum(o.cents) as cents from running r join carry_order o using (year, programme, sheet, measure, new_programme)
    where o.day <= r.day group by r.entry_id
)
select 'programme ' || r.programme || ', ' || r.year || ', from entry ' || r.entry_id as place,
       euros(r.cents) || ' of ' || upper(r.measure) || ' carried to ' || coalesce(r.new_programme, 'nowhere') || ' until ' || r.day as found,
       'at most ' || euros(coalesce(a.cents, 0)) || ', which orders name until that day' as expected
from running r left join allowed a using (entry_id) where r.cents > coalesce(a.cents, 0);

-- name: settled_credits
-- Of each programme of a year whose step C15 was proven, what was opened is consumed, carried over or annulled, of AE and of CP, by the end of that
-- step; what is consumed beyond it, the settlement act opens (loi 2014-855; rule A66).  What rejections of carries reserved there again
-- stays reserved until the request is rejected too (rule A30).
with execution as (
    select year::int as year, max(batch) as batch from step_execution where step = 'C15' and state = 'proven' group by year
),
figure as (
    select m.node, m.node // (131072 * 6) + 2000 as year, sum(ae_opened) as ae_opened, sum(ae_reserved) as ae_reserved, sum(ae_consumed) as ae_consumed,
           sum(cp_opened) as cp_opened, sum(cp_reserved) as cp_reserved, sum(cp_consumed) as cp_consumed
    from moved m join execution x on x.year = m.node // (131072 * 6) + 2000 and m.batch <= x.batch
    join centre c on c.year = x.year and c.centre = m.node // 6 % 131072 and c.level = 1 group by m.node
),
returned as (
    select g.node, sum(g.ae) as ae, sum(g.cp) as cp
    from given_back g join execution x on x.year = g.node // (131072 * 6) + 2000 and g.batch <= x.batch group by g.node
),
part as (
    select f.node, f.year, unnest(['AE', 'CP']) as measure, unnest([ae_opened, cp_opened]) as opened,
           unnest([ae_reserved - coalesce(r.ae, 0), cp_reserved - coalesce(r.cp, 0)]) as reserved, unnest([ae_consumed, cp_consumed]) as consumed
    from figure f left join returned r on r.node = f.node
)
select node_name(node) || ', ' || measure as place,
       euros(opened) || ' left opened, of which ' || euros(consumed) || ' consumed and ' || euros(reserved) || ' reserved' as found,
       'nothing left but what is consumed: execute C15 again' as expected
from part where reserved <> 0 or opened > consumed;
