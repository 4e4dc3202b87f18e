-- The rules of what may be spent on which title and nature, one statement each as in checks.sql.  Runs in DuckDB.

-- name: payroll
-- Where payroll overdrew credits, nothing else takes any, and no payroll is paid once it is checked, until there are credits (rule A28).
-- A rejection of a carry gives back to a year that is over, and needs none (rule A30).
with overdrawable_node as (
    select distinct w.node from unchecked w join centre c on c.year = w.node // (131072 * 6) + 2000 and c.centre = w.node // 6 % 131072
    where not c.estimated
),
node_of_cell as (select u.* from upward u join overdrawable_node using (node)),
step as (
    select entry_id, node, ae_opened - ae_reserved as ae, cp_opened - cp_reserved as cp, false as pays from granted join overdrawable_node using (node)
    union all
    select entry_id, node, -ae_reserved - ae_consumed, 0, false from withdrawal join overdrawable_node using (node)
    union all
    select f.entry_id, u.node, if(u.has_operation, 0, -f.cents * (k.ae_reserved + k.ae_consumed)), -f.cents * (k.cp_reserved + k.cp_consumed), false
    from effect f join node_of_cell u on u.cell = f.cell join kind k on k.kind = f.kind where k.budget = 'SPEND'
    union all
    select f.entry_id, u.node, if(k.settles < 0, f.cents * r.ae_reserved, 0), if(k.settles < 0, f.cents * r.cp_reserved, 0),
           k.settles > 0 and r.credit_check = 'YEAR_END' and e.month >= p.month and e.exercise = u.node // (131072 * 6) + 2000
    from effect f join node_of_cell u on u.cell = f.cell join kind k on k.kind = f.kind
    join settled s on s.entry_id = f.entry_id join kind r on r.kind = s.kind join entry e on e.entry_id = f.entry_id join payroll_check p on p.exercise = e.exercise
    where k.budget = 'SETTLE'
    union all
    select f.entry_id, u.node, if(u.has_operation, 0, -f.cents * k.settles * r.ae_reserved), -f.cents * k.settles * r.cp_reserved, false
    from effect f join node_of_cell u on u.cell = f.cell join kind k on k.kind = f.kind
    join settled s on s.entry_id = f.entry_id join kind r on r.kind = s.kind where k.budget = 'REASSIGN'
    union all
    select c.entry_id, u.node, if(u.has_operation, 0, -v.cents * r.ae_reserved), -v.cents * r.cp_reserved, false
    from carried c join kind r on r.kind = c.kind, lateral (select unnest([c.cell, c.old_cell]) as cell, unnest([c.cents, -c.cents]) as cents) v
    join node_of_cell u on u.cell = v.cell
),
running as (
    select s.entry_id, s.node, s.ae, s.cp, s.pays, sum(s.ae) over w as ae_left, sum(s.cp) over w as cp_left
    from step s window w as (partition by s.node order by s.entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       node_name(r.node) || ' then has AE ' || euros(r.ae_left) || ', CP ' || euros(r.cp_left) || ' available' as found, 'not below zero' as expected
from running r join entry e on e.entry_id = r.entry_id
where (r.ae_left < 0 and (r.ae < 0 or r.pays) or r.cp_left < 0 and (r.cp < 0 or r.pays))
  and r.entry_id not in (select entry_id from unchecked union all select entry_id from carried where cents < 0);

-- name: title_two
-- Title 2 takes AE and CP alike, so no commitment is on it; payroll is on title 2 alone (rule A20), and no earmark is (rule A17).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' on ' || if(p.base % 6 >= 3, 'title 2', 'another title') as found,
       case when k.budget in ('EARMARK', 'UNEARMARK') then 'an item of another title'
            when k.title_two = 'ONLY' then 'an item of title 2' else 'an act that takes AE and CP alike' end as expected
from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell
where k.budget in ('EARMARK', 'UNEARMARK') and p.base % 6 >= 3
   or k.budget = 'SPEND' and (p.base % 6 >= 3 and k.ae_reserved + k.ae_consumed <> k.cp_reserved + k.cp_consumed
                              or p.base % 6 < 3 and k.title_two = 'ONLY');

-- name: openings
-- Once the budget directorate has a key, only a sender that has one opens, cancels, freezes or unfreezes credits (rules A11, A19).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' of submission ' || e.submission as found,
       'a sender with the role budget_directorate' as expected
from entry e join kind k on k.kind = e.kind join keyless_submission s using (submission) where k.budget in ('OPEN', 'OPEN_FUND', 'CANCEL', 'FREEZE', 'UNFREEZE', 'VIREMENT', 'DECREE_TRANSFER', 'DECREE_CANCEL');

-- name: fungibility
-- Moves stay inside a programme, and no move feeds title 2 from other titles (rule A18).
with move as (
    select e.entry_id, e.reference, p.base % 6 >= 3 as to_staff, e.source % 6 >= 3 as from_staff, p.year, p.centre,
           e.source // 6 % 131072 as giver
    from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell where k.budget = 'MOVE'
),
programme as (select year, centre, arg_max(ancestor, depth) as programme from lineage group by year, centre)
select entry_name(m.entry_id, m.reference) as place,
       if(m.from_staff, 'title 2', 'another title') || ' feeds ' || if(m.to_staff, 'title 2', 'another title')
       || if(t.programme = g.programme, '', ' of another programme') as found,
       'a move inside a programme that never feeds title 2 from other titles' as expected
from move m join programme t on t.year = m.year and t.centre = m.centre join programme g on g.year = m.year and g.centre = m.giver
where m.to_staff and not m.from_staff or t.programme <> g.programme;

-- name: remaining
-- At no moment is more paid of a commitment than is engaged and not withdrawn; advances count once they are recovered, penalties
-- once they are confirmed (A36, A63).
with step as (
    select f.commitment, f.entry_id, f.cents * f.engaged_sign as engaged, 0 as paid
    from engagement f where f.engaged_sign <> 0
    union all
    select s.followed, f.entry_id, 0, f.cents * (k.settles + k.cp_consumed)
    from settled s join effect f on f.entry_id = s.entry_id join kind k on k.kind = f.kind join kind r on r.kind = s.kind
    where s.of_commitment and r.debit_role <> 'ADVANCE'
    union all
    select d.predecessor, r.entry_id, 0, r.amount from recovery r join entry d on d.entry_id = r.debt
),
running as (
    select commitment, entry_id, sum(engaged) over w as engaged, sum(paid) over w as paid
    from step window w as (partition by commitment order by entry_id)
)
select entry_name(r.commitment, coalesce(any_value(e.reference), 'missing')) as place,
       'after entry ' || min(r.entry_id) || ': ' || euros(arg_min(r.paid, r.entry_id)) || ' paid' as found,
       'at most ' || euros(arg_min(r.engaged, r.entry_id)) || ', engaged and not withdrawn' as expected
from running r left join entry e on e.entry_id = r.commitment
where r.paid > r.engaged group by r.commitment;

-- name: payment_before_service
-- What is paid before service has a nature that its exercise lists, or an item that needs none in its budget year (rule A38).
with stated as (select entry_id, any_value(nature) as nature from request_line group by entry_id)
select entry_name(e.entry_id, e.reference) as place, 'item ' || t.code || ', nature ' || coalesce(nullif(s.nature, ''), 'none') as found,
       'a nature that ' || e.exercise || ' lists, or an item that needs none' as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell join reference_text t on t.kind = 3 and t.id = c.item
left join stated s on s.entry_id = e.entry_id
where k.before_service
  and not exists (select 1 from unserved u where u.year = c.budget_year and u.item = t.code or u.year = e.exercise and u.nature = s.nature);

-- name: certified_requests
-- Certified service is requested by the invoice service of its fund centre from the first day on that the year gives, and by the
-- authorising officer before that day and where there is none (rule A43).
select entry_name(e.entry_id, e.reference) as place, k.name || ' on ' || e.day as found,
       case when a.invoice_service <= e.day then 'a request of the invoice service, from ' || a.invoice_service || ' on'
            else 'an order of the authorising officer' end as expected
from entry e join kind k on k.kind = e.kind join cell c on c.cell = e.cell join reference_text t on t.kind = 1 and t.id = c.centre
left join centre_accountant a on a.year = c.budget_year and a.code = t.code
where k.requester <> 'NONE' and (k.requester = 'INVOICE_SERVICE') <> coalesce(a.invoice_service <= e.day, false);

-- name: amounts_before_acts
-- No entry takes an amount of a commitment that is committed or certified after its day (rules A03, A33, A38): by sums, the
-- amounts that came until its day, less all that was taken before it and by it, are not below zero.  What is carried of a service
-- came on the day of its certification.
with flow as (
    select f.entry_id, f.commitment, f.reversed, if(r.sign > 0, coalesce(s.day, e.day), e.day) as day, f.cents, r.remainder, r.sign
    from engagement f join entry e on e.entry_id = f.entry_id left join carried_service s on s.entry_id = f.entry_id,
    lateral (select unnest(['open', 'unbilled']) as remainder, unnest([f.open_sign, f.unbilled_sign]) as sign) r
    where r.sign <> 0 and (r.remainder = 'unbilled' or f.commitment in (
        select i.commitment from engagement i where i.open_sign * i.cents > 0 and i.commitment <> i.entry_id))
),
turned as (  -- only of these may an earlier day follow a later one
    select commitment, remainder from flow where reversed = 0 group by commitment, remainder
    having max(day) filter (sign > 0) > min(day) filter (sign < 0)
),
late as (  -- what takes an amount, while a later day already gave some
    select *, max(if(sign > 0 and reversed = 0, day, null)) over (partition by commitment, remainder order by entry_id) as latest
    from flow semi join turned using (commitment, remainder) qualify latest > day
),
suspect as (select * from late where sign < 0 and reversed = 0)
select entry_name(s.entry_id, (select any_value(reference) from entry e where e.entry_id = s.entry_id)) as place,
       'dated ' || s.day || ', ' || euros(s.cents) || ', of which ' || euros(-sum(f.cents * f.sign)) || ' came later' as found,
       'only what came until that day' as expected
from suspect s join flow f on f.commitment = s.commitment and f.remainder = s.remainder and f.entry_id <= s.entry_id
left join entry o on o.entry_id = f.reversed
where f.sign < 0 or coalesce(o.day, f.day) <= s.day
group by s.entry_id, s.day, s.cents having sum(f.cents * f.sign) < 0;

-- name: availability_after_advance
-- What was committed in advance of the year needs no credits; every other entry that takes AE of the same node, or takes AE away
-- from it, leaves the node at zero or above (rules A11, A22).
with step as (
    select entry_id, node, ae_opened - ae_reserved as cents, ae_opened - ae_reserved < 0 as is_checked
    from granted where node in (select node from advanced_node)
    union all
    select entry_id, node, -ae_reserved - ae_consumed, false from withdrawal where node in (select node from advanced_node)
    union all
    select f.entry_id, u.node, -f.cents * if(u.has_operation, 0, k.ae_reserved + k.ae_consumed),
           f.cents > 0 and k.ae_reserved + k.ae_consumed > 0 and not u.has_operation
           and f.entry_id not in (select entry_id from title_step where not is_opening)
    from effect f join kind k on k.kind = f.kind join upward u on u.cell = f.cell
    where k.budget = 'SPEND' and u.node in (select node from advanced_node)
    union all
    select f.entry_id, u.node, if(u.has_operation, 0, -f.cents * k.settles * r.ae_reserved), k.settles > 0 and r.ae_reserved > 0 and not u.has_operation
    from effect f join kind k on k.kind = f.kind join upward u on u.cell = f.cell
    join settled s on s.entry_id = f.entry_id join kind r on r.kind = s.kind
    where k.budget = 'REASSIGN' and u.node in (select node from advanced_node)
),
left_over as (select *, sum(cents) over (partition by node order by entry_id) as available from step)
select entry_name(s.entry_id, e.reference) as place, 'AE ' || euros(s.available) || ' available at ' || node_name(s.node) || ' after it' as found,
       'not below zero: it was not committed in advance' as expected
from left_over s join entry e on e.entry_id = s.entry_id
join centre c on c.year = s.node // (131072 * 6) + 2000 and c.centre = s.node // 6 % 131072
where s.is_checked and s.available < 0 and not c.estimated;

-- name: prior_reservations
-- What requests of the year before reserve at a fund centre comes first, once that year is over: whatever else takes credits of
-- the node, or takes them away, leaves as much available there.  A carry takes what it moves, payroll nothing before its check (A30).
with figure_node as (select distinct node from node_figure),
first_claim as (  -- the first entry of the first year, or of a later one, in which requests of the year before may claim credits
    select min(entry_id) as entry_id from entry
    where year(day) >= (select min(node // (131072 * 6)) + 2000 from figure_node where node - 131072 * 6 in (from figure_node))
),
claimed_node as (
    select n.node from figure_node n join figure_node b on b.node = n.node - 131072 * 6
    join centre c on c.year = n.node // (131072 * 6) + 2000 and c.centre = n.node // 6 % 131072
    where not c.estimated and exists (select 1 from first_claim where entry_id is not null)
),
place_of_cell as (
    select cell, node, if(has_operation, 0, 1) as ae, 1 as cp, false as is_operation from upward
    union all
    select cell, operation_node, 1, 0, true from place where operation > 0
),
used_cell as (
    select distinct u.cell from place_of_cell u, lateral (select unnest([u.node, u.node + 131072 * 6]) as node) v join claimed_node n on n.node = v.node
),
each_change as (  -- what each entry reserves of an assignment, and what it takes of it in all
    select f.entry_id, f.cell, f.cents * k.ae_reserved as ae_reserved, f.cents * k.cp_reserved as cp_reserved,
           f.cents * (k.ae_reserved + k.ae_consumed) as ae_taken, f.cents * (k.cp_reserved + k.cp_consumed) as cp_taken,
           f.entry_id not in (select entry_id from title_step where not is_opening) as is_checked, false as pays
    from effect f join used_cell using (cell) join kind k on k.kind = f.kind where k.budget = 'SPEND'
    union all
    select f.entry_id, f.cell, if(is_payment, -f.cents * r.ae_reserved, 0), if(is_payment, -f.cents * r.cp_reserved, 0),
           if(is_payment, 0, f.cents * k.settles * r.ae_reserved), if(is_payment, 0, f.cents * k.settles * r.cp_reserved), true,
           is_payment and r.credit_check = 'YEAR_END' and (e.month >= p.month and e.exercise = c.budget_year or year(e.day) > c.budget_year)
    from effect f join used_cell using (cell) join kind k on k.kind = f.kind, lateral (select k.settles > 0 and k.budget = 'SETTLE' as is_payment)
    join settled s on s.entry_id = f.entry_id join kind r on r.kind = s.kind join entry e on e.entry_id = f.entry_id
    join cell c on c.cell = f.cell left join payroll_check p on p.exercise = e.exercise
    where k.budget in ('SETTLE', 'REASSIGN')
    union all
    select m.entry_id, v.cell, v.cents * r.ae_reserved, v.cents * r.cp_reserved, v.cents * r.ae_reserved, v.cents * r.cp_reserved, false, false
    from carried m join kind r on r.kind = m.kind, lateral (select unnest([m.cell, m.old_cell]) as cell, unnest([m.cents, -m.cents]) as cents) v
),
change as (  -- what came before the claims is one sum for each assignment, which nothing is compared with
    select c.* from each_change c, first_claim f where c.entry_id >= f.entry_id
    union all
    select 0, cell, sum(ae_reserved), sum(cp_reserved), sum(ae_taken), sum(cp_taken), false, false
    from each_change c, first_claim f where c.entry_id < f.entry_id group by cell
),
step as (
    select entry_id, node, ae_opened - ae_reserved as ae, cp_opened - cp_reserved as cp, 0 as ae_claimed, 0 as cp_claimed, true as is_checked, false as pays
    from granted join claimed_node using (node)
    union all
    select entry_id, node, -ae_reserved - ae_consumed, 0, 0, 0, false, false from withdrawal join claimed_node using (node)
    union all
    select s.entry_id, u.node, -s.ae_taken * u.ae, -s.cp_taken * u.cp, 0, 0, s.is_checked, s.pays and not u.is_operation
    from change s join place_of_cell u on u.cell = s.cell join claimed_node using (node)
    union all
    select s.entry_id, n.node, 0, 0, s.ae_reserved * u.ae, s.cp_reserved * u.cp, false, false
    from change s join place_of_cell u on u.cell = s.cell join claimed_node n on n.node = u.node + 131072 * 6
),
running as (
    select s.entry_id, s.node, s.is_checked and s.ae < 0 or s.pays as takes_ae, s.is_checked and s.cp < 0 or s.pays as takes_cp,
           sum(s.ae) over w as ae_left, sum(s.cp) over w as cp_left, sum(s.ae_claimed) over w as ae_claimed, sum(s.cp_claimed) over w as cp_claimed
    from step s window w as (partition by s.node order by s.entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       node_name(r.node) || ' then has AE ' || euros(r.ae_left) || ', CP ' || euros(r.cp_left) || ' available' as found,
       'at least AE ' || euros(r.ae_claimed) || ', CP ' || euros(r.cp_claimed) || ', which requests of the year before reserve' as expected
from running r join entry e on e.entry_id = r.entry_id
where (r.takes_ae and r.ae_left < r.ae_claimed or r.takes_cp and r.cp_left < r.cp_claimed)
  and year(e.day) >= r.node // (131072 * 6) + 2000 and r.entry_id not in (select entry_id from unchecked);
