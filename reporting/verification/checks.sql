-- One statement per rule, which returns a row (place, found, expected) for every place where the rule does not hold.  Runs in DuckDB.

-- name: batches
-- Batch numbers run from 1 to the engine's version; entry numbers continue from batch to batch; layouts are known.
select 'batch ' || n as place, 'no row' as found, 'a row' as expected
from range(1, (select greatest(coalesce(max(batch), 0), any_value(version)) + 1 from engine left join batch on true)) t(n)
where n not in (select batch from batch)
union all
select 'engine', 'version ' || version, coalesce(max(batch), 0) || ', the last batch' from engine left join batch on true
group by version having version <> coalesce(max(batch), 0)
union all
select 'batch ' || batch, 'entries from ' || first_entry, 'from ' || due
from (select *, coalesce(lag(first_entry + entries) over (order by batch), 1) as due from batch) where first_entry <> due
union all
select 'batch ' || batch, 'layout ' || layout, 'a layout that this version knows' from batch where layout not in (select layout from known_layout);

-- name: batch_counts
-- A batch has as many entries, refusals, refused lines, duplicates, payees, cells and pages of payment details as its row states, and their amount.
with counted as (
    select batch, 'entries' as what, count(*) as n from entry group by batch
    union all select batch, 'refusals', count(*) from refusal group by batch
    union all select batch, 'refused lines', sum(refused) from submission_step group by batch
    union all select batch, 'duplicates', count(*) from duplicate group by batch
    union all select batch, 'payees', count(*) from payee group by batch
    union all select batch, 'cells', count(*) from cell group by batch
    union all select batch, 'request pages', count(*) from request_detail group by batch
    union all select batch, 'cents', sum(amount) from entry group by batch
),
stated as (
    unpivot (select batch, entries::hugeint as entries, refusals::hugeint as refusals, refused_lines::hugeint as "refused lines", duplicates::hugeint as duplicates,
                    payees::hugeint as payees, cells::hugeint as cells, request_pages::hugeint as "request pages", amount::hugeint as cents from batch)
    on entries, refusals, "refused lines", duplicates, payees, cells, "request pages", cents into name what value n
)
select 'batch ' || s.batch as place, s.n || ' ' || s.what || ' stated' as found, coalesce(c.n, 0) || ' stored' as expected
from stated s left join counted c using (batch, what)
where s.n <> coalesce(c.n, 0)
order by s.batch;

-- name: strays
-- Every row belongs to a batch.
select name as place, rows || ' rows that belong to no batch' as found, 'none' as expected from stray where rows <> 0;

-- name: entry_ids
-- Entry numbers run from 1 without a gap, each once.
with span as (
    select b.batch, b.first_entry, b.first_entry + b.entries as due_end, count(e.entry_id) as n, count(distinct e.entry_id) as different
    from batch b left join entry e on e.batch = b.batch
    group by all
),
odd as (select * from span where n <> due_end - first_entry or different <> n),
mark as (
    select batch, entry_id from entry where batch in (select batch from odd)
    union all select batch, first_entry - 1 from odd
    union all select batch, due_end from odd
)
select 'batch ' || batch as place, 'entries ' || entry_id + 1 || ' to ' || following - 1 || ' missing' as found, 'no gap' as expected
from (select *, lead(entry_id) over (partition by batch order by entry_id) as following from mark) where following > entry_id + 1
union all
select 'entry ' || entry_id, count(*) || ' rows', '1' from entry where batch in (select batch from odd) group by entry_id having count(*) > 1;

-- name: numbers
-- Payees, cells and codes are numbered from 1 without a gap, each once; a payee has one code, and a code one payee.
with numbered as (
    select distinct 'payee' as what, payee as n from payee
    union all select 'cell', cell from cell
    union all select 'code of kind ' || kind, id from reference_text
)
select what as place, count(*) || ' numbers from ' || min(n) || ' to ' || max(n) as found, 'each number from 1 once' as expected
from numbered group by what having min(n) <> 1 or max(n) <> count(*) or count(distinct n) <> count(*)
union all
select 'payee ' || code, count(distinct payee) || ' numbers', '1' from payee group by code having count(distinct payee) > 1
union all
select 'payee ' || payee, count(distinct code) || ' codes', '1' from payee group by payee having count(distinct code) > 1;

-- name: submissions_known
-- Every row belongs to a registered submission.
select 'submission ' || submission as place, sum(lines) || ' ' || outcome || ' lines' as found, 'a row of submission' as expected
from decided where submission not in (select submission from submission) group by submission, outcome;

-- name: cells_known
-- The account assignment of an entry was stored by its batch, and its codes are in the nomenclature; an act on a third party has none.
select entry_name(e.entry_id, e.reference) as place, if(e.cell = 0, 'no cell', 'cell ' || e.cell) as found,
       if(k.of_payee, 'no cell', 'a cell stored by batch ' || e.batch) as expected
from entry e join kind k on k.kind = e.kind left join cell c on c.cell = e.cell
where (e.cell = 0) <> k.of_payee or (e.cell <> 0 and (c.cell is null or c.batch > e.batch))
union all
select 'cell ' || cell, 'codes that the nomenclature of ' || budget_year || ' does not have', 'fund centre, item, fund and operation of its files'
from cell c where cell not in (select cell from place)
or not exists (select 1 from centre n where n.year = c.budget_year and n.centre = c.centre)
or operation > 0 and not exists (select 1 from centre n where n.year = c.budget_year and n.centre = c.operation);

-- name: assignment_parts
-- Functional area, fund and operation of an account assignment belong to the programme of its fund centre in its year.
with part as (
    select c.cell, c.budget_year as year, t.code as programme, c.centre, c.operation, a.code as area, f.code as fund
    from cell c
    join lineage l on l.year = c.budget_year and l.centre = c.centre
    join centre p on p.year = l.year and p.centre = l.ancestor and p.level = 1
    join reference_text t on t.kind = 1 and t.id = p.centre
    left join reference_text a on a.kind = 2 and a.id = c.area
    left join reference_text f on f.kind = 4 and f.id = c.fund
    where c.area > 0 or c.fund > 0 or c.operation > 0
)
select 'cell ' || cell as place, 'functional area ' || area as found, 'an area of programme ' || programme as expected
from part p where area is not null and not exists (select 1 from area n where n.year = p.year and n.code = p.area and n.programme = p.programme)
union all
select 'cell ' || cell, 'fund ' || fund, 'a fund of programme ' || programme || ', or of all'
from part p where fund is not null and not exists (select 1 from fund n where n.year = p.year and n.code = p.fund and n.programme in ('', p.programme))
union all
select 'cell ' || cell, 'an operation of another fund centre', 'an operation of its own'
from part p where operation > 0 and not exists (select 1 from centre n where n.year = p.year and n.centre = p.operation and n.parent = p.centre);

-- name: payees_known
-- A payee is registered by an entry of its own before it is paid or changed; an entry that does neither names no payee.
with registered as (select payee, min(entry_id) as entry_id from payee group by payee)
select entry_name(e.entry_id, e.reference) as place, if(e.payee = 0, 'no payee', 'payee ' || e.payee) as found,
       case when k.registers then 'the payee it registers' when k.pays or k.inherits then 'a payee registered before' else 'no payee' end as expected
from entry e join kind k on k.kind = e.kind left join registered p on p.payee = e.payee
where case when k.registers then p.entry_id is distinct from e.entry_id
           when k.pays or k.inherits then p.entry_id is null or p.entry_id > e.entry_id else e.payee <> 0 end
union all
select 'payee ' || code, 'stated by entry ' || entry_id, 'an entry that registers or changes this payee'
from payee p where not exists (
    select 1 from entry e join kind k on k.kind = e.kind where e.entry_id = p.entry_id and e.payee = p.payee and (k.registers or k.redetails)
)
union all
select entry_name(e.entry_id, e.reference), 'no bank details', 'the bank details that it states'
from entry e join kind k on k.kind = e.kind where k.redetails and not exists (select 1 from payee p where p.entry_id = e.entry_id);

-- name: requests_known
-- A page of payment details has the lines that its row states, in order, each of a payable entry, a receivable or a justification of its batch.
with line as (
    select page, entry_id, entry_id <= lag(entry_id) over (partition by page order by place) as is_astray from request_line
),
counted as (
    select page, count(*) as n, min(entry_id) as first, max(entry_id) as last, coalesce(bool_or(is_astray), false) as is_astray
    from line group by page
)
select 'page of entry ' || d.entry_id as place, coalesce(c.n, 0) || ' lines, ' || coalesce(c.first || ' to ' || c.last, 'none') as found,
       d.requests || ' lines in order, ' || d.entry_id || ' to ' || d.last_entry as expected
from request_detail d left join counted c on c.page = d.entry_id
where c.n is distinct from d.requests or c.first <> d.entry_id or c.last <> d.last_entry or c.is_astray
union all
select 'page of entry ' || l.page, 'a line of entry ' || l.entry_id, 'a payable entry, a receivable or a justification of batch ' || any_value(d.batch) || ', once'
from request_line l
join request_detail d on d.entry_id = l.page
left join entry e on e.entry_id = l.entry_id and e.batch = d.batch
left join kind k on k.kind = e.kind
group by l.page, l.entry_id having count(*) > 1 or not coalesce(any_value(k.family) in ('PAYMENT_REQUEST', 'RECEIVABLE', 'JUSTIFICATION'), false);

-- name: periods
-- The day of an entry lies in its month, or in the January after its December, and the month was open for its accountant when its
-- batch was decided (rule A04).  Openings, and they alone, are in month 0 of their year, the inventory in months 13 and 14, the result in month 15.
with posted as (select distinct batch, exercise, month, accountant from entry),
state_owner as (  -- the accountants whom a decision on the month names have a course of their own
    select p.*, if(s.accountant is null, 0, p.accountant) as whose
    from posted p left join (select distinct exercise, month, accountant from period_span) s using (exercise, month, accountant)
),
closed_month as (
    select c.batch, c.exercise, c.month, c.accountant from state_owner c
    where not exists (
        select 1 from period_span s where s.exercise = c.exercise and s.month = c.month and s.accountant = c.whose
        and c.batch between s.first and s.last
    )
)
select entry_name(entry_id, reference) as place, 'day ' || day as found, exercise || '-' || lpad(month::varchar, 2, '0') as expected
from entry join kind k using (kind)
where not case when k.family = 'OPENING' then month = 0 and year(day) = exercise when k.family = 'RESULT' then month = 15 and year(day) = exercise
          when k.name in ('provision', 'provision_release', 'provision_correction') then month = 14 and year(day) = exercise
          when k.family = 'INVENTORY' or k.name = 'inventory_correction' then month = 13 and year(day) = exercise
          else year(day) = exercise and month(day) = month or year(day) = exercise + 1 and month(day) = 1 and month = 12 end
union all
select entry_name(e.entry_id, e.reference), exercise || '-' || lpad(month::varchar, 2, '0') || ' of ' || accountant_name(accountant), 'a month that was open then'
from entry e join closed_month s using (batch, exercise, month, accountant);

-- name: period_decisions
-- A month is closed, reopened or locked as its state allows, a lock is never undone, and every decision has a person, a reason and
-- its place among the batches (rule A04).
select place, found, expected from period_fault;

-- name: duplicates_known
-- A duplicate repeats an accepted entry of the same sender.
select 'batch ' || d.batch || ', line ' || d.line + 1 || ' of submission ' || d.submission as place, 'repeats entry ' || d.entry_id as found,
       'an entry of the same sender, accepted by then' as expected
from duplicate d
left join entry e on e.entry_id = d.entry_id
left join sender s on s.submission = d.submission
left join sender es on es.submission = e.submission
where e.entry_id is null or e.batch > d.batch or s.sender is distinct from es.sender;

-- name: keys
-- A reference of a sender, family and exercise names one accepted act, a carry that of its owner, whose entries are consecutive in one batch.
-- Keys are compared by hash first; two texts with the same hash are then distinguished by the texts.
with keyed as (
    select hash(coalesce(o.sender, s.sender), k.family, e.exercise, e.reference) as key, hash(e.submission, e.batch, e.line - e.entry_id) as act, e.entry_id
    from entry e join kind k on k.kind = e.kind join sender s on s.submission = e.submission
    left join reference_owner o on k.carries and o.number = e.source
),
suspect as (
    select key from keyed group by key
    having count(*) > 1 and (max(entry_id) - min(entry_id) + 1 <> count(*) or min(act) <> max(act))
)
select 'reference ' || e.reference as place, count(*) || ' entries, ' || min(e.entry_id) || ' to ' || max(e.entry_id) as found,
       'the lines of one act' as expected
from entry e join kind k on k.kind = e.kind join sender s on s.submission = e.submission
left join reference_owner o on k.carries and o.number = e.source
where hash(coalesce(o.sender, s.sender), k.family, e.exercise, e.reference) in (select key from suspect)
group by coalesce(o.sender, s.sender), k.family, e.exercise, e.reference
having count(*) > 1 and (max(e.entry_id) - min(e.entry_id) + 1 <> count(*)
                         or count(distinct hash(e.submission, e.batch, e.line - e.entry_id)) > 1);

-- name: predecessors
-- The predecessor of an entry comes before it and has the right kind and account assignment, whoever sent it.
select entry_name(f.entry_id, e.reference) as place, f.fault as found, 'a predecessor that its kind admits' as expected
from effect f join entry e on e.entry_id = f.entry_id where f.fault is not null;

-- name: commitments
-- At no moment is more of a commitment certified than engaged, or requested than certified (rules A16, A32, A33).
with step as (
    select f.commitment, f.entry_id, sum(f.cents * f.open_sign) over w as open, sum(f.cents * f.unbilled_sign) over w as unbilled
    from engagement f
    where f.commitment > 0 and (f.open_sign <> 0 or f.unbilled_sign <> 0)
    window w as (partition by f.commitment order by f.entry_id)
)
select entry_name(s.commitment, coalesce(any_value(e.reference), 'missing')) as place,
       'after entry ' || min(s.entry_id) || ': engaged and not yet drawn ' || euros(arg_min(s.open, s.entry_id))
       || ', certified and not yet requested ' || euros(arg_min(s.unbilled, s.entry_id)) as found, 'neither below zero' as expected
from step s left join entry e on e.entry_id = s.commitment
where s.open < 0 or s.unbilled < 0
group by s.commitment;

-- name: open_items
-- Followers reverse, divert or pass on at most the amount of an entry (rules A05, A54, A57).
select entry_name(t.item, any_value(e.reference)) as place, euros(sum(t.cents)) || ' taken up or reversed' as found,
       'at most ' || euros(any_value(e.amount)) as expected
from taken_up t join entry e on e.entry_id = t.item
group by t.item having sum(t.cents) > any_value(e.amount);

-- name: node_balances
-- The eight figures of a node after every batch follow from the journal.  A lasting error is reported where it began.
with suspect as (
    select distinct node from node_figure
    where stored and (s1 <> ae_opened or s2 <> ae_allotted or s3 <> ae_reserved or s4 <> ae_consumed
                      or s5 <> cp_opened or s6 <> cp_allotted or s7 <> cp_reserved or s8 <> cp_consumed)
),
long as (
    select n.batch, n.node, f.name, f.stored, f.computed
    from node_figure n join suspect using (node), lateral (
        select unnest(['AE opened', 'AE allotted', 'AE reserved', 'AE consumed', 'CP opened', 'CP allotted', 'CP reserved', 'CP consumed']) as name,
               unnest([n.s1, n.s2, n.s3, n.s4, n.s5, n.s6, n.s7, n.s8]) as stored,
               unnest([n.ae_opened, n.ae_allotted, n.ae_reserved, n.ae_consumed, n.cp_opened, n.cp_allotted, n.cp_reserved, n.cp_consumed]) as computed
    ) f
    where n.stored
)
select node_name(node) || ' after batch ' || batch as place, name || ' ' || euros(stored) as found, euros(computed) || ' from the journal' as expected
from (select *, stored - computed as error from long)
where error <> 0
qualify error is distinct from lag(error) over (partition by node, name order by batch)
order by batch;

-- name: node_balances_stored
-- Every batch that changed a node stored its figures.
select node_name(node) || ' after batch ' || batch as place, 'no row of node_balance' as found, 'one: the batch changed this node' as expected
from node_figure where moved and not stored;

-- name: availability
-- No blocking node is overdrawn after any batch: opened less reserved less consumed is not below zero (rules A11, A23), save for
-- what payroll took before its check (rule A28), and what a rejection of a carry gave back to a year that is over (rule A30).
-- Nodes of AE that were committed in advance have a check of their own.
with lenient as (
    select batch, node, cents as ae, cents as cp from unchecked
    union all
    select batch, node, ae, cp from given_back
),
waived as (
    select batch, node, sum(sum(ae)) over w as ae, sum(sum(cp)) over w as cp from lenient group by batch, node
    window w as (partition by node order by batch)
)
select node_name(n.node) || ' after batch ' || n.batch as place,
       'AE ' || euros(n.ae_opened - n.ae_reserved - n.ae_consumed) || ', CP ' || euros(n.cp_opened - n.cp_reserved - n.cp_consumed) || ' available' as found,
       if(coalesce(w.ae, 0) = 0 and coalesce(w.cp, 0) = 0, 'not below zero',
          'at least AE ' || euros(-w.ae) || ', CP ' || euros(-w.cp) || ', which payroll took unchecked, or rejected carries gave back') as expected
from node_figure n join centre c on c.year = n.node // (131072 * 6) + 2000 and c.centre = n.node // 6 % 131072
asof left join waived w on w.node = n.node and w.batch <= n.batch
where not c.estimated
  and (n.ae_opened + coalesce(w.ae, 0) < n.ae_reserved + n.ae_consumed and n.node not in (select node from advanced_node)
       or n.cp_opened + coalesce(w.cp, 0) < n.cp_reserved + n.cp_consumed);

-- name: allotments
-- No node allots and freezes more than it has (rule A19).
select node_name(n.node) || ' after batch ' || n.batch as place,
       'allotted and frozen AE ' || euros(n.ae_allotted + coalesce(f.ae_frozen_here, 0)) || ', CP ' || euros(n.cp_allotted + coalesce(f.cp_frozen_here, 0)) as found,
       'at most AE ' || euros(n.ae_opened) || ', CP ' || euros(n.cp_opened) as expected
from node_figure n asof left join frozen_figure f on f.node = n.node and f.batch <= n.batch
where n.ae_allotted + coalesce(f.ae_frozen_here, 0) > n.ae_opened or n.cp_allotted + coalesce(f.cp_frozen_here, 0) > n.cp_opened;

-- name: lowered_credits
-- After each entry that takes credits away from a node or freezes them there, it has allotted and frozen no more than it has (rule A19).
with running as (
    select entry_id, node, ae_opened - ae_frozen_here as ae, cp_opened - cp_frozen_here as cp,
           sum(ae_opened - ae_allotted - ae_frozen_here) over w as ae_left, sum(cp_opened - cp_allotted - cp_frozen_here) over w as cp_left
    from granted window w as (partition by node order by entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       node_name(r.node) || ' then has AE ' || euros(r.ae_left) || ', CP ' || euros(r.cp_left) || ' to distribute' as found, 'not below zero' as expected
from running r join entry e on e.entry_id = r.entry_id
where r.ae < 0 and r.ae_left < 0 or r.cp < 0 and r.cp_left < 0;

-- name: frozen_credits
-- After each entry that unfreezes credits, the node still has none or some frozen, never less than none (rule A19).
with running as (
    select entry_id, node, ae_frozen_here as ae, cp_frozen_here as cp, sum(ae_frozen_here) over w as ae_left, sum(cp_frozen_here) over w as cp_left
    from granted window w as (partition by node order by entry_id)
)
select entry_name(r.entry_id, e.reference) as place,
       node_name(r.node) || ' then has AE ' || euros(r.ae_left) || ', CP ' || euros(r.cp_left) || ' frozen' as found, 'not below zero' as expected
from running r join entry e on e.entry_id = r.entry_id
where r.ae < 0 and r.ae_left < 0 or r.cp < 0 and r.cp_left < 0;

-- name: frozen_balances
-- What is frozen at a node after every batch follows from the journal.
-- A batch that undid a freeze may store the figures again.
select node_name(b.node) || ' after batch ' || b.batch as place,
       'frozen AE ' || euros(b.ae_frozen) || ', CP ' || euros(b.cp_frozen)
       || '; here AE ' || euros(b.ae_frozen_here) || ', CP ' || euros(b.cp_frozen_here) as found,
       'AE ' || euros(coalesce(f.ae_frozen, 0)) || ', CP ' || euros(coalesce(f.cp_frozen, 0))
       || '; here AE ' || euros(coalesce(f.ae_frozen_here, 0)) || ', CP ' || euros(coalesce(f.cp_frozen_here, 0)) || ' from the journal' as expected
from frozen_balance b asof left join frozen_figure f on f.node = b.node and f.batch <= b.batch
where b.ae_frozen <> coalesce(f.ae_frozen, 0) or b.cp_frozen <> coalesce(f.cp_frozen, 0)
   or b.ae_frozen_here <> coalesce(f.ae_frozen_here, 0) or b.cp_frozen_here <> coalesce(f.cp_frozen_here, 0)
union all
select node_name(f.node) || ' after batch ' || f.batch, 'no row of frozen_balance', 'one: the batch changed what is frozen there'
from frozen_figure f where not exists (select 1 from frozen_balance b where b.batch = f.batch and b.node = f.node);

-- name: credit_levels
-- Credits are opened and cancelled at a programme, allotted to a BOP or UO and returned from one, earmarked for an operation, and frozen
-- at no operation (rule A19).
select entry_name(e.entry_id, e.reference) as place, 'a ' || k.name || ' at ' || node_name(p.target) as found,
       case when k.budget in ('OPEN', 'OPEN_FUND', 'CANCEL', 'DECREE_CANCEL') then 'a programme' when k.budget in ('EARMARK', 'UNEARMARK') then 'an operation'
            when k.budget in ('ALLOT', 'RETURN') then 'a BOP or UO' else 'a programme, BOP or UO' end as expected
from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell
join centre c on c.year = p.year and c.centre = if(p.operation > 0, p.operation, p.centre)
where k.budget in ('OPEN', 'OPEN_FUND', 'CANCEL', 'DECREE_CANCEL') and c.level <> 1 or k.budget in ('ALLOT', 'RETURN') and c.level not in (2, 3)
   or k.budget in ('EARMARK', 'UNEARMARK') and c.level <> 4 or k.budget in ('FREEZE', 'UNFREEZE') and c.level = 4;

-- name: account_balances
-- The debit and credit of an accountant's account and period after every batch are the sums of its entries.
with long as (
    select a.batch, a.accountant, a.account, a.period, f.name, f.stored, f.computed
    from account_figure a, lateral (
        select unnest(['debit', 'credit']) as name, unnest([a.s1, a.s2]) as stored, unnest([a.debit, a.credit]) as computed
    ) f
    where a.stored
)
select account_name(account) || ' of ' || accountant_name(accountant) || ' in ' || period_name(period) || ' after batch ' || batch as place, name || ' ' || euros(stored) as found,
       euros(computed) || ' from the journal' as expected
from (select *, stored - computed as error from long)
where error <> 0
qualify error is distinct from lag(error) over (partition by accountant, account, period, name order by batch)
order by batch;

-- name: account_balances_stored
-- Every batch that posted to an account of an accountant stored its sums.
select account_name(account) || ' of ' || accountant_name(accountant) || ' in ' || period_name(period) || ' after batch ' || batch as place, 'no row of account_balance' as found,
       'one: the batch posted to this account' as expected
from account_figure where moved and not stored;

-- name: trial_balance
-- The stored debits of each accountant equal his stored credits in every period (rule A01).
with last as (
    select accountant, account, period, arg_max(s1, batch) as debit, arg_max(s2, batch) as credit
    from account_figure where stored group by accountant, account, period
)
select 'period ' || period_name(period) || ' of ' || accountant_name(accountant) as place, 'debit ' || euros(sum(debit)) || ', credit ' || euros(sum(credit)) as found, 'equal sums' as expected
from last group by accountant, period having sum(debit) <> sum(credit);

-- name: accountants
-- Every entry is in the books of the accountant who pays for its fund centre in its budget year, as the reference data assign
-- it; an entry without a fund centre is in nobody's (rule A01).
with due as (
    select c.cell, coalesce(r.id, -1) as accountant
    from cell c join reference_text t on t.kind = 1 and t.id = if(c.operation > 0, c.operation, c.centre)
    left join centre_accountant a on a.year = c.budget_year and a.code = t.code
    left join reference_text r on r.kind = 8 and r.code = a.accountant
)
select entry_name(e.entry_id, e.reference) as place, 'accountant: ' || accountant_name(e.accountant) as found,
       'accountant: ' || accountant_name(coalesce(d.accountant, 0)) as expected
from entry e left join due d on d.cell = e.cell where e.accountant <> coalesce(d.accountant, 0);

-- name: outcomes
-- Every line read has one outcome: accepted, duplicate, refused or suspended; lines are numbered without a gap.
with seen as (
    select submission, if(arg_max(pass, batch) = 1, max(next_line), greatest(max(next_line), any_value(declared_lines))) as lines
    from progress join submission using (submission) group by submission
),
line as (  -- a row about several lines is the first of them, and how many
    select submission, line, lines from decided
    union all
    select submission, line, 1 from held_line where decided is null
    union all
    select submission, next_line - stretch_rest_lines, stretch_rest_lines from open_stretch
),
overlap as (
    select s.submission, s.line, s.lines, l.line as within
    from line s join line l on l.submission = s.submission and l.line > s.line and l.line < s.line + s.lines
    where s.lines > 1
),
counted as (
    select submission, count(*) as n, sum(lines) as lines, count(distinct line) as different, min(line) as first, max(line + lines) as next,
           min(lines) as least
    from line group by submission
),
odd as (
    select submission, coalesce(s.lines, 0) as lines from seen s full join counted c using (submission)
    where coalesce(c.lines, 0) <> coalesce(s.lines, 0) or c.different <> c.n or c.first < 0 or c.next > s.lines or c.least < 1
       or submission in (select submission from overlap)
),
mark as (
    select submission, line, lines from line where submission in (select submission from odd)
    union all select submission, -1, 1 from odd
    union all select submission, lines, 1 from odd
)
select 'submission ' || submission as place, 'lines ' || line + lines + 1 || ' to ' || following || ' without an outcome' as found, 'one each' as expected
from (select *, lead(line) over (partition by submission order by line) as following from mark) where following > line + lines
union all
select 'line ' || line + 1 || ' of submission ' || submission, count(*) || ' outcomes', '1'
from line where submission in (select submission from odd) group by submission, line having count(*) > 1
union all
select 'line ' || within + 1 || ' of submission ' || submission, 'an outcome, and one of lines ' || line + 1 || ' to ' || line + lines, '1' from overlap
union all
select 'submission ' || submission, count(*) || ' outcomes for lines after the last one read', 'none'
from line join odd using (submission) where line.line + line.lines > odd.lines group by submission
union all
select 'submission ' || submission, 'a refusal of ' || least || ' lines', 'at least one' from counted where least < 1;

-- name: progress
-- The tally of a submission after every batch counts its rows so far, in lines and in cents.
with running as (
    select coalesce(s.submission, p.submission) as submission, coalesce(s.batch, p.batch) as batch, p.batch is not null as stored,
           p.accepted as s1, p.duplicate as s2, p.refused as s3, p.suspended as s4,
           p.accepted_cents as s5, p.duplicate_cents as s6, p.refused_cents as s7, p.suspended_cents as s8, p.refusal_rows as s9,
           [sum(s.accepted) over w, sum(s.duplicate) over w, sum(s.refused) over w, sum(s.suspended) over w,
            sum(s.accepted_cents) over w, sum(s.duplicate_cents) over w, sum(s.refused_cents) over w, sum(s.suspended_cents) over w,
            sum(s.refusal_rows) over w] as computed
    from submission_step s full join progress p on p.submission = s.submission and p.batch = s.batch
    window w as (partition by coalesce(s.submission, p.submission) order by coalesce(s.batch, p.batch))
),
undecided as (select distinct submission from held_line where decided is null),
long as (
    select submission, batch, unnest(range(1, 10)) as figure, unnest([s1, s2, s3, s4, s5, s6, s7, s8, s9]) as stored,
           unnest(list_transform(computed, lambda x: coalesce(x, 0))) as computed
    from running where stored
)
select 'submission ' || submission || ' after batch ' || batch as place,
       ['accepted', 'duplicate', 'refused', 'suspended', 'accepted cents', 'duplicate cents', 'refused cents', 'suspended cents',
        'rows of refusals'][figure]
       || ' ' || stored as found, computed || ' from its rows' as expected
from (select *, stored - computed as error from long)
where error <> 0 and not (figure = 8 and submission in (select submission from undecided))
qualify error is distinct from lag(error) over (partition by submission, figure order by batch)
union all
select 'submission ' || submission || ' after batch ' || batch, 'no row of progress', 'one: the batch decided its lines' from running where not stored;

-- name: stages
-- In its first pass a submission has as many lines read as outcomes; it is done when all its lines are decided.
select 'submission ' || p.submission || ' after batch ' || p.batch as place,
       'next line ' || next_line + 1 || ', pass ' || pass || if(done, ', done', '') as found,
       accepted + duplicate + refused || ' lines decided, ' || suspended || ' suspended of ' || coalesce(s.declared_lines::varchar, 'any') as expected
from progress p left join submission s on s.submission = p.submission
where pass = 1 and next_line <> accepted + duplicate + refused + suspended
   or done <> coalesce(accepted + duplicate + refused = s.declared_lines, done) or done and suspended <> 0
   or pass < 1 or next_line < 0 or next_line > s.declared_lines or least(accepted, duplicate, refused, suspended) < 0
   or stretch_rest_lines < 0 or stretch_rest_lines > least(next_line, refused) or stretch_rest_lines > 0 and (done or pass > 1)
   or p.batch not in (select batch from batch);

-- name: declarations
-- A finished submission has the number of lines and the amount that it declared.
select 'submission ' || p.submission as place, p.lines || ' lines, ' || euros(p.cents) as found,
       coalesce(s.declared_lines::varchar, 'any') || ' lines, ' || coalesce(euros(s.declared_cents), 'any amount') || ' declared' as expected
from (
    select submission, arg_max(accepted + duplicate + refused + suspended, batch) as lines,
           arg_max(accepted_cents + duplicate_cents + refused_cents + suspended_cents, batch) as cents, arg_max(done, batch) as done
    from progress group by submission
) p join submission s using (submission)
where p.done and (s.declared_lines <> p.lines or s.declared_cents <> p.cents);

-- name: cancellations
-- A cancelled submission was registered, and none of its lines was decided.
select 'submission ' || c.submission as place, if(s.submission is null, 'no row of submission', n || ' rows of progress and of lines') as found,
       'none: it is cancelled' as expected
from cancellation c left join submission s using (submission)
left join (
    select submission, count(*) as n
    from (select submission from progress union all select submission from decided union all select submission from held_line)
    group by submission
) t using (submission)
where s.submission is null or t.n > 0;
