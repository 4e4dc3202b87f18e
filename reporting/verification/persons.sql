-- Who entered and who validated acts, judged by the rows of the directory of persons that each batch followed.

-- name: two_hands
-- Who entered and who validated an act are two persons of the directory, and a delegation is one that it contains (rules A41 and A42).
select 'entry ' || s.entry as place, 'entered by person ' || s.entered || ', validated by person ' || s.validated || ', delegation ' || s.delegation as found,
       'an entry, two persons, and a delegation of the directory or none' as expected
from entry_signature s left join entry e on e.entry_id = s.entry
where e.entry_id is null or s.entered = s.validated
   or s.entered not in (select person from person) or s.validated not in (select person from person)
   or s.delegation <> 0 and s.delegation not in (select number from person_term where subject = 'delegation');

-- name: signature_rights
-- Each of them had the right role for that act, on its day, at its place; who validated also for its amount, and so had the owner
-- of the delegation that it names (rules A41 and A42).  A move or an allotment of credits has two places: where they arrive, and where
-- they leave.
with act as (
    select distinct e.submission, e.exercise, e.reference, k.family
    from entry_signature s join entry e on e.entry_id = s.entry join kind k on k.kind = e.kind
), total as (
    select a.*, sum(e.amount) as cents
    from act a join entry e on e.submission = a.submission and e.exercise = a.exercise and e.reference = a.reference
    join kind k on k.kind = e.kind and k.family = a.family group by all
), arrival as (
    select s.*, e.entry_id, e.reference, e.kind, e.day, e.batch, e.accountant, e.source, k.budget, p.year, p.centre, t.cents
    from entry_signature s join entry e on e.entry_id = s.entry join kind k on k.kind = e.kind
    join total t on t.submission = e.submission and t.exercise = e.exercise and t.reference = e.reference and t.family = k.family
    left join place p on p.cell = e.cell
), need as (
    select * from arrival union all by name
    select a.* exclude (year, centre), a.source // (131072 * 6) + 2000 as year, a.source // 6 % 131072 as centre from arrival a
    where a.budget in ('MOVE', 'VIREMENT', 'DECREE_TRANSFER')
    union all by name
    select a.* exclude (centre), l.ancestor as centre from arrival a join lineage l using (year, centre) where a.budget = 'ALLOT' and l.depth = 1
), hand as (
    select n.*, 'entry' as hand, n.entered as person, 0 as by_delegation from need n
    union all select n.*, 'validation', n.validated, n.delegation from need n
    union all select n.*, 'validation', t.owner, 0
    from need n join (select distinct number, owner from person_term where subject = 'delegation') t on t.number = n.delegation
), passed as (
    select distinct h.entry_id, h.hand, h.person, h.centre
    from hand h join person_term t on t.person = h.person and t.delegation = h.by_delegation and t.after_batch < h.batch
    join role_kind r on r.role = t.role and r.kind = h.kind and r.hand = h.hand
    left join lineage l on l.year = h.year and l.centre = h.centre and l.ancestor = t.centre
    where t.hand in (h.hand, 'both') and h.day >= t.first_day and (t.last_day is null or h.day <= t.last_day)
      and not exists (
          select 1 from directory_end d
          where d.subject = t.subject and d.number = t.number and d.after_batch < h.batch and d.last_day < h.day)
      and (h.centre is null or (t.centre = 0 or l.ancestor is not null) and (t.accountant = 0 or t.accountant = h.accountant))
      and (h.hand = 'entry' or t.ceiling is null or h.cents <= t.ceiling)
)
select entry_name(h.entry_id, h.reference) as place,
       h.hand || ' by person ' || h.person || if(h.by_delegation > 0, ' with delegation ' || h.by_delegation, '') || ', ' || euros(h.cents) as found,
       'a role for it on ' || h.day as expected
from hand h anti join passed p on p.entry_id = h.entry_id and p.hand = h.hand and p.person = h.person and p.centre is not distinct from h.centre;

-- name: agreements
-- A line that names nobody comes under an agreement of its sender, from the day on that its exercise set when its batch was decided,
-- which the acts of Crescendo's own senders need not; and that agreement covers its day, its kind and the amount of its act (rule
-- A41).  For batches from before that day was stored with the use of reference files, today's files say it; and what is stored for the
-- files of today is what they say.
with ruled_batch as (
    select b.batch, u.reference_use
    from batch b asof left join (select after_batch, max(reference_use) as reference_use from rule_use group by after_batch) u
    on b.batch > u.after_batch
), required as (
    select b.batch, d.exercise, d.day from ruled_batch b join rule_use_day d using (reference_use)
    union all
    select b.batch, d.exercise, d.day from ruled_batch b cross join agreement_day d where b.reference_use is null
), unchanged as (
    select u.reference_use from rule_use u join reference_file f on f.path = 'calendar.toml' and f.hash = u.calendar
), used as (
    select e.*, k.family, k.name, s.sender, u.agreement
    from entry e asof join agreement_use u on e.entry_id >= u.first_entry
    join kind k on k.kind = e.kind join submission s on s.submission = e.submission where e.entry_id <= u.last_entry
), total as (
    select u.entry_id, sum(e.amount) as cents
    from used u join entry e on e.submission = u.submission and e.exercise = u.exercise and e.reference = u.reference
    join kind k on k.kind = e.kind and k.family = u.family group by u.entry_id
), covered as (
    select u.entry_id from used u join total t using (entry_id)
    join agreement a on a.agreement = u.agreement and a.sender = u.sender and a.kind = u.name and a.after_batch < u.batch
    where u.day >= a.first_day and (a.last_day is null or u.day <= a.last_day) and (a.ceiling is null or t.cents <= a.ceiling)
      and not exists (
          select 1 from directory_end d
          where d.subject = 'agreement' and d.number = a.agreement and d.after_batch < u.batch and d.last_day < u.day)
)
select entry_name(e.entry_id, e.reference) as place, 'by ' || s.sender || ', without persons' as found, 'an agreement of the sender' as expected
from entry e join required r on r.batch = e.batch and r.exercise = e.exercise and e.day >= r.day join submission s on s.submission = e.submission
where s.sender not in ('treasury', 'bank', 'closing')
  and e.entry_id not in (select entry from entry_signature) and e.entry_id not in (select entry_id from used)
union all
select entry_name(u.entry_id, u.reference), 'by ' || u.sender || ' under agreement ' || u.agreement || ' on ' || u.day,
       'an agreement of the sender for this kind, day and amount'
from used u anti join covered c on c.entry_id = u.entry_id
union all
select 'entry ' || s.entry, 'persons and agreement ' || u.agreement, 'one of both'
from entry_signature s join used u on u.entry_id = s.entry
union all
select 'reference files, use ' || reference_use, 'agreements of ' || exercise || ' from ' || coalesce(stated.day::text, 'no day'),
       'from ' || coalesce(written.day::text, 'no day') || ', as calendar.toml says'
from (select * from rule_use_day join unchanged using (reference_use)) stated
full join (select * from unchanged cross join agreement_day) written using (reference_use, exercise)
where stated.day is distinct from written.day;

-- name: details_changes
-- A change of bank details has the hash of its evidence, states how the payee was called back, and was entered and validated by two
-- persons with a role of an accountant on that day, a delegation's owner included; nothing else has evidence (rule A41).
with change as (
    select e.* from entry e join kind k on k.kind = e.kind
    where k.redetails and e.entry_id > (select coalesce(min(after_entry), 0) from details_rule)
), hand as (
    select c.*, s.entered as person from change c join entry_signature s on s.entry = c.entry_id
    union all select c.*, s.validated from change c join entry_signature s on s.entry = c.entry_id
    union all
    select c.*, t.owner from change c join entry_signature s on s.entry = c.entry_id
    join (select distinct number, owner from person_term where subject = 'delegation') t on t.number = s.delegation
), accountant as (
    select distinct h.entry_id, h.person from hand h join person_term t on t.person = h.person and t.after_batch < h.batch
    where t.role in ('assigned_accountant', 'central_accountant') and h.day >= t.first_day and (t.last_day is null or h.day <= t.last_day)
)
select entry_name(c.entry_id, c.reference) as place, 'names nobody' as found, 'two persons' as expected
from change c anti join entry_signature s on s.entry = c.entry_id
union all
select entry_name(c.entry_id, c.reference), 'entered and validated by person ' || s.entered, 'two persons'
from change c join entry_signature s on s.entry = c.entry_id where s.entered = s.validated
union all
select entry_name(h.entry_id, h.reference), 'by person ' || h.person || ' on ' || h.day, 'a role of an accountant on that day'
from hand h anti join accountant a on a.entry_id = h.entry_id and a.person = h.person
union all
select entry_name(c.entry_id, c.reference), 'evidence ' || coalesce(d.evidence_hash, 'missing') || ', called back: ' || coalesce(d.call_back, 'missing'),
       'a SHA-256, and how the payee was called back'
from change c left join details_evidence d on d.entry = c.entry_id
where d.entry is null or not regexp_full_match(d.evidence_hash, '[0-9A-Fa-f]{64}') or trim(d.call_back) = ''
union all
select 'entry ' || d.entry, 'evidence of bank details', 'a change of bank details'
from details_evidence d anti join (select e.entry_id from entry e join kind k on k.kind = e.kind where k.redetails) c on c.entry_id = d.entry
union all
select 'details_rule', count(*) || ' rows', 'one row' from details_rule having count(*) <> 1;

-- name: role_separation
-- Nobody has two roles at one time that exclude each other: who orders never accounts, and nor do spouses and partners of who orders
-- (rule A41).
with ended as (
    select subject, number, min(last_day) as last_day from directory_end group by subject, number
), term as (
    select distinct t.person, t.role, t.first_day, coalesce(least(t.last_day, e.last_day), date '9999-12-31') as last_day
    from person_term t left join ended e on e.subject = t.subject and e.number = t.number
), couple as (
    select c.person, c.partner, c.first_day, coalesce(least(c.last_day, e.last_day), date '9999-12-31') as last_day
    from person_couple c left join ended e on e.subject = 'couple' and e.number = c.person_couple
)
select distinct 'person ' || a.person as place, a.role || ' and ' || b.role || ' from ' || greatest(a.first_day, b.first_day) as found,
       'roles that do not exclude each other' as expected
from term a join term b on b.person = a.person and a.role < b.role
join role_exclusion x on x.first_role = a.role and x.second_role = b.role
where greatest(a.first_day, b.first_day) <= least(a.last_day, b.last_day)
union
select 'person ' || c.person || ' and person ' || c.partner,
       a.role || ' and ' || b.role || ' from ' || greatest(a.first_day, b.first_day, c.first_day), 'spouses and partners on one side'
from couple c join term a on a.person = c.person join term b on b.person = c.partner
join role_exclusion x on x.first_role = a.role and x.second_role = b.role and x.binds_sender
where greatest(a.first_day, b.first_day, c.first_day) <= least(a.last_day, b.last_day, c.last_day);

-- name: access_separation
-- No key, system or signer has two roles that exclude each other; and no sender orders and accounts, by one or by several that hold at
-- one time, for longer than the minute in which one command may wait for another (rule A41).  What is older than these rules keeps
-- its roles.
with pair as (
    select a.name, a.sender, a.role, b.name as other, b.role as other_role, x.binds_sender,
           greatest(a.since, b.since) as since, least(a.until, b.until) as until
    from access_holder a join access_holder b on b.sender = a.sender
    join role_exclusion x on x.first_role = a.role and x.second_role = b.role
    where greatest(a.since, b.since) >= (select coalesce(min(since), 0) from separation_rule)
)
select name as place, role || ' and ' || other_role as found, 'roles that do not exclude each other' as expected
from pair where name = other and role < other_role
union all
select 'sender ' || sender, name || ' with ' || role || ', and ' || other || ' with ' || other_role, 'one of both sides'
from pair where name < other and binds_sender and until - since > 60_000_000
union all
select 'separation_rule', count(*) || ' rows', 'one row' from separation_rule having count(*) <> 1;

-- name: reference_uses
-- Once an operator has a login for good, reference files that differ from those of the use before were accepted by an operator, for
-- this change and before it (rule A41).
with followed as (
    select *, lag(digest) over (order by reference_use) as previous from reference_use
), used as (
    select *, sum(if(digest is distinct from previous, 1, 0)) over (order by reference_use) as change from followed
)
select 'reference files, use ' || u.reference_use as place, 'files with the digest ' || u.digest as found, 'files that an operator accepted' as expected
from used u
where u.needs_acceptance and u.previous <> u.digest and not exists (
    select 1 from reference_acceptance a join used b on b.reference_use = a.last_use
    where a.digest = u.digest and a.at < u.noted_at and b.change = u.change - 1);

-- name: proved_persons
-- Once the directory knows a person, who decides about a payment run, a month, the directory, reference files, a stored time, a
-- file of the bank, late interest or a step of the closing was proved by a login, and had a role for it, both on that day and as the directory was; each decision
-- has a proof of its own, and nobody released a run that they proposed (rule A41).
with ended as (
    select d.person_decision, e.subject, e.number from person_decision d join decision_end e on e.change <= d.change and e.last_day < d.day
), proved as (
    select d.person_decision from person_decision d join person_login l on l.person_login = d.person_login and l.person = d.person
    where l.change <= d.change and l.first_day <= d.day and (l.last_day is null or d.day <= l.last_day)
      and not exists (
          select 1 from ended e where e.person_decision = d.person_decision and e.subject = 'login' and e.number = l.person_login)
), entitled as (
    select d.person_decision
    from person_decision d left join named_decision n on n.decision = d.decision and if(n.proof is null, n.number = d.number, n.proof = d.person_decision)
    join decision_role r on r.person = d.person
    where r.change <= d.change and r.first_day <= d.day and (r.last_day is null or d.day <= r.last_day)
      and not exists (
          select 1 from ended e where e.person_decision = d.person_decision and e.subject = 'role' and e.number = r.person_role)
      and if(d.decision in ('directory', 'clock', 'reference'), r.role = 'operator', r.role in ('assigned_accountant', 'central_accountant'))
      and (d.decision <> 'proposal' or r.hand <> 'validation') and (d.decision <> 'release' or r.hand <> 'entry')
      and r.centre = '' and r.accountant in ('', coalesce(n.accountant, ''))
      and (r.ceiling is null or coalesce(n.cents, 0) <= r.ceiling)
), candidate as (
    select d.*, p.code, d.person_decision not in (select proof from named_decision where proof is not null) as is_free
    from person_decision d join person p using (person)
), followed as (
    select distinct n.* from named_decision n join candidate d on d.decision = n.decision
    where (d.number = n.number or n.decision in ('interest', 'closing') and (n.proof is not null or d.number >= n.number))
      and (n.name is null or d.code = n.name) and if(n.proof is null, d.is_free, d.person_decision = n.proof)
)
select d.decision || ' ' || d.number as place, 'by person ' || d.person || ' with login ' || d.person_login || ' on ' || d.day as found,
       'a login of this person on that day' as expected
from person_decision d anti join proved p using (person_decision)
union all
select d.decision || ' ' || d.number, 'by person ' || d.person || ' on ' || d.day, 'a person with a role for it on that day'
from person_decision d anti join entitled e using (person_decision)
union all
select decision || ' ' || number, 'on ' || day || ' by change ' || change, 'on ' || stored_day || ' by change ' || last_change
from person_decision where change < last_change or day not in (stored_day, stored_day - 1)
union all
select n.decision || ' ' || n.number, 'by ' || coalesce(n.name, 'nobody') || ', who was not proved', 'a person who was proved'
from (select * from named_decision where needs_proof except select * from followed) n
union all
select decision || ' ' || max(number), count(*) || ' with the proof ' || proof, 'a proof of each'
from named_decision where proof is not null and decision <> 'edit' group by decision, proof having count(*) > 1
union all
select 'edit ' || run, count(*) || ' edits with the proof ' || person_decision, 'a proof of each'
from (select distinct e.run, e.person_decision, e.what, e.reason, e.by from payment_edit e where e.person_decision is not null)
group by run, person_decision having count(*) > 1
union all
select 'release ' || r.number, 'by person ' || r.person || ', who proposed the run', 'by another person'
from person_decision r join person_decision m on m.number = r.number and m.decision = 'proposal' and m.person = r.person
where r.decision = 'release';

-- name: step_persons
-- A step of the closing that cannot be undone (C07, C12 to C16) was prepared by one person and confirmed by another one, who is no spouse or
-- partner of the first: the file of each has a confirmation, with the proof of its batch id, of a preparation of that step before it
-- (rules A41 and A61).  Files from before the rule have none; for C07 it came later.  So has each seal of a locked year whose lock a proved
-- person executed: its preparation names the same sums.
with proof as (select person_decision, decision, person, day from person_decision),
confirmation as (
    select c.person_decision as proof, c.step_preparation as preparation, p.year, p.step, p.digest, p.person_decision as first_proof,
           a.person as preparer, a.decision as first_decision, b.person as confirmer, b.decision, b.day
    from step_confirmation c left join step_preparation p using (step_preparation)
    left join proof a on a.person_decision = p.person_decision left join proof b on b.person_decision = c.person_decision
),
couple as (
    select c.person, c.partner, c.first_day, least(c.last_day, min(e.last_day)) as last_day
    from person_couple c left join directory_end e on e.subject = 'couple' and e.number = c.person_couple
    group by c.person_couple, c.person, c.partner, c.first_day, c.last_day
),
lock as (
    select year, seal, arg_min_null(person_decision, step_execution) as proof
    from step_execution where step = 'C13' and state = 'proven' group by year, seal
)
select step || ' of ' || year || ', file ' || submission as place, 'one person' as found, 'a preparation, and a confirmation by another person' as expected
from step_file f where step in ('C07', 'C12', 'C13', 'C14', 'C15', 'C16')
and not exists (select 1 from confirmation c where c.proof = f.proof and c.year = f.year and c.step = f.step)
union all
select 'preparation ' || preparation, 'prepared and confirmed by person ' || confirmer, 'two persons' from confirmation where preparer = confirmer
union all
select 'preparation ' || preparation, 'prepared by proof ' || coalesce(first_proof::varchar, 'none') || ', confirmed by proof ' || proof,
       'a preparation, and a closing after it'
from confirmation
where not coalesce(first_proof < proof and first_decision = 'preparation' and decision = 'closing', false)
union all
select 'preparation ' || c.preparation, 'by person ' || c.preparer || ' and person ' || c.confirmer || ', spouses or partners', 'two persons who are not'
from confirmation c join couple k on (k.person, k.partner) in ((c.preparer, c.confirmer), (c.confirmer, c.preparer))
where c.day >= k.first_day and (k.last_day is null or c.day <= k.last_day)
union all
select 'the lock of ' || year, 'one person', 'a preparation of its seal, and a confirmation by another person' from lock l
where proof is not null and not exists (select 1 from confirmation c where c.year = l.year and c.step = 'C13' and c.digest = l.seal)
union all
select 'step_rule', count(*) || ' rows', 'one row' from step_rule having count(*) <> 1
union all
select 'earmark_rule', count(*) || ' rows', 'one row' from earmark_rule having count(*) <> 1;

-- name: step_executions
-- The executions of each step of the closing are counted from 1 on, each ends after it began, with the chain that the journal had then, and
-- names a file of its own step and year.  The last lock of a year is sealed with the sums by account of its entries, and none came after it
-- (rules A04 and A46).
with counted as (
    select *, row_number() over (partition by year, step order by step_execution) as number from step_execution
),
lock as (
    select year, arg_max(batch, step_execution) as batch, arg_max(seal, step_execution) as seal
    from step_execution where step = 'C13' and state = 'proven' group by year
),
movement as (
    select l.year, coalesce(o.code, '') as accountant, t.code as account, e.debit, e.credit
    from (
        select exercise, batch, accountant, debit as number, amount as debit, 0 as credit from entry where debit <> 0
        union all
        select exercise, batch, accountant, credit, 0, amount from entry where credit <> 0
    ) e join lock l on l.year = e.exercise and e.batch <= l.batch
    join reference_text t on t.kind = 5 and t.id = e.number left join reference_text o on o.kind = 8 and o.id = e.accountant
),
line as (
    select year, accountant, account, accountant || ' ' || account || ' ' || sum(debit)::bigint || ' ' || sum(credit)::bigint || chr(10) as text
    from movement group by year, accountant, account having sum(debit) <> 0 or sum(credit) <> 0
),
sealed as (
    select l.year, l.seal, sha256(coalesce(string_agg(n.text, '' order by n.accountant, n.account), '')) as computed
    from lock l left join line n on n.year = l.year group by l.year, l.seal
)
select step || ' of ' || year || ', attempt ' || attempt as place, 'attempt ' || attempt as found, 'attempt ' || number as expected
from counted where attempt <> number
union all
select step || ' of ' || year || ', attempt ' || attempt, 'ended ' || ended, 'after it began, ' || began from counted where ended < began
union all
select step || ' of ' || year || ', attempt ' || attempt, 'the chain ' || chain, 'that of batch ' || batch from counted
where ended is not null and chain is distinct from coalesce(hash, '')
union all
select step || ' of ' || year || ', attempt ' || attempt, 'the file ' || file, 'closing ' || year || '-' || step from counted
where submission is not null and file <> 'closing ' || year || '-' || step
union all
select 'the lock of ' || year, 'the seal ' || seal, computed from sealed where seal <> computed
union all
select entry_name(e.entry_id, e.reference), 'posted in ' || e.exercise || ' after its lock', 'nothing: execute C13 again'
from entry e join lock l on l.year = e.exercise and e.batch > l.batch where e.debit <> 0 or e.credit <> 0;
