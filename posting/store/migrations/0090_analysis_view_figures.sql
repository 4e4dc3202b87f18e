-- What the views of analysts said wrongly.  An open item gets back what was taken back of the act that took it, as a receipt that is
-- reversed, and what an act left that posts nothing, as a carry, stands on the account of the act before it.  Credits that were passed
-- on left the fund centre already when they were passed on, so what is available subtracts them no second time.  The view of kinds says
-- which kinds take back.  Comments name months 13 and 14, and have the apostrophes of two French terms.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace view analysis_v1.open_item as
select e.entry_id as entry, k.stage, e.exercise, e.month, e.day, d.due, acc.code as accountant, a.code as account,
       k.name as kind, k.title as kind_title, s.sender, e.reference, p.code as payee, n.programme, n.ministry,
       e.amount as amount_cents, coalesce(taken.cents, 0) as taken_cents, e.amount - coalesce(taken.cents, 0) as open_cents
from entry e
join analyst_kind k on k.kind = e.kind and k.stage <> ''
join submission s on s.submission = e.submission
left join (
    select f.predecessor, sum(f.amount - coalesce(u.cents, 0))::bigint as cents from entry f join analyst_kind t on t.kind = f.kind and t.takes
    left join (select m.predecessor, sum(m.amount) as cents from entry m join analyst_kind z on z.kind = m.kind and z.mirrors
               group by m.predecessor) u on u.predecessor = f.entry_id
    group by f.predecessor
) taken on taken.predecessor = e.entry_id
left join analyst_detail d on d.entry_id = e.entry_id
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join lateral (
    with recursive above as (
        select p.predecessor, p.debit, p.credit from entry p where p.entry_id = e.predecessor and e.debit = 0 and e.credit = 0
        union all
        select p.predecessor, p.debit, p.credit from above b join entry p on p.entry_id = b.predecessor where b.debit = 0 and b.credit = 0
    ) select debit, credit from above where debit <> 0 or credit <> 0
) stands on true
left join reference_text a on a.kind = 5
     and a.id = case when k.open_side = 'debit' or coalesce(stands.credit, e.credit) = 0 then coalesce(stands.debit, e.debit)
                     else coalesce(stands.credit, e.credit) end
left join analyst_code ac on ac.kind = 5 and ac.year = e.exercise and ac.code = a.code
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
where e.amount > coalesce(taken.cents, 0) and (k.stage <> 'by_hand' or ac.is_suspense);

create or replace view analysis_v1.credit_node as
select (b.node / 786432 + 2000)::smallint as budget_year, c.code as fund_centre, n.title as fund_centre_title, n.level, n.programme,
       n.ministry, case when b.node % 6 >= 3 then 'T2' else 'HT2' end as envelope,
       case b.node % 3 when 0 then 'ordinary' when 1 then 'contribution' else 'assigned_revenue' end as fund_family,
       b.ae_opened as ae_opened_cents, b.ae_allotted as ae_allotted_cents, b.ae_reserved as ae_reserved_cents, b.ae_consumed as ae_consumed_cents, coalesce(f.ae_frozen, 0) as ae_frozen_cents,
       b.ae_opened - b.ae_reserved - b.ae_consumed as ae_available_cents,
       b.cp_opened as cp_opened_cents, b.cp_allotted as cp_allotted_cents, b.cp_reserved as cp_reserved_cents, b.cp_consumed as cp_consumed_cents, coalesce(f.cp_frozen, 0) as cp_frozen_cents,
       b.cp_opened - b.cp_reserved - b.cp_consumed as cp_available_cents
from (select distinct on (node) * from node_balance order by node, batch desc) b
join reference_text c on c.kind = 1 and c.id = b.node / 6 % 131072
left join (select distinct on (node) node, ae_frozen, cp_frozen from frozen_balance order by node, batch desc) f on f.node = b.node
left join analyst_code n on n.kind = 1 and n.year = b.node / 786432 + 2000 and n.code = c.code;
comment on column analysis_v1.credit_node.ae_available_cents is 'AE (autorisations d''engagement) opened less reserved and consumed (disponible), in cents of euro';
comment on column analysis_v1.credit_node.cp_available_cents is 'CP (crédits de paiement) opened less reserved and consumed (disponible), in cents of euro';

create or replace view analysis_v1.kind as
select kind as number, name, title, family, stage, takes, cp_sign, mirrors from analyst_kind;
comment on column analysis_v1.kind.mirrors is 'Whether it takes back what the act before it did, in whole or in part';

comment on column analysis_v1.execution_month.acts is 'Number of payments, set-offs and corrections (nombre d''actes)';
comment on column analysis_v1.nomenclature.is_suspense is 'Whether the account is a suspense account (compte d''imputation provisoire)';
comment on column analysis_v1.journal_line.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.act.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.balance.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.execution_month.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.open_item.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.invoice.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.commitment.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
comment on column analysis_v1.payment.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 the inventory (inventaire), 15 result';
