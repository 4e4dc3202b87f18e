-- The journal interpreted by the catalog: the commitment and the budget nodes that every entry changes, and by how much.
-- Runs in DuckDB over the raw rows and four tables from the reference data: kind, and by year code (fund centres), item, fund.

-- name: macros
create macro euros(cents) as
    if(cents < 0, '-', '') || format('{:,}', abs(cents) // 100) || '.' || lpad((abs(cents) % 100)::varchar, 2, '0');
create macro sheet_name(sheet) as
    if(sheet >= 3, 'T2', 'HT2') || ['', ' contribution funds', ' assigned revenue'][sheet % 3 + 1];
create macro node_name(number) as coalesce(
    (select t.code from reference_text t where t.kind = 1 and t.id = number // 6 % 131072)
    || ' ' || sheet_name(number % 6) || ' ' || (number // 6 // 131072 + 2000), 'node ' || number);
create macro account_name(number) as
    coalesce((select t.code from reference_text t where t.kind = 5 and t.id = number), 'account ' || number);
create macro accountant_name(number) as
    coalesce((select t.code from reference_text t where t.kind = 8 and t.id = number), if(number = 0, 'no accountant', 'accountant ' || number));
create macro period_name(period) as (period // 16 + 2000) || '-' || lpad((period % 16)::varchar, 2, '0');
create macro to_day(number) as date '1970-01-01' + nullif(number, 0)::int;
create macro entry_name(number, reference) as 'entry ' || number || ' (' || reference || ')';

-- name: centre
create table centre as
select c.year, t.id as centre, coalesce(p.id, 0) as parent, c.level, c.estimated
from reference_text t join code c on c.code = t.code
left join reference_text p on p.kind = 1 and p.code = c.parent
where t.kind = 1;

-- name: same_person
-- Each merged payee with every payee that it is one person with by its own merges, from which entry on, and by how many.
create table same_person as
with recursive step as (
    select payee, into_payee as person, after_entry, 1 as depth, [payee, into_payee] as path from third_party_merge
    union all
    select s.payee, m.into_payee, greatest(s.after_entry, m.after_entry), s.depth + 1, list_append(s.path, m.into_payee)
    from step s join third_party_merge m on m.payee = s.person where not list_contains(s.path, m.into_payee)
)
select payee, person, after_entry, depth from step;

-- name: person_of
-- The payee that stays in use of each merged one, as of the last entry.
create table person_of as select payee, arg_max(person, depth) as person from same_person group by payee;

-- name: lineage
create table lineage as
with recursive above as (
    select year, centre, 0 as depth, centre as ancestor, parent from centre
    union all
    select a.year, a.centre, a.depth + 1, c.centre, c.parent from above a join centre c on c.year = a.year and c.centre = a.parent
)
select year, centre, depth, ancestor from above;

-- name: place
create table place as
with sheeted as (
    select c.*, (c.budget_year - 2000) * 131072 * 6 + coalesce(i.staff, 0) * 3 + f.family as base
    from cell c
    left join reference_text ti on ti.kind = 3 and ti.id = c.item left join item i on i.year = c.budget_year and i.code = ti.code
    join reference_text tf on tf.kind = 4 and tf.id = c.fund join fund f on f.year = c.budget_year and f.code = tf.code
    where c.item = 0 or i.code is not null  -- openings alone have no item
)
select cell, budget_year as year, base, centre, base + centre * 6 as node, operation, base + operation * 6 as operation_node,
       if(operation > 0, base + operation * 6, base + centre * 6) as target
from sheeted;

-- name: upward
create table upward as
select p.cell, p.operation > 0 as has_operation, p.base + l.ancestor * 6 as node
from place p join lineage l on l.year = p.year and l.centre = p.centre;

-- name: sender
create table sender as select submission, dense_rank() over (order by sender) as sender from submission;

-- name: reference_owner
-- The senders by the numbers that carries state of the owners of their references.
create table reference_owner as
select distinct t.id as number, s.sender from reference_text t join submission u on u.sender = t.code join sender s using (submission) where t.kind = 6;

-- name: standing_account
-- For each entry that leaves a debt where it is: the accounts of the last entry before it that posted, which has credited the debt.
create table standing_account as
with recursive hop as (
    select e.entry_id, e.predecessor as at from entry e join kind k on k.kind = e.kind where k.inherits and not k.posts
    union all
    select h.entry_id, p.predecessor
    from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind where k.inherits and not k.posts and p.predecessor < h.at
)
select h.entry_id, p.debit, p.credit from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind where k.posts or not k.inherits;

-- name: commitment_origin
-- For each commitment that was carried into a year: the first one, and over how many years it was carried.
create table commitment_origin as
with recursive hop as (
    select e.entry_id as commitment, e.predecessor as at, 1 as years
    from entry e join kind k on k.kind = e.kind where k.carries and k.family = 'COMMITMENT'
    union all
    select h.commitment, p.predecessor, h.years + 1
    from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind where k.carries and k.family = 'COMMITMENT' and p.predecessor < h.at
)
select h.commitment, h.at as origin, h.years from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind where not k.carries;

-- name: carried_service
-- For each service that was carried: that of the first year, the commitment that it leaves, and the one that it goes to.
create table carried_service as
with recursive hop as (
    select e.entry_id, e.predecessor as at, 1 as years from entry e join kind k on k.kind = e.kind where k.carries and k.family = 'SERVICE'
    union all
    select h.entry_id, p.predecessor, h.years + 1
    from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind where k.carries and k.family = 'SERVICE' and p.predecessor < h.at
),
step as (
    select h.entry_id, h.at as service, p.kind, p.day, p.debit, p.credit, coalesce(o.origin, p.predecessor) as origin, coalesce(o.years, 0) + h.years as years
    from hop h join entry p on p.entry_id = h.at join kind k on k.kind = p.kind left join commitment_origin o on o.commitment = p.predecessor
    where not k.carries
)
select s.entry_id, s.service, s.kind, s.day, s.debit, s.credit, if(s.years > 1, b.commitment, s.origin) as old, n.commitment as new
from step s left join commitment_origin b on b.origin = s.origin and b.years = s.years - 1
left join commitment_origin n on n.origin = s.origin and n.years = s.years
qualify row_number() over (partition by s.entry_id order by n.commitment, b.commitment) = 1;

-- name: moved_mirror
-- For each entry that undoes an act on a commitment that was carried since: the commitment where it went, and the one of the act.
create table moved_mirror as
with recursive step as (
    select e.predecessor as old, e.entry_id as new from entry e join kind k on k.kind = e.kind
    where k.carries and k.family = 'COMMITMENT' and e.predecessor < e.entry_id
),
hop as (
    select e.entry_id, c.old as commitment, c.new as at
    from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor
    left join carried_service s on s.entry_id = p.entry_id join step c on c.old = coalesce(s.new, p.predecessor)
    where k.mirrors and not k.undoes and c.new < e.entry_id
    union all
    select h.entry_id, h.commitment, c.new from hop h join step c on c.old = h.at where c.new < h.entry_id
)
select h.entry_id, any_value(h.commitment) as old, max(h.at) as new from hop h group by h.entry_id;

-- name: effect
-- One row per entry: the kind whose rules apply (a mirror undoes its predecessor), the signed cents, and the commitment that
-- they change.  ``fault`` states why the predecessor is invalid.
create table effect as
select e.entry_id, e.batch, e.cell, e.source, if(k.mirrors, coalesce(v.kind, p.kind), e.kind) as kind,
       if(k.mirrors, -e.amount, e.amount) as cents,
       case when k.mirrors and pk.family = 'COMMITMENT' then p.entry_id when k.mirrors then coalesce(m.new, v.new, p.predecessor) when k.family = 'COMMITMENT' then e.entry_id else e.predecessor end as commitment,
       if(k.mirrors, e.predecessor, 0) as reversed,
       case when k.follows = 'NONE' then if(e.predecessor <> 0, 'follows an entry, though its kind follows none', null)
            when p.entry_id is null then 'follows an entry that does not exist'
            when p.entry_id >= e.entry_id then 'follows a later entry'
            when pk.family <> k.follows and not (k.after = 'COLLECTED' and pk.family = 'SETTLEMENT' or k.after = 'BY_HAND' and pk.reaches = 'BY_HAND') then 'follows an entry of kind ' || pk.name
            when k.after <> 'NONE' and pk.reaches <> k.after then 'follows an entry of kind ' || pk.name || ', which has not reached the stage before it'
            when p.cell <> e.cell and not k.assigns then 'does not have the account assignment of its predecessor'
            when p.accountant <> e.accountant and (not k.assigns or k.family in ('RESTORATION', 'REASSIGNMENT', 'JOURNAL', 'ASSET')) then 'does not have the accountant of its predecessor'
            when k.inherits and k.debit_role = 'PREDECESSOR' and e.debit <> if(pk.posts or pk.mirrors, p.credit, held.credit) then 'does not debit the account that its predecessor credited'
            when k.credit_role = 'CLEARED' and e.credit <> if(pk.posts, p.debit, held.debit) then 'does not credit the account that its predecessor debited'
            when k.inherits and not k.pays and e.payee <> p.payee then 'has another payee than its predecessor'
            when k.mirrors and (e.credit <> coalesce(v.debit, p.debit) or e.debit <> coalesce(v.credit, p.credit) and not (pk.reaches = 'DUE' and e.exercise > p.exercise)) then 'does not exchange the debit and credit of its predecessor'
       end as fault
from entry e
join kind k on k.kind = e.kind
left join entry p on p.entry_id = e.predecessor
left join kind pk on pk.kind = p.kind
left join standing_account held on held.entry_id = e.predecessor and k.inherits
left join carried_service v on v.entry_id = e.predecessor and k.mirrors
left join moved_mirror m on m.entry_id = e.entry_id;

-- name: engagement
-- What each entry adds to a commitment, or takes from it: a carry takes from the commitment of the year before what it adds to that
-- of the next, and a request that is rejected after the carry of its commitment moves what it requested to the next year.
create view engagement as
select f.entry_id, f.commitment, f.cents, f.reversed, k.name, k.family, k.open_sign, k.unbilled_sign, case when k.carries and k.family = 'COMMITMENT' then 1 when k.family = 'RESTORATION' then 0 else k.ae_consumed end as engaged_sign
from effect f join kind k on k.kind = f.kind
union all
select f.entry_id, e.predecessor, f.cents, 0, k.name, k.family, -1, 0, -1
from effect f join kind k on k.kind = f.kind join entry e on e.entry_id = f.entry_id where k.carries and k.follows = 'COMMITMENT'
union all
select f.entry_id, v.commitment, f.cents, 0, k.name, k.family, 0, v.sign, v.sign
from effect f join kind k on k.kind = f.kind join carried_service s on s.entry_id = f.entry_id,
lateral (select unnest([s.new, s.old]) as commitment, unnest([1, -1]) as sign) v
union all
select f.entry_id, v.commitment, -f.cents, 0, k.name, k.family, 0, 0, v.sign
from effect f join kind k on k.kind = f.kind join moved_mirror m on m.entry_id = f.entry_id,
lateral (select unnest([m.new, m.old]) as commitment, unnest([1, -1]) as sign) v where k.family in ('PAYMENT_REQUEST', 'RETENTION');

-- name: settled
-- For each entry that settles, reverses a settlement or confirms a penalty: the kind that reserved the credits, that is the original
-- request, or what remitted a penalty; and what that request, or the penalty, followed, and whether it is a commitment.
create table settled as
with recursive climb as (
    select e.entry_id, e.predecessor as at, 0 as remission from entry e join kind k on k.kind = e.kind where k.settles <> 0 or k.cp_consumed > 0
    union all
    select c.entry_id, p.predecessor, if(c.remission = 0 and k.cp_reserved > 0, p.kind, c.remission)
    from climb c join entry p on p.entry_id = c.at join kind k on k.kind = p.kind where k.inherits and p.predecessor < c.at
)
select c.entry_id, if(k.family = 'RETENTION' and c.remission > 0, c.remission, p.kind) as kind, p.predecessor as followed, k.follows = 'COMMITMENT' as of_commitment
from climb c join entry p on p.entry_id = c.at join kind k on k.kind = p.kind where not k.inherits;

-- name: recovery
-- For each recovery of an advance: the request by which the transfer that it names began, and the debt that the entry before it takes up.
create table recovery as
with recursive climb as (
    select e.entry_id, e.predecessor as at from entry e join kind k on k.kind = e.kind where k.pairs = 'ADVANCE'
    union all
    select c.entry_id, p.predecessor
    from climb c join entry p on p.entry_id = c.at join kind k on k.kind = p.kind where k.inherits and p.predecessor < c.at
),
owed as (
    select e.entry_id, e.predecessor as at from entry e join kind k on k.kind = e.kind where k.pairs = 'WITHHOLDING'
    union all
    select o.entry_id, p.predecessor
    from owed o join entry p on p.entry_id = o.at join kind k on k.kind = p.kind where k.inherits and p.predecessor < o.at
),
advance as materialized (select c.entry_id, c.at from climb c join entry r on r.entry_id = c.at join kind k on k.kind = r.kind where not k.inherits),
debt as materialized (select o.entry_id, o.at from owed o join entry d on d.entry_id = o.at join kind k on k.kind = d.kind where not k.inherits),
withheld as materialized (select * from entry where entry_id in (select entry_id - 1 from advance))
select e.*, a.at as request, d.at as debt, w.payee as creditor
from advance a join entry e on e.entry_id = a.entry_id
left join withheld w on w.entry_id = e.entry_id - 1 and w.submission = e.submission and w.reference = e.reference and w.exercise = e.exercise
 and w.amount = e.amount and w.day = e.day and w.month = e.month and w.accountant = e.accountant
left join debt d on d.entry_id = w.entry_id;

-- name: taken_up
-- What later entries take up of a debt or of a service, or reverse; a reversal gives the amount back to the debt that it came from.
-- A reassignment takes up nothing of the debit that it names: the bank may still return it.
create view taken_up as
select e.entry_id, e.predecessor as item, e.amount as cents from entry e join kind k on k.kind = e.kind where k.inherits and k.pairs <> 'ORIGIN' or k.mirrors or k.carries and k.family = 'SERVICE'
union all
select e.entry_id, p.predecessor, -e.amount
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind
where k.mirrors and pk.inherits;

-- name: carry_place
-- The budget year, programme and sheet of each account assignment.
create view carry_place as
select p.cell, p.year as budget_year, p.base % 6 as sheet, t.code as programme
from place p join lineage l on l.year = p.year and l.centre = p.centre
join centre n on n.year = l.year and n.centre = l.ancestor and n.parent = 0 join reference_text t on t.kind = 1 and t.id = n.centre;

-- name: programme_after
-- Of each programme of a year those that follow it in each later year: itself where it goes on, and those that orders name (rule A64).
create table programme_after as
with recursive after as (
    select year, code as programme, year as later_year, code as follower from code where parent = ''
    union
    select a.year, a.programme, n.year, n.code from after a join code n on n.year = a.later_year + 1 and n.parent = ''
    where n.code = a.follower
       or exists (select 1 from succession s where s.year = n.year and s.programme = a.follower and s.follower = n.code)
)
select * from after;

-- name: carried
-- What each carry of a request, or its rejection, moves between the years: the cells of both, the entry that is carried, and the kind of the
-- original request, or of what remitted a penalty.
create table carried as
with recursive climb as (
    select f.entry_id, f.batch, f.cell, f.cents, r.cell as old_cell, r.entry_id as request, r.entry_id as at, 0 as remission
    from effect f join kind k on k.kind = f.kind join entry e on e.entry_id = f.entry_id
    join entry r on r.entry_id = if(f.reversed > 0, f.commitment, e.predecessor)
    where k.budget = 'CARRY'
    union all
    select c.entry_id, c.batch, c.cell, c.cents, c.old_cell, c.request, p.predecessor, if(c.remission = 0 and k.cp_reserved > 0, p.kind, c.remission)
    from climb c join entry p on p.entry_id = c.at join kind k on k.kind = p.kind where k.inherits and p.predecessor < c.at
)
select c.entry_id, c.batch, c.cell, c.old_cell, c.request, c.cents, if(k.family = 'RETENTION' and c.remission > 0, c.remission, p.kind) as kind
from climb c join entry p on p.entry_id = c.at join kind k on k.kind = p.kind where not k.inherits;

-- name: given_back
-- What rejections of carries reserve again in the year before, by the batches that change it: that year is over, so it may have no credits
-- any more.  A further carry takes it away again, and so does the rejection of the request (rule A30).
create table given_back as
with rejection as (select request, old_cell as cell, kind, min(entry_id) as first from carried where cents < 0 group by request, old_cell, kind),
step as (
    select r.cell, r.kind, c.batch, -c.cents as cents from rejection r join carried c on c.request = r.request and c.entry_id >= r.first
    union all
    select r.cell, r.kind, f.batch, f.cents from rejection r join effect f on f.reversed = r.request and f.entry_id > r.first
    join kind k on k.kind = f.kind where k.budget in ('SPEND', 'CARRY')
)
select s.batch, u.node, sum(if(u.has_operation, 0, s.cents * k.ae_reserved)) as ae, sum(s.cents * k.cp_reserved) as cp
from step s join kind k on k.kind = s.kind join upward u on u.cell = s.cell group by s.batch, u.node
union all
select s.batch, p.operation_node, sum(s.cents * k.ae_reserved), 0
from step s join kind k on k.kind = s.kind join place p on p.cell = s.cell where p.operation > 0 group by s.batch, p.operation_node;

-- name: granted
-- Budget acts: what they open at their own node, allot at the node above, or reserve at all nodes above; what they take away or freeze.
create table granted as
with act as (
    select f.entry_id, f.batch, if(k.budget in ('RETURN', 'CANCEL', 'DECREE_CANCEL', 'UNFREEZE', 'UNEARMARK', 'CARRY_OUT', 'CANCEL_UNUSED'), -f.cents, f.cents) as cents, f.source, k.budget,
           unnest(if(k.budget = 'OPEN_FUND', ['AE', 'CP'], [k.measure])) as measure, p.cell, p.year, p.target, p.node as unit, p.base,
           if(p.operation > 0, p.operation, p.centre) as centre
    from effect f join kind k on k.kind = f.kind join place p on p.cell = f.cell
    where k.budget in ('OPEN', 'OPEN_FUND', 'ALLOT', 'MOVE', 'VIREMENT', 'DECREE_TRANSFER', 'EARMARK', 'RETURN', 'CANCEL', 'DECREE_CANCEL', 'FREEZE', 'UNFREEZE', 'UNEARMARK',
                       'CARRY_OUT', 'CARRY_IN', 'CANCEL_UNUSED')
),
moved as (
    select a.entry_id, a.batch, a.cents, a.measure, g.depth, a.source // (131072 * 6) * (131072 * 6) + a.source % 6 + g.ancestor * 6 as giver,
           a.base + t.ancestor * 6 as taker
    from act a
    join lineage g on g.year = a.source // (131072 * 6) + 2000 and g.centre = a.source // 6 % 131072
    join lineage t on t.year = a.year and t.centre = a.centre and t.depth = g.depth
    where a.budget in ('MOVE', 'VIREMENT', 'DECREE_TRANSFER')
),
change as (
    select entry_id, batch, target as node, measure, cents as opened, 0 as allotted, 0 as reserved, 0 as frozen
    from act where budget not in ('MOVE', 'VIREMENT', 'DECREE_TRANSFER', 'FREEZE', 'UNFREEZE')
    union all
    select a.entry_id, a.batch, a.base + l.ancestor * 6, a.measure, 0, a.cents, 0, 0
    from act a join lineage l on l.year = a.year and l.centre = a.centre and l.depth = 1 where a.budget in ('ALLOT', 'RETURN')
    union all
    select a.entry_id, a.batch, u.node, a.measure, 0, 0, a.cents, if(a.budget in ('FREEZE', 'UNFREEZE') and u.node = a.target, a.cents, 0)
    from act a join upward u on u.cell = a.cell where a.budget in ('EARMARK', 'UNEARMARK', 'FREEZE', 'UNFREEZE')
    union all  -- what a year has left leaves every level, and comes to every level
    select a.entry_id, a.batch, u.node, a.measure, if(u.node <> a.target, a.cents, 0), if(u.node <> a.unit, a.cents, 0), if(a.target <> a.unit, a.cents, 0), 0
    from act a join upward u on u.cell = a.cell where a.budget in ('CARRY_OUT', 'CARRY_IN', 'CANCEL_UNUSED')
    union all
    select entry_id, batch, giver, measure, -cents, if(depth > 0, -cents, 0), 0, 0 from moved where giver <> taker
    union all
    select entry_id, batch, taker, measure, cents, if(depth > 0, cents, 0), 0, 0 from moved where giver <> taker
)
select entry_id, batch, node,
       if(measure = 'AE', opened, 0) as ae_opened, if(measure = 'AE', allotted, 0) as ae_allotted, if(measure = 'AE', reserved, 0) as ae_reserved,
       if(measure = 'CP', opened, 0) as cp_opened, if(measure = 'CP', allotted, 0) as cp_allotted, if(measure = 'CP', reserved, 0) as cp_reserved,
       if(measure = 'AE', frozen, 0) as ae_frozen_here, if(measure = 'CP', frozen, 0) as cp_frozen_here
from change;

-- name: frozen_figure
-- What is frozen at a node and below it, and at the node itself, after each batch that changed it.
create table frozen_figure as
with step as (
    select f.batch, u.node, sum(if(k.measure = 'AE', s.cents, 0)) as ae, sum(if(k.measure = 'CP', s.cents, 0)) as cp,
           sum(if(k.measure = 'AE' and u.node = p.node, s.cents, 0)) as ae_here, sum(if(k.measure = 'CP' and u.node = p.node, s.cents, 0)) as cp_here
    from effect f join kind k on k.kind = f.kind join place p on p.cell = f.cell join upward u on u.cell = f.cell,
    lateral (select if(k.budget = 'FREEZE', f.cents, -f.cents) as cents) s
    where k.budget in ('FREEZE', 'UNFREEZE') group by f.batch, u.node
)
select batch, node, sum(ae) over w as ae_frozen, sum(cp) over w as cp_frozen,
       sum(ae_here) over w as ae_frozen_here, sum(cp_here) over w as cp_frozen_here
from step window w as (partition by node order by batch);

-- name: spent
create table spent as
select f.batch, f.cell, sum(f.cents * k.ae_reserved) as ae_reserved, sum(f.cents * k.ae_consumed) as ae_consumed,
       sum(f.cents * k.cp_reserved) as cp_reserved, sum(f.cents * k.cp_consumed) as cp_consumed
from effect f join kind k on k.kind = f.kind
where k.budget = 'SPEND'
group by f.batch, f.cell
union all
select f.batch, f.cell, sum(if(k.settles > 0 and k.budget = 'SETTLE', -f.cents, 0) * u.ae_reserved), sum(f.cents * k.settles * u.ae_reserved),
       sum(if(k.settles > 0 and k.budget = 'SETTLE', -f.cents, 0) * u.cp_reserved), sum(f.cents * k.settles * u.cp_reserved)
from effect f join kind k on k.kind = f.kind join settled s on s.entry_id = f.entry_id join kind u on u.kind = s.kind
where k.budget in ('SETTLE', 'REASSIGN')
group by f.batch, f.cell
union all
select c.batch, v.cell, sum(v.cents * u.ae_reserved), 0, sum(v.cents * u.cp_reserved), 0
from carried c join kind u on u.kind = c.kind, lateral (select unnest([c.cell, c.old_cell]) as cell, unnest([c.cents, -c.cents]) as cents) v
group by c.batch, v.cell;

-- name: withdrawal
-- Withdrawals of commitments of earlier years, at the nodes of the year of their day (rules A15, A21): what they lower of the
-- reported consumption, or, in a recycling case, of the consumption that counts; above an operation that is reserved for it.
create table withdrawal as
with act as (
    select f.entry_id, f.batch, f.cents, f.source > 0 as is_recycled, p.cell, p.operation, p.operation_node,
           (year(e.day) - p.year) * 131072 * 6 as later
    from effect f join kind k on k.kind = f.kind join entry e on e.entry_id = if(f.reversed > 0, f.reversed, f.entry_id)
    join place p on p.cell = f.cell where k.budget = 'WITHDRAW'
)
select a.entry_id, a.batch, u.node + a.later as node, if(a.is_recycled, 0, a.cents) as withdrawn,
       if(a.is_recycled and u.has_operation, a.cents, 0) as ae_reserved, if(a.is_recycled, -a.cents, 0) as ae_consumed
from act a join upward u on u.cell = a.cell
union all
select entry_id, batch, operation_node + later, if(is_recycled, 0, cents), 0, if(is_recycled, -cents, 0) from act where operation > 0;

-- name: withdrawn_figure
create table withdrawn_figure as
select batch, node, sum(sum(withdrawn)) over (partition by node order by batch) as withdrawn
from withdrawal where withdrawn <> 0 group by batch, node;

-- name: special_after
-- Of each programme of an earmarked special account the one that its receipts count for in each year from its own on: itself while its
-- account and section are the same, else the lowest code of its section, as the limit is of the section; of its account, if that has no
-- sections any more (rule A23).
create table special_after as
with recursive step as (
    select s.year, s.code, coalesce(max(if(n.code = s.code, n.code, null)), min(n.code)) as follower
    from special_programme s join special_programme n
      on n.year = s.year + 1 and n.account = s.account and (n.section in ('', s.section) or n.code = s.code and s.section = '') group by s.year, s.code
),
after as (
    select year, code, year as later_year, code as follower from special_programme
    union all
    select a.year, a.code, a.later_year + 1, s.follower from after a join step s on s.year = a.later_year and s.code = a.follower
)
select a.*, s.account, s.section from after a join special_programme s on s.year = a.later_year and s.code = a.follower;

-- name: special_cell
-- The account assignments of earmarked special accounts.
create table special_cell as
select c.cell, c.budget_year as year, s.code, s.account, s.section from cell c join reference_text t on t.kind = 1 and t.id = c.centre
join special_programme s on s.year = c.budget_year and s.code = left(t.code, 4);

-- name: special_carry
-- What carries bring into a year of an earmarked special account of what years before engaged and did not pay, in signed cents: a
-- rejection gives it back, and a withdrawal in the year; what is rejected of a request or penalty is left to its commitment, which
-- may be carried already (rule A23).  A request that takes AE of the year is engaged instead.
create table special_carry as
select f.entry_id, f.batch, f.cell, f.cents from effect f join kind k on k.kind = f.kind
where k.carries and not exists (select 1 from carried c join kind u on u.kind = c.kind where c.entry_id = f.entry_id and u.ae_reserved <> 0)
union all
select f.entry_id, f.batch, f.cell, -f.cents from effect f join kind k on k.kind = f.kind join entry e on e.entry_id = f.entry_id
join entry p on p.entry_id = e.predecessor join kind pk on pk.kind = p.kind join cell c on c.cell = f.cell
where k.budget = 'WITHDRAW' and f.reversed = 0 and pk.carries and year(e.day) = c.budget_year
union all
select f.entry_id, f.batch, n.cell, -f.cents from effect f join kind k on k.kind = f.kind join entry n on n.entry_id = f.commitment
join cell o on o.cell = f.cell join special_cell c on c.cell = n.cell
where f.reversed > 0 and k.family in ('PAYMENT_REQUEST', 'RETENTION') and k.follows = 'COMMITMENT' and (k.unbilled_sign < 0 or k.open_sign < 0)
  and c.year <> o.budget_year;

-- name: receipt_day
-- The day on which each receipt counts: that of the credit of the bank for what is identified on suspense in its year (LOLF art. 28; rule A56).
create table receipt_day as
select e.entry_id, coalesce(s.day, e.day) as day from entry e join kind k on k.kind = e.kind
left join entry i on k.pairs = 'IDENTIFICATION' and i.entry_id = e.entry_id - 1 left join entry s on s.entry_id = i.predecessor
where k.reaches = 'COLLECTED';

-- name: special_step
-- What each act collects for the programmes of earmarked special accounts, and what it engages there, carries there, and orders or
-- pays, in signed cents (rule A23).  What a carried request engages is not engaged anew.  A confirmed penalty is a receipt.
create table special_step as
with expense as (
    select f.entry_id, f.batch, f.cell, f.cents * (k.ae_reserved + k.ae_consumed) as engaged, f.cents * (k.cp_reserved + k.cp_consumed) as spent, true as is_new
    from effect f join kind k on k.kind = f.kind where k.budget = 'SPEND'
    union all
    select f.entry_id, f.batch, f.cell, f.cents * k.settles * u.ae_reserved, f.cents * k.settles * u.cp_reserved, true
    from effect f join kind k on k.kind = f.kind join settled s on s.entry_id = f.entry_id join kind u on u.kind = s.kind
    where k.budget = 'REASSIGN' or k.budget = 'SETTLE' and k.settles < 0
    union all
    select c.entry_id, c.batch, v.cell, v.cents * u.ae_reserved, v.cents * u.cp_reserved, v.cell <> c.cell
    from carried c join kind u on u.kind = c.kind, lateral (select unnest([c.cell, c.old_cell]) as cell, unnest([c.cents, -c.cents]) as cents) v
)
select x.entry_id, x.batch, o.year, o.code, o.account, o.section, 0 as collected, x.engaged, 0 as carried, x.spent, x.is_new
from expense x join special_cell o using (cell) where x.engaged <> 0 or x.spent <> 0
union all
select c.entry_id, c.batch, o.year, o.code, o.account, o.section, 0, 0, c.cents, 0, false from special_carry c join special_cell o using (cell)
union all
select e.entry_id, e.batch, o.year, o.code, o.account, o.section, e.amount, 0, 0, 0, false
from entry e join kind k on k.kind = e.kind join special_cell o using (cell) where k.credit_role = 'PENALTY_PRODUCT'
union all
select e.entry_id, e.batch, a.later_year, a.follower, a.account, a.section, e.amount, 0, 0, 0, false
from entry e join receipt_day y on y.entry_id = e.entry_id join entry r on r.entry_id = e.predecessor join special_cell o on o.cell = r.cell
join special_after a on a.year = o.year and a.code = o.code and a.later_year = year(y.day) where r.predecessor = 0
union all  -- what is taken back of a receipt counts on its own day
select e.entry_id, e.batch, a.later_year, a.follower, a.account, a.section, -e.amount, 0, 0, 0, false
from entry e join kind k on k.kind = e.kind join entry p on p.entry_id = e.predecessor join entry r on r.entry_id = p.predecessor join special_cell o on o.cell = r.cell
join special_after a on a.year = o.year and a.code = o.code and a.later_year = year(e.day) where k.family = 'RECEIPT_CHANGE' and r.predecessor = 0;

-- name: special_figure
create table special_figure as
select s.batch, t.id as programme, s.year, sum(sum(s.collected)) over w as collected, sum(sum(s.engaged)) over w as engaged, sum(sum(s.carried)) over w as carried
from special_step s join reference_text t on t.kind = 1 and t.code = s.code where s.collected <> 0 or s.engaged <> 0 or s.carried <> 0
group by s.batch, t.id, s.year window w as (partition by t.id, s.year order by s.batch);

-- name: moved
-- Changes by batch and node.  Spending on an operation turns the credits that its earmark reserved above into consumption.
create table moved as
select batch, node,
       coalesce(sum(ae_opened), 0) as ae_opened, coalesce(sum(ae_allotted), 0) as ae_allotted,
       coalesce(sum(ae_reserved), 0) as ae_reserved, coalesce(sum(ae_consumed), 0) as ae_consumed,
       coalesce(sum(cp_opened), 0) as cp_opened, coalesce(sum(cp_allotted), 0) as cp_allotted,
       coalesce(sum(cp_reserved), 0) as cp_reserved, coalesce(sum(cp_consumed), 0) as cp_consumed
from (
    select * exclude (entry_id, ae_frozen_here, cp_frozen_here) from granted
    union all by name
    select s.batch, u.node, if(u.has_operation, -s.ae_consumed, s.ae_reserved) as ae_reserved, s.ae_consumed, s.cp_reserved, s.cp_consumed
    from spent s join upward u on u.cell = s.cell
    union all by name
    select s.batch, p.operation_node as node, s.ae_reserved, s.ae_consumed
    from spent s join place p on p.cell = s.cell where p.operation > 0
    union all by name
    select batch, node, ae_reserved, ae_consumed from withdrawal
)
group by batch, node;

-- name: node_figure
-- A row for each batch that changed a node or stored its figures: the figures by the journal, and the stored ones.
create table node_figure as
select coalesce(m.batch, b.batch) as batch, coalesce(m.node, b.node) as node, b.batch is not null as stored,
       coalesce(m.ae_opened <> 0 or m.ae_allotted <> 0 or m.ae_reserved <> 0 or m.ae_consumed <> 0
                or m.cp_opened <> 0 or m.cp_allotted <> 0 or m.cp_reserved <> 0 or m.cp_consumed <> 0, false) as moved,
       coalesce(sum(m.ae_opened) over w, 0) as ae_opened, coalesce(sum(m.ae_allotted) over w, 0) as ae_allotted,
       coalesce(sum(m.ae_reserved) over w, 0) as ae_reserved, coalesce(sum(m.ae_consumed) over w, 0) as ae_consumed,
       coalesce(sum(m.cp_opened) over w, 0) as cp_opened, coalesce(sum(m.cp_allotted) over w, 0) as cp_allotted,
       coalesce(sum(m.cp_reserved) over w, 0) as cp_reserved, coalesce(sum(m.cp_consumed) over w, 0) as cp_consumed,
       b.ae_opened as s1, b.ae_allotted as s2, b.ae_reserved as s3, b.ae_consumed as s4,
       b.cp_opened as s5, b.cp_allotted as s6, b.cp_reserved as s7, b.cp_consumed as s8
from moved m full join node_balance b on b.batch = m.batch and b.node = m.node
window w as (partition by coalesce(m.node, b.node) order by coalesce(m.batch, b.batch));

-- name: unchecked
-- What payroll takes at each node before its credits are checked in their year (rule A28), by entry; a rejection of it lowers the sum.
create table unchecked as
select f.entry_id, f.batch, u.node, f.cents
from effect f join kind k on k.kind = f.kind join entry e on e.entry_id = f.entry_id
join payroll_check p on p.exercise = e.exercise join upward u on u.cell = f.cell
where k.credit_check = 'YEAR_END' and k.budget = 'SPEND' and (e.month < p.month or e.exercise <> u.node // (131072 * 6) + 2000);

-- name: title_step
-- Each entry that opens AE by a finance law, cancels AE or commits AE in advance, with the sums of its title until then.
create table title_step as
with act as materialized (
    select e.entry_id, e.batch, e.cell, p.year, p.centre, k.budget in ('OPEN', 'CANCEL') as is_opening,
           if(k.budget = 'CANCEL', -e.amount, e.amount) as amount
    from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell
    where case when k.budget in ('OPEN', 'CANCEL') then k.measure = 'AE' and e.source in (1, 2) and p.base % 3 = 0
               else k.year_rule = 'SPENDS_AE' and year(e.day) < p.year end
),
step as (
    select a.entry_id, a.batch, a.year, l.ancestor as programme, i.title, a.is_opening, a.amount
    from act a join cell c on c.cell = a.cell
    join lineage l on l.year = a.year and l.centre = a.centre join centre n on n.year = l.year and n.centre = l.ancestor and n.parent = 0
    join reference_text ti on ti.kind = 3 and ti.id = c.item join item i on i.year = a.year and i.code = ti.code
)
select *, sum(if(is_opening, amount, 0)) over w as opened, sum(if(is_opening, 0, amount)) over w as anticipated
from step window w as (partition by year, programme, title order by entry_id);

-- name: advanced_node
-- The nodes whose AE were committed in advance of their year.
create table advanced_node as
select distinct u.node from title_step s join entry e on e.entry_id = s.entry_id join upward u on u.cell = e.cell where not s.is_opening;

-- name: title_figure
create table title_figure as
select year, programme, title, batch, arg_max(opened, entry_id) as opened, arg_max(anticipated, entry_id) as anticipated,
       coalesce((select t.code from reference_text t where t.kind = 1 and t.id = programme), programme::varchar)
       || ' title ' || title || ' ' || year as title_name
from title_step where title > 0 group by year, programme, title, batch;

-- name: decree_step
-- What each entry adds to the sums that limit decrees and carry-overs, by node of its programme (rules A19, A67); a virement adds at both
-- programmes.
create table decree_step as
with act as (
    select e.entry_id, e.batch, e.source, e.amount::hugeint as amount, k.budget, k.measure, p.year, p.target, p.base % 3 = 0 as is_ordinary
    from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell where k.budget in ('OPEN', 'VIREMENT', 'DECREE_CANCEL')
),
root as (select year, centre, arg_max(ancestor, depth) as programme from lineage group by year, centre)
select entry_id, batch, measure, year, target as node,
       if(budget = 'OPEN' and source = 1, amount, 0) as law, if(budget = 'OPEN' and source = 2, amount, 0) as amending,
       if(budget = 'VIREMENT', amount, 0) as moved, if(budget = 'OPEN' and source = 3, amount, 0) as advanced,
       if(budget = 'DECREE_CANCEL', amount, 0) as cancelled, 0 as carried
from act where budget <> 'OPEN' or is_ordinary and source in (1, 2, 3)
union all
select entry_id, batch, measure, year, source, 0, 0, amount, 0, 0, 0 from act where budget = 'VIREMENT'
union all
select e.entry_id, e.batch, k.measure, p.year, p.base + r.programme * 6, 0, 0, 0, 0, 0, e.amount
from entry e join kind k on k.kind = e.kind join place p on p.cell = e.cell join root r on r.year = p.year and r.centre = p.centre
where k.budget = 'CARRY_OUT';

-- name: decree_figure
create table decree_figure as
select batch, node, measure, sum(sum(law)) over w as law, sum(sum(amending)) over w as amending, sum(sum(moved)) over w as moved,
       sum(sum(advanced)) over w as advanced, sum(sum(cancelled)) over w as cancelled, sum(sum(carried)) over w as carried
from decree_step group by batch, node, measure window w as (partition by node, measure order by batch);

-- name: account_figure
create table account_figure as
with posted as (
    select batch, accountant, debit as account, (exercise - 2000) * 16 + month as period, amount as debit, 0 as credit from entry where debit <> 0
    union all
    select batch, accountant, credit, (exercise - 2000) * 16 + month, 0, amount from entry where credit <> 0
),
change as (
    select batch, accountant, account, period, sum(debit) as debit, sum(credit) as credit
    from posted group by batch, accountant, account, period
)
select coalesce(c.batch, b.batch) as batch, coalesce(c.accountant, b.accountant) as accountant,
       coalesce(c.account, b.account) as account, coalesce(c.period, b.period) as period,
       b.batch is not null as stored, c.batch is not null as moved,
       coalesce(sum(c.debit) over w, 0) as debit, coalesce(sum(c.credit) over w, 0) as credit, b.debit as s1, b.credit as s2
from change c full join account_balance b on b.batch = c.batch and b.accountant = c.accountant and b.account = c.account and b.period = c.period
window w as (partition by coalesce(c.accountant, b.accountant), coalesce(c.account, b.account), coalesce(c.period, b.period) order by coalesce(c.batch, b.batch));

-- name: decided
create view decided as
select submission, line, 1 as lines, batch, 'accepted' as outcome, amount as cents from entry
union all
select submission, line, lines, batch, 'refused', amount from refusal
union all
select d.submission, d.line, 1, d.batch, 'duplicate', e.amount from duplicate d left join entry e on e.entry_id = d.entry_id;

-- name: open_stretch
-- Lines that were refused for one reason of form and share a row that is not stored yet, of submissions that are not done.
create table open_stretch as
select submission, next_line, stretch_rest_lines from (
    select *, row_number() over (partition by submission order by batch desc) = 1 as is_last from progress
) where is_last and stretch_rest_lines > 0;

-- name: held_line
-- Lines held in the first pass, with the batch and amount of their later decision.
create table held_line as
with line as (
    select submission, batch, unnest(range(line, line + lines)) as line from held where pass = 1
)
select l.submission, l.line, l.batch, d.batch as decided, d.cents
from line l left join decided d on d.submission = l.submission and d.line = l.line;

-- name: submission_step
-- The changes of each submission by batch.  Refused lines count in the batch that decided them, though the row that some of them
-- share may be stored later.
create table submission_step as
select submission, batch, sum(accepted) as accepted, sum(duplicate) as duplicate, sum(refused) as refused, sum(suspended) as suspended,
       sum(accepted_cents) as accepted_cents, sum(duplicate_cents) as duplicate_cents, sum(refused_cents) as refused_cents,
       sum(suspended_cents) as suspended_cents, sum(refusal_rows) as refusal_rows
from (
    select submission, batch, count(*) filter (outcome = 'accepted') as accepted, count(*) filter (outcome = 'duplicate') as duplicate,
           coalesce(sum(lines) filter (outcome = 'refused'), 0) as refused, 0 as suspended,
           coalesce(sum(cents) filter (outcome = 'accepted'), 0) as accepted_cents,
           coalesce(sum(cents) filter (outcome = 'duplicate'), 0) as duplicate_cents,
           coalesce(sum(cents) filter (outcome = 'refused'), 0) as refused_cents, 0 as suspended_cents,
           count(*) filter (outcome = 'refused') as refusal_rows
    from decided group by submission, batch
    union all
    select submission, batch, 0, 0, stretch_rest_lines - coalesce(lag(stretch_rest_lines) over w, 0), 0,
           0, 0, stretch_rest_cents - coalesce(lag(stretch_rest_cents) over w, 0), 0, 0
    from progress window w as (partition by submission order by batch)
    union all
    select submission, batch, 0, 0, 0, count(*), 0, 0, 0, coalesce(sum(cents), 0), 0 from held_line group by submission, batch
    union all
    select submission, decided, 0, 0, 0, -count(*), 0, 0, 0, -coalesce(sum(cents), 0), 0
    from held_line where decided is not null group by submission, decided
)
group by submission, batch;

-- name: sent_transfer
-- The transfers of each payable: the payment, and what was sent again for transfers that the bank rejected before a debit.
create view sent_transfer as
with recursive back as materialized (
    select e.entry_id, e.predecessor, e.day, k.after, k.reaches from entry e join kind k on k.kind = e.kind
    where k.after = 'IN_TRANSIT' and k.reaches = 'RETURNED' or k.reaches = 'REOPENED' or k.after = 'REOPENED' and k.remits
), again as (  -- sent again for transfers that the bank rejected before a debit; a transfer debited and then returned counts as paid
    select n.entry_id, n.day, p.predecessor as payable
    from back x join entry p on p.entry_id = x.predecessor join kind k on k.kind = p.kind
    join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.reaches = 'RETURNED' and k.after = 'PAYABLE' and k.remits and i.reaches = 'REOPENED' and n.after = 'REOPENED'
    union all
    select n.entry_id, n.day, a.payable
    from again a join back x on x.predecessor = a.entry_id join back i on i.predecessor = x.entry_id join back n on n.predecessor = i.entry_id
    where x.reaches = 'RETURNED' and i.reaches = 'REOPENED' and n.after = 'REOPENED'
)
select p.entry_id, p.day, p.predecessor as payable from entry p join kind k on k.kind = p.kind where k.after = 'PAYABLE' and k.remits
union all
select entry_id, day, payable from again;

-- name: set_off
-- Set-offs, each with the day on which its receivable is due: the day that it states, or so many days after its own, and never before its own.
create view set_off as
select e.entry_id, e.predecessor as payable, e.amount, e.day,
       coalesce(if(n.due > 0, greatest(to_day(n.due), v.day), v.day + t.value::int), e.day) as due
from entry e join kind k on k.kind = e.kind left join entry r on r.entry_id = e.entry_id + 1
left join entry v on v.entry_id = r.predecessor left join request_line n on n.entry_id = v.entry_id
left join ruled t on t.rule = 'receivable_days' and v.day >= t.since and v.day < t.until
where k.pairs = 'DEBT';
