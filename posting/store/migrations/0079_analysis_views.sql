-- The views of analysts, version 1.  Columns may be added behind those here; none is removed, renamed or changed in type: a further
-- version would get a schema of its own.  Views have the rights of the owner of the tables, so who reads them needs none on the tables.
-- Names and accounts stand in views of their own, which only roles with names may read: crescendo analysts grant.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create schema analysis_v1;
comment on schema analysis_v1 is 'Views for analysts, version 1: documented in docs/analysts.md; amounts in cents, titles in French';

create view analysis_v1.journal_line as
select e.entry_id as entry, e.exercise, e.month, e.day, acc.code as accountant, a.code as account, ac.title as account_title,
       e.amount as debit_cents, 0::bigint as credit_cents, o.code as counterpart_account,
       k.name as kind, k.title as kind_title, s.sender, e.reference, e.predecessor, p.code as payee,
       l.budget_year, fc.code as fund_centre, fa.code as functional_area, ci.code as commitment_item, fu.code as fund,
       n.programme, n.ministry
from entry e
join reference_text a on a.kind = 5 and a.id = e.debit
left join reference_text o on o.kind = 5 and o.id = e.credit
left join analyst_code ac on ac.kind = 5 and ac.year = e.exercise and ac.code = a.code
join submission s on s.submission = e.submission
left join analyst_kind k on k.kind = e.kind
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text fa on fa.kind = 2 and fa.id = l.area
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join reference_text fu on fu.kind = 4 and fu.id = l.fund
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
where e.debit <> 0
union all
select e.entry_id as entry, e.exercise, e.month, e.day, acc.code as accountant, a.code as account, ac.title as account_title,
       0::bigint as debit_cents, e.amount as credit_cents, o.code as counterpart_account,
       k.name as kind, k.title as kind_title, s.sender, e.reference, e.predecessor, p.code as payee,
       l.budget_year, fc.code as fund_centre, fa.code as functional_area, ci.code as commitment_item, fu.code as fund,
       n.programme, n.ministry
from entry e
join reference_text a on a.kind = 5 and a.id = e.credit
left join reference_text o on o.kind = 5 and o.id = e.debit
left join analyst_code ac on ac.kind = 5 and ac.year = e.exercise and ac.code = a.code
join submission s on s.submission = e.submission
left join analyst_kind k on k.kind = e.kind
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text fa on fa.kind = 2 and fa.id = l.area
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join reference_text fu on fu.kind = 4 and fu.id = l.fund
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
where e.credit <> 0;
comment on view analysis_v1.journal_line is 'One row for each side of each entry that posts on an account (écritures du journal)';
comment on column analysis_v1.journal_line.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.journal_line.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.journal_line.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.journal_line.day is 'Posting date (date comptable)';
comment on column analysis_v1.journal_line.accountant is 'Code of the accountant (comptable assignataire); null without a fund centre';
comment on column analysis_v1.journal_line.account is 'Number of the account in the chart of the State (compte)';
comment on column analysis_v1.journal_line.account_title is 'Title of the account in French (intitulé du compte)';
comment on column analysis_v1.journal_line.debit_cents is 'Debit (débit), in cents of euro; 0 on the other side';
comment on column analysis_v1.journal_line.credit_cents is 'Credit (crédit), in cents of euro; 0 on the other side';
comment on column analysis_v1.journal_line.counterpart_account is 'Account on the other side of the entry (contrepartie); null for an entry of one side';
comment on column analysis_v1.journal_line.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.journal_line.kind_title is 'Kind of act in French (nature de l''acte)';
comment on column analysis_v1.journal_line.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.journal_line.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.journal_line.predecessor is 'Entry that the act follows (pièce précédente); 0 if it follows none';
comment on column analysis_v1.journal_line.payee is 'Code of the third party (tiers), without name; null if the act names none';
comment on column analysis_v1.journal_line.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.journal_line.fund_centre is 'Fund centre (centre financier)';
comment on column analysis_v1.journal_line.functional_area is 'Functional area (domaine fonctionnel)';
comment on column analysis_v1.journal_line.commitment_item is 'Commitment item (compte budgétaire)';
comment on column analysis_v1.journal_line.fund is 'Fund (fonds)';
comment on column analysis_v1.journal_line.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.journal_line.ministry is 'Ministry of the programme (ministère)';

create view analysis_v1.act as
select e.entry_id as entry, e.exercise, e.month, e.day, k.name as kind, k.title as kind_title, k.family, s.sender, e.reference,
       e.predecessor, p.code as payee, e.amount as amount_cents, acc.code as accountant, da.code as debit_account, ca.code as credit_account,
       l.budget_year, fc.code as fund_centre, fa.code as functional_area, ci.code as commitment_item, fu.code as fund,
       n.programme, n.ministry, e.submission, e.line
from entry e
join submission s on s.submission = e.submission
left join analyst_kind k on k.kind = e.kind
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join reference_text da on da.kind = 5 and da.id = e.debit
left join reference_text ca on ca.kind = 5 and ca.id = e.credit
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text fa on fa.kind = 2 and fa.id = l.area
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join reference_text fu on fu.kind = 4 and fu.id = l.fund
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code;
comment on view analysis_v1.act is 'One row for each accepted line, whether it posts on an account or not (actes acceptés)';
comment on column analysis_v1.act.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.act.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.act.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.act.day is 'Posting date (date comptable)';
comment on column analysis_v1.act.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.act.kind_title is 'Kind of act in French (nature de l''acte)';
comment on column analysis_v1.act.family is 'Family of the kind: budget, commitment, service, payment_request, settlement and others';
comment on column analysis_v1.act.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.act.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.act.predecessor is 'Entry that the act follows (pièce précédente); 0 if it follows none';
comment on column analysis_v1.act.payee is 'Code of the third party (tiers), without name; null if the act names none';
comment on column analysis_v1.act.amount_cents is 'Amount of the act (montant), in cents of euro';
comment on column analysis_v1.act.accountant is 'Code of the accountant (comptable assignataire); null without a fund centre';
comment on column analysis_v1.act.debit_account is 'Account debited (compte débité); null if none';
comment on column analysis_v1.act.credit_account is 'Account credited (compte crédité); null if none';
comment on column analysis_v1.act.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.act.fund_centre is 'Fund centre (centre financier)';
comment on column analysis_v1.act.functional_area is 'Functional area (domaine fonctionnel)';
comment on column analysis_v1.act.commitment_item is 'Commitment item (compte budgétaire)';
comment on column analysis_v1.act.fund is 'Fund (fonds)';
comment on column analysis_v1.act.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.act.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.act.submission is 'Number of the file or form that contained the line (numéro de dépôt)';
comment on column analysis_v1.act.line is 'Line of the file, from 1';

create view analysis_v1.balance as
select (b.period / 16 + 2000)::smallint as exercise, (b.period % 16)::smallint as month, acc.code as accountant, a.code as account,
       ac.title as account_title, b.debit as debit_cents, b.credit as credit_cents, b.debit - b.credit as balance_cents
from (select distinct on (account, period, accountant) account, period, accountant, debit, credit from account_balance
      order by account, period, accountant, batch desc) b
join reference_text a on a.kind = 5 and a.id = b.account
left join reference_text acc on acc.kind = 8 and acc.id = b.accountant
left join analyst_code ac on ac.kind = 5 and ac.year = b.period / 16 + 2000 and ac.code = a.code;
comment on view analysis_v1.balance is 'Debit and credit of each account by exercise, period and accountant, after the last batch (soldes des comptes)';
comment on column analysis_v1.balance.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.balance.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.balance.accountant is 'Code of the accountant (comptable assignataire); null without a fund centre';
comment on column analysis_v1.balance.account is 'Number of the account in the chart of the State (compte)';
comment on column analysis_v1.balance.account_title is 'Title of the account in French (intitulé du compte)';
comment on column analysis_v1.balance.debit_cents is 'Sum of debits of the period (débits), in cents of euro';
comment on column analysis_v1.balance.credit_cents is 'Sum of credits of the period (crédits), in cents of euro';
comment on column analysis_v1.balance.balance_cents is 'Debit less credit of the period (solde), in cents of euro';

create view analysis_v1.credit_node as
select (b.node / 786432 + 2000)::smallint as budget_year, c.code as fund_centre, n.title as fund_centre_title, n.level, n.programme,
       n.ministry, case when b.node % 6 >= 3 then 'T2' else 'HT2' end as envelope,
       case b.node % 3 when 0 then 'ordinary' when 1 then 'contribution' else 'assigned_revenue' end as fund_family,
       b.ae_opened as ae_opened_cents, b.ae_allotted as ae_allotted_cents, b.ae_reserved as ae_reserved_cents, b.ae_consumed as ae_consumed_cents, coalesce(f.ae_frozen, 0) as ae_frozen_cents,
       b.ae_opened - b.ae_allotted - b.ae_reserved - b.ae_consumed as ae_available_cents,
       b.cp_opened as cp_opened_cents, b.cp_allotted as cp_allotted_cents, b.cp_reserved as cp_reserved_cents, b.cp_consumed as cp_consumed_cents, coalesce(f.cp_frozen, 0) as cp_frozen_cents,
       b.cp_opened - b.cp_allotted - b.cp_reserved - b.cp_consumed as cp_available_cents
from (select distinct on (node) * from node_balance order by node, batch desc) b
join reference_text c on c.kind = 1 and c.id = b.node / 6 % 131072
left join (select distinct on (node) node, ae_frozen, cp_frozen from frozen_balance order by node, batch desc) f on f.node = b.node
left join analyst_code n on n.kind = 1 and n.year = b.node / 786432 + 2000 and n.code = c.code;
comment on view analysis_v1.credit_node is 'Credits of each budget node after the last batch: fund centre, envelope and family of funds of a budget year (crédits par nœud budgétaire)';
comment on column analysis_v1.credit_node.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.credit_node.fund_centre is 'Fund centre (centre financier)';
comment on column analysis_v1.credit_node.fund_centre_title is 'Title of the fund centre in French (libellé)';
comment on column analysis_v1.credit_node.level is 'Level of the fund centre: programme, bop, uo or operation (niveau)';
comment on column analysis_v1.credit_node.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.credit_node.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.credit_node.envelope is 'T2 for staff, HT2 for all others (titre 2, hors titre 2)';
comment on column analysis_v1.credit_node.fund_family is 'Origin of the money: ordinary, contribution (fonds de concours) or assigned_revenue (attribution de produits)';
comment on column analysis_v1.credit_node.ae_opened_cents is 'AE (autorisations d''engagement) opened or received (ouvert), in cents of euro';
comment on column analysis_v1.credit_node.ae_allotted_cents is 'AE (autorisations d''engagement) passed on to lower fund centres (mis à disposition), in cents of euro';
comment on column analysis_v1.credit_node.ae_reserved_cents is 'AE (autorisations d''engagement) reserved, frozen ones included (réservé), in cents of euro';
comment on column analysis_v1.credit_node.ae_consumed_cents is 'AE (autorisations d''engagement) consumed here and below (consommé), in cents of euro';
comment on column analysis_v1.credit_node.ae_frozen_cents is 'AE (autorisations d''engagement) frozen, a part of those reserved (gelé), in cents of euro';
comment on column analysis_v1.credit_node.ae_available_cents is 'AE (autorisations d''engagement) opened less allotted, reserved and consumed (disponible), in cents of euro';
comment on column analysis_v1.credit_node.cp_opened_cents is 'CP (crédits de paiement) opened or received (ouvert), in cents of euro';
comment on column analysis_v1.credit_node.cp_allotted_cents is 'CP (crédits de paiement) passed on to lower fund centres (mis à disposition), in cents of euro';
comment on column analysis_v1.credit_node.cp_reserved_cents is 'CP (crédits de paiement) reserved, frozen ones included (réservé), in cents of euro';
comment on column analysis_v1.credit_node.cp_consumed_cents is 'CP (crédits de paiement) consumed here and below (consommé), in cents of euro';
comment on column analysis_v1.credit_node.cp_frozen_cents is 'CP (crédits de paiement) frozen, a part of those reserved (gelé), in cents of euro';
comment on column analysis_v1.credit_node.cp_available_cents is 'CP (crédits de paiement) opened less allotted, reserved and consumed (disponible), in cents of euro';

create view analysis_v1.execution_month as
select e.exercise, e.month, l.budget_year, n.programme, n.ministry, ci.code as commitment_item,
       sum(e.amount * k.cp_sign)::bigint as cp_cents, count(*) as acts
from entry e
join analyst_kind k on k.kind = e.kind and k.cp_sign <> 0
join cell l on l.cell = e.cell
join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
group by e.exercise, e.month, l.budget_year, n.programme, n.ministry, ci.code;
comment on view analysis_v1.execution_month is 'CP consumed by month, programme and commitment item (exécution mensuelle des crédits de paiement)';
comment on column analysis_v1.execution_month.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.execution_month.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.execution_month.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.execution_month.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.execution_month.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.execution_month.commitment_item is 'Commitment item (compte budgétaire)';
comment on column analysis_v1.execution_month.cp_cents is 'CP consumed less CP given back (CP consommés), in cents of euro';
comment on column analysis_v1.execution_month.acts is 'Number of payments, set-offs and corrections (nombre dactes)';

create view analysis_v1.open_item as
select e.entry_id as entry, k.stage, e.exercise, e.month, e.day, d.due, acc.code as accountant, a.code as account,
       k.name as kind, k.title as kind_title, s.sender, e.reference, p.code as payee, n.programme, n.ministry,
       e.amount as amount_cents, coalesce(taken.cents, 0) as taken_cents, e.amount - coalesce(taken.cents, 0) as open_cents
from entry e
join analyst_kind k on k.kind = e.kind and k.stage <> ''
join submission s on s.submission = e.submission
left join (
    select f.predecessor, sum(f.amount)::bigint as cents from entry f join analyst_kind t on t.kind = f.kind and t.takes
    group by f.predecessor
) taken on taken.predecessor = e.entry_id
left join analyst_detail d on d.entry_id = e.entry_id
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join reference_text a on a.kind = 5
     and a.id = case when k.open_side = 'debit' or e.credit = 0 then e.debit else e.credit end
left join analyst_code ac on ac.kind = 5 and ac.year = e.exercise and ac.code = a.code
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
where e.amount > coalesce(taken.cents, 0) and (k.stage <> 'by_hand' or ac.is_suspense);
comment on view analysis_v1.open_item is 'What each act left open and no later act took: payables, receivables, transfers in transit, suspense and others (postes non soldés)';
comment on column analysis_v1.open_item.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.open_item.stage is 'What the amount waits for: payable, in_transit, returned, reopened, due, retained, withheld, by_hand (suspense account)';
comment on column analysis_v1.open_item.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.open_item.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.open_item.day is 'Posting date (date comptable)';
comment on column analysis_v1.open_item.due is 'Day on which it is due (échéance), as the act states it; null if it states none';
comment on column analysis_v1.open_item.accountant is 'Code of the accountant (comptable assignataire); null without a fund centre';
comment on column analysis_v1.open_item.account is 'Account on which the amount stands (compte)';
comment on column analysis_v1.open_item.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.open_item.kind_title is 'Kind of act in French (nature de l''acte)';
comment on column analysis_v1.open_item.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.open_item.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.open_item.payee is 'Code of the third party (tiers), without name; null if the act names none';
comment on column analysis_v1.open_item.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.open_item.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.open_item.amount_cents is 'Amount of the act (montant), in cents of euro';
comment on column analysis_v1.open_item.taken_cents is 'What later acts took off it (apuré), in cents of euro';
comment on column analysis_v1.open_item.open_cents is 'What is left open (reste à solder), in cents of euro';

create view analysis_v1.nomenclature as
select case kind when 1 then 'fund_centre' when 2 then 'functional_area' when 3 then 'commitment_item' when 4 then 'fund' else 'account' end as code_kind,
       year, code, title, parent, level, programme, mission, ministry, is_suspense
from analyst_code;
comment on view analysis_v1.nomenclature is 'Codes of each year and their titles, as the reference data in use have them (nomenclature budgétaire et plan de comptes)';
comment on column analysis_v1.nomenclature.code_kind is 'What the code names: fund_centre, functional_area, commitment_item, fund or account';
comment on column analysis_v1.nomenclature.year is 'Year in which the code has this title (exercice)';
comment on column analysis_v1.nomenclature.code is 'The code';
comment on column analysis_v1.nomenclature.title is 'Title in French (libellé); empty if the files have none';
comment on column analysis_v1.nomenclature.parent is 'Fund centre above it (centre supérieur); empty for others';
comment on column analysis_v1.nomenclature.level is 'Of a fund centre: programme, bop, uo or operation (niveau); empty for others';
comment on column analysis_v1.nomenclature.programme is 'Programme (programme); empty for codes of none';
comment on column analysis_v1.nomenclature.mission is 'Mission of the programme (mission)';
comment on column analysis_v1.nomenclature.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.nomenclature.is_suspense is 'Whether the account is a suspense account (compte dimputation provisoire)';

create view analysis_v1.kind as
select kind as number, name, title, family, stage, takes, cp_sign from analyst_kind;
comment on view analysis_v1.kind is 'Kinds of act (natures d''actes)';
comment on column analysis_v1.kind.number is 'Number of the kind in the journal';
comment on column analysis_v1.kind.name is 'Name of the kind in files';
comment on column analysis_v1.kind.title is 'Name in French (nature de l''acte)';
comment on column analysis_v1.kind.family is 'Family of the kind';
comment on column analysis_v1.kind.stage is 'Stage at which it leaves an amount open; empty for none';
comment on column analysis_v1.kind.takes is 'Whether it takes its amount off what the act before it left open';
comment on column analysis_v1.kind.cp_sign is '1 if it consumes CP, -1 if it gives them back, 0 for all others';

create view analysis_v1.invoice as
select d.entry_id as entry, d.invoice_number, d.invoice_key, d.invoice_date, d.invoice_part, d.received, d.due, e.exercise, e.month, e.day,
       k.name as kind, s.sender, e.reference, p.code as payee, e.amount as amount_cents, n.programme, n.ministry
from analyst_detail d
join entry e on e.entry_id = d.entry_id
join submission s on s.submission = e.submission
left join analyst_kind k on k.kind = e.kind
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code
where d.invoice_key is not null;
comment on view analysis_v1.invoice is 'Requests that state an invoice (factures)';
comment on column analysis_v1.invoice.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.invoice.invoice_number is 'Number of the invoice (numéro de facture), as it was stated';
comment on column analysis_v1.invoice.invoice_key is 'The number as it counts: letters in upper case, and digits';
comment on column analysis_v1.invoice.invoice_date is 'Date of the invoice (date de facture)';
comment on column analysis_v1.invoice.invoice_part is 'Part of the invoice, from 1; null for the whole invoice';
comment on column analysis_v1.invoice.received is 'Day on which it was received (date de réception)';
comment on column analysis_v1.invoice.due is 'Day on which it is due (échéance)';
comment on column analysis_v1.invoice.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.invoice.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.invoice.day is 'Posting date (date comptable)';
comment on column analysis_v1.invoice.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.invoice.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.invoice.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.invoice.payee is 'Code of the third party (tiers), without name; null if the act names none';
comment on column analysis_v1.invoice.amount_cents is 'Amount of the act (montant), in cents of euro';
comment on column analysis_v1.invoice.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.invoice.ministry is 'Ministry of the programme (ministère)';

create view analysis_v1.commitment as
select e.entry_id as entry, e.exercise, e.month, e.day, k.name as kind, s.sender, e.reference, l.budget_year, fc.code as fund_centre,
       ci.code as commitment_item, n.programme, n.ministry, e.amount as amount_cents, coalesce(f.increased, 0) as increased_cents,
       coalesce(f.decreased, 0) as decreased_cents, coalesce(f.certified, 0) as certified_cents, coalesce(f.requested, 0) as requested_cents
from entry e
join analyst_kind k on k.kind = e.kind and k.effect = 'commit'
join submission s on s.submission = e.submission
join cell l on l.cell = e.cell
left join (
    select o.predecessor, sum(o.amount - coalesce(u.cents, 0)) filter (where t.effect = 'increase')::bigint as increased,
           sum(o.amount - coalesce(u.cents, 0)) filter (where t.effect = 'decrease')::bigint as decreased,
           sum(o.amount - coalesce(u.cents, 0)) filter (where t.effect = 'certify')::bigint as certified,
           sum(o.amount - coalesce(u.cents, 0)) filter (where t.effect = 'request')::bigint as requested
    from entry o join analyst_kind t on t.kind = o.kind and t.effect not in ('', 'commit')
    left join (select m.predecessor, sum(m.amount) as cents from entry m join analyst_kind z on z.kind = m.kind and z.mirrors
               group by m.predecessor) u on u.predecessor = o.entry_id
    group by o.predecessor
) f on f.predecessor = e.entry_id
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code;
comment on view analysis_v1.commitment is 'Lines of commitments with what followed them directly (engagements juridiques)';
comment on column analysis_v1.commitment.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.commitment.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.commitment.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.commitment.day is 'Posting date (date comptable)';
comment on column analysis_v1.commitment.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.commitment.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.commitment.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.commitment.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.commitment.fund_centre is 'Fund centre (centre financier)';
comment on column analysis_v1.commitment.commitment_item is 'Commitment item (compte budgétaire)';
comment on column analysis_v1.commitment.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.commitment.ministry is 'Ministry of the programme (ministère)';
comment on column analysis_v1.commitment.amount_cents is 'AE of the line (montant engagé à l''origine), in cents of euro';
comment on column analysis_v1.commitment.increased_cents is 'Increases less what was undone (engagements complémentaires), in cents of euro';
comment on column analysis_v1.commitment.decreased_cents is 'Decreases less what was undone (retraits), in cents of euro';
comment on column analysis_v1.commitment.certified_cents is 'Certified service less cancellations (service fait), in cents of euro';
comment on column analysis_v1.commitment.requested_cents is 'Payment requests and penalties less rejections (demandes de paiement), in cents of euro; what a carry brought from an earlier year is not in these sums';

create view analysis_v1.payment as
select e.entry_id as entry, e.exercise, e.month, e.day, k.name as kind, s.sender, e.reference, e.predecessor as request, p.code as payee,
       e.amount as amount_cents, acc.code as accountant, l.budget_year, fc.code as fund_centre, ci.code as commitment_item,
       n.programme, n.ministry
from entry e
join analyst_kind k on k.kind = e.kind and k.remits
join submission s on s.submission = e.submission
left join reference_text acc on acc.kind = 8 and acc.id = e.accountant
left join analyst_payee p on p.payee = e.payee
left join cell l on l.cell = e.cell
left join reference_text fc on fc.kind = 1 and fc.id = l.centre
left join reference_text ci on ci.kind = 3 and ci.id = l.item
left join analyst_code n on n.kind = 1 and n.year = l.budget_year and n.code = fc.code;
comment on view analysis_v1.payment is 'Transfers to third parties, and the request that each pays (paiements)';
comment on column analysis_v1.payment.entry is 'Number of the entry (numéro d''écriture), unique in the journal';
comment on column analysis_v1.payment.exercise is 'Accounting year (exercice)';
comment on column analysis_v1.payment.month is 'Month of the exercise (période): 0 openings, 1 to 12, 13 and 14 after the year, 15 result';
comment on column analysis_v1.payment.day is 'Posting date (date comptable)';
comment on column analysis_v1.payment.kind is 'Kind of act, by its name in files';
comment on column analysis_v1.payment.sender is 'System of the ministry that sent the act (émetteur)';
comment on column analysis_v1.payment.reference is 'Reference of the document at its sender (numéro de pièce)';
comment on column analysis_v1.payment.request is 'Entry of the request that it pays (demande de paiement)';
comment on column analysis_v1.payment.payee is 'Code of the third party (tiers), without name; null if the act names none';
comment on column analysis_v1.payment.amount_cents is 'Amount of the act (montant), in cents of euro';
comment on column analysis_v1.payment.accountant is 'Code of the accountant (comptable assignataire); null without a fund centre';
comment on column analysis_v1.payment.budget_year is 'Budget year of the account assignment (exercice budgétaire)';
comment on column analysis_v1.payment.fund_centre is 'Fund centre (centre financier)';
comment on column analysis_v1.payment.commitment_item is 'Commitment item (compte budgétaire)';
comment on column analysis_v1.payment.programme is 'Programme of the fund centre (programme)';
comment on column analysis_v1.payment.ministry is 'Ministry of the programme (ministère)';

create view analysis_v1.third_party as
select p.code as payee, p.entry_id as entry, m.code as merged_into
from analyst_payee p left join third_party_merge t on t.payee = p.payee left join analyst_payee m on m.payee = t.into_payee;
comment on view analysis_v1.third_party is 'Codes of third parties, without names and accounts (tiers)';
comment on column analysis_v1.third_party.payee is 'Code of the third party (code tiers)';
comment on column analysis_v1.third_party.entry is 'Entry that registered it (écriture de création)';
comment on column analysis_v1.third_party.merged_into is 'Code that stays in use, if it was merged (tiers conservé); null otherwise';

create view analysis_v1.third_party_name as
select code as payee, entry_id as entry, name, iban, bic from payee;
comment on view analysis_v1.third_party_name is 'Names and accounts of third parties, from each entry on: personal data (noms et coordonnées bancaires des tiers)';
comment on column analysis_v1.third_party_name.payee is 'Code of the third party (code tiers)';
comment on column analysis_v1.third_party_name.entry is 'Entry from which on these details hold; the last one counts';
comment on column analysis_v1.third_party_name.name is 'Name of the third party (nom)';
comment on column analysis_v1.third_party_name.iban is 'IBAN of its account (coordonnées bancaires)';
comment on column analysis_v1.third_party_name.bic is 'BIC of its bank';

create view analysis_v1.officer as
select code as person, name from person;
comment on view analysis_v1.officer is 'Persons who enter and validate acts: personal data (agents)';
comment on column analysis_v1.officer.person is 'Code of the person, as files and forms state it (identifiant)';
comment on column analysis_v1.officer.name is 'Name of the person (nom)';

create view analysis_v1.officer_role as
select p.code as person, r.role, r.hand, nullif(r.centre, '') as fund_centre, nullif(r.accountant, '') as accountant, r.first_day, r.last_day,
       r.ceiling as ceiling_cents
from person_role r join person p on p.person = r.person;
comment on view analysis_v1.officer_role is 'Roles of persons, by code (habilitations)';
comment on column analysis_v1.officer_role.person is 'Code of the person (identifiant), which may be that of a login: personal data';
comment on column analysis_v1.officer_role.role is 'Role (rôle), as docs/roles.md lists them';
comment on column analysis_v1.officer_role.hand is 'entry, validation or both (saisie, validation)';
comment on column analysis_v1.officer_role.fund_centre is 'Fund centre and all below it (périmètre); null for all';
comment on column analysis_v1.officer_role.accountant is 'Accountant (comptable); null for all';
comment on column analysis_v1.officer_role.first_day is 'First day of the role';
comment on column analysis_v1.officer_role.last_day is 'Last day as it was given; null for none';
comment on column analysis_v1.officer_role.ceiling_cents is 'Most of an act (plafond), in cents of euro; null for none';

create view analysis_v1.as_of as
select l.name as ledger, coalesce(b.batch, 0) as batch, coalesce(b.first_entry + b.entries - 1, 0) as last_entry, b.committed_at,
       coalesce(r.last_entry, 0) as refreshed_entry, r.at as refreshed_at
from ledger l left join (select batch, first_entry, entries, committed_at from batch order by batch desc limit 1) b on true
left join (select last_entry, at from analyst_refresh order by refresh desc limit 1) r on true;
comment on view analysis_v1.as_of is 'One row: which ledger this is, and how far its data go (arrêté des données)';
comment on column analysis_v1.as_of.ledger is 'Name of the ledger';
comment on column analysis_v1.as_of.batch is 'Last batch of the journal (dernier lot); 0 before the first';
comment on column analysis_v1.as_of.last_entry is 'Last entry of the journal (dernière écriture)';
comment on column analysis_v1.as_of.committed_at is 'When the last batch was committed';
comment on column analysis_v1.as_of.refreshed_entry is 'Last entry when titles, codes of third parties and invoices were read (crescendo analysts refresh); later ones lack them';
comment on column analysis_v1.as_of.refreshed_at is 'When that was';
