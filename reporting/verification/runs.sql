-- name: run_lines
-- The lines of a payment run are complete, numbered from 1, and have the sums and the hash that the run states.
with summed as (
    select run, count(*) filter (where left_out = 0) as lines, coalesce(sum(amount) filter (where left_out = 0), 0) as cents,
           count(*) filter (where left_out <> 0) as out, coalesce(sum(amount) filter (where left_out <> 0), 0) as out_cents,
           min(line) as first, max(line) as last, count(distinct line) as different
    from run_line group by run
)
select 'run ' || r.run as place, coalesce(s.lines, 0) || ' lines, ' || euros(coalesce(s.cents, 0)) || ', left out ' || coalesce(s.out, 0) || ', '
       || euros(coalesce(s.out_cents, 0)) as found,
       r.lines || ' lines, ' || euros(r.cents) || ', left out ' || r.left_out || ', ' || euros(r.left_out_cents) as expected
from payment_run r left join summed s using (run)
where coalesce(s.lines, 0) <> r.lines or coalesce(s.cents, 0) <> r.cents
   or coalesce(s.out, 0) <> r.left_out or coalesce(s.out_cents, 0) <> r.left_out_cents
union all
select 'run ' || run, different || ' lines from ' || first || ' to ' || last, 'each number from 1 once' from summed
where first <> 1 or last <> different or different <> lines + out
union all
select 'run ' || run, 'pages that hash to ' || computed[:16], stated[:16] from run_digest where computed <> stated;

-- name: run_hands
-- A run is not released by the person who proposed it or added lines to it; only released runs are issued, and they are not changed afterwards.
select 'run ' || l.run as place, 'released by ' || l.released_by || ', who proposed or changed it' as found, 'by another person' as expected
from payment_release l join payment_run r using (run)
where l.released_by = r.proposed_by
   or exists (select 1 from payment_edit e where e.run = l.run and e.by = l.released_by and e.what <> 'hold')
union all
select 'run ' || run, 'issued, and not released', 'released' from payment_issue where run not in (select run from payment_release)
union all
select 'run ' || e.run, 'changed after its release by ' || e.by, 'nothing' from payment_edit e join payment_release l using (run) where e.at > l.released_at
union all
select 'run ' || run, 'released, and abandoned', 'one of both' from payment_abandonment where run in (select run from payment_release);

-- name: run_released
-- The released number and sum are those of the lines that are neither excluded nor withheld.
select 'run ' || l.run as place, count(p.line) || ' lines, ' || euros(coalesce(sum(p.amount), 0)) as found,
       l.lines || ' lines, ' || euros(l.cents) as expected
from payment_release l left join paid_line p using (run)
group by l.run, l.lines, l.cents having count(p.line) <> l.lines or coalesce(sum(p.amount), 0) <> l.cents;

-- name: run_payments
-- The posted payments of a run pay its released lines: the same payable and amount, each at most once (rule A54).
with posted as (select p.run, e.* from entry e join payment_submission p using (submission))
select entry_name(e.entry_id, e.reference) as place, 'posted by run ' || e.run || ', follows entry ' || e.predecessor || ', ' || euros(e.amount) as found,
       'a line of the run that is paid' as expected
from posted e left join paid_line l on l.run = e.run and l.entry_id = e.predecessor and l.amount = e.amount and l.kind = e.kind
where l.run is null
union all
select 'run ' || run || ', owed by entry ' || predecessor, count(*) || ' payments', '1' from posted group by run, predecessor having count(*) > 1;

-- name: run_files
-- The files of a run contain its posted payments, by accountant and payment method, to the transfer and the cent (rule A53).
with transfer as (
    select e.run, a.code as accountant, e.way, count(distinct e.reference) as transactions, sum(e.amount) as cents
    from (select p.run, l.accountant, l.way, e.reference, e.amount from entry e join payment_submission p using (submission)
          join paid_line l on l.run = p.run and l.entry_id = e.predecessor) e
    join run_accountant a on a.run = e.run and a.accountant = e.accountant
    where e.run in (select run from payment_end) group by e.run, a.code, e.way
),
carried as (
    select run, accountant, way, sum(transactions) as transactions, sum(cents) as cents from payment_file
    where run in (select run from payment_end) group by run, accountant, way
)
select 'files of run ' || coalesce(t.run, c.run) || ', ' || coalesce(t.accountant, c.accountant) || ', way ' || coalesce(t.way, c.way) as place,
       coalesce(c.transactions, 0) || ' transfers, ' || euros(coalesce(c.cents, 0)) as found,
       coalesce(t.transactions, 0) || ' transfers, ' || euros(coalesce(t.cents, 0)) || ' in the journal' as expected
from transfer t full join carried c on c.run = t.run and c.accountant = t.accountant and c.way = t.way
where coalesce(t.transactions, 0) <> coalesce(c.transactions, 0) or coalesce(t.cents, 0) <> coalesce(c.cents, 0)
union all
select 'run ' || run, count(*) || ' files, numbered ' || min(file) || ' to ' || max(file), 'numbered from 1 without a gap'
from payment_file group by run having min(file) <> 1 or max(file) <> count(*);

-- name: run_transfers
-- Every transfer in the files of a run has a valid IBAN, at most 999,999,999.99 euros by SEPA, and a TARGET day of execution (rule A55).
with transfer as (
    select s.run, e.reference, l.way, l.details, any_value(l.line) as line, sum(e.amount) as cents
    from entry e join payment_submission s using (submission) join paid_line l on l.run = s.run and l.entry_id = e.predecessor
    where s.run in (select run from payment_file) group by s.run, e.reference, l.way, l.details
), account as (
    select entry_id, iban, iban[5:] || iban[:4] as turned from payee where entry_id in (select details from transfer)
), spelled as (
    select entry_id, list_transform(string_split(turned, ''), lambda c: if(c between '0' and '9', c, (ascii(c) - 55)::varchar)) as parts
    from account where regexp_full_match(iban, '[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}')
), fit as (
    select entry_id from spelled
    where list_reduce(list_transform(string_split(array_to_string(parts, ''), ''), lambda d: d::int), lambda rest, d: (rest * 10 + d) % 97) = 1
), year as (
    select distinct year(executed) as y, y % 19 as a, y // 100 as b, y % 100 as c from payment_file
), moon as (  -- Easter, after Butcher
    select *, (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30 as h from year
), week as (
    select *, (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7 as l from moon
), easter as (
    select y, make_date(y, (n // 31)::bigint, (n % 31 + 1)::bigint) as day
    from (select y, h + l - 7 * ((a + 11 * h + 22 * l) // 451) + 114 as n from week)
), closed as (
    select day - 2 as day from easter union all select day + 1 from easter
    union all
    select make_date(y, unnest([1, 5, 12, 12])::bigint, unnest([1, 1, 25, 26])::bigint) from year
)
select 'run ' || run || ', line ' || line as place, 'to ' || coalesce(a.iban, 'no account') as found, 'an IBAN with valid check digits' as expected
from transfer t left join account a on a.entry_id = t.details where t.details not in (select entry_id from fit)
union all
select 'run ' || run || ', line ' || line, euros(cents) || ' by SEPA', 'at most ' || euros(99999999999)
from transfer where way = 1 and cents > 99999999999
union all
select 'run ' || run || ', file ' || file, 'executed on ' || executed, 'a TARGET day' from payment_file
where isodow(executed) > 5 or executed in (select day from closed);

-- name: run_details
-- What a run pays goes to bank details that came at least the number of days before the run was proposed that the rules of that
-- time state, or a person restored the line by name, who did not change them (rule A41).  A run from before that number was stored
-- is judged by today's rules; and what a run states by the rules of today is what they say.
with ruled_run as (
    select r.run, r.proposed_on, coalesce(r.new_days, h.value) as days, h.value as days_today, r.rules_hash
    from payment_run r join ruled h on h.rule = 'new_details_days' and r.proposed_on >= h.since and r.proposed_on < h.until
)
select 'run ' || l.run || ', line ' || l.line as place, 'to details of ' || b.committed_on || ', proposed on ' || r.proposed_on as found,
       'details of ' || r.days || ' days before, or a line that a person restored' as expected
from paid_line l join ruled_run r using (run) join payee p on p.entry_id = l.details join batch b on b.batch = p.batch
where l.left_out <> 13 and r.proposed_on - b.committed_on < r.days
union all
select 'run ' || r.run, 'new bank details of ' || r.days || ' days', r.days_today || ' days, as payments.toml says'
from ruled_run r join reference_file f on f.path = 'payments.toml' and f.hash = r.rules_hash where r.days <> r.days_today
union all
select 'run ' || l.run || ', line ' || l.line, 'restored by ' || e.by || ', who changed the details', 'by another person'
from run_line l join payment_edit e on e.run = l.run and e.line = l.line and e.what = 'unhold'
join entry_signature s on s.entry = l.details join person p on p.code = e.by
left join (select distinct number, owner from person_term where subject = 'delegation') d on d.number = s.delegation
where l.left_out = 13 and p.person in (s.entered, s.validated, d.owner);

-- name: run_ends
-- A finished run states the totals of its entries, refusals and files.
with paid as (
    select p.run, count(*) as lines, sum(e.amount) as cents from entry e join payment_submission p using (submission) group by p.run
),
refused as (
    select p.run, sum(r.lines) as lines, sum(r.amount) as cents from refusal r join payment_submission p using (submission) group by p.run
),
file as (select run, count(*) as files from payment_file group by run)
select 'run ' || n.run as place,
       coalesce(p.lines, 0) || ' paid, ' || euros(coalesce(p.cents, 0)) || '; ' || coalesce(r.lines, 0) || ' refused, '
       || euros(coalesce(r.cents, 0)) || '; ' || coalesce(f.files, 0) || ' files' as found,
       n.paid || ' paid, ' || euros(n.paid_cents) || '; ' || n.refused || ' refused, ' || euros(n.refused_cents) || '; ' || n.files || ' files' as expected
from payment_end n left join paid p using (run) left join refused r using (run) left join file f using (run)
where coalesce(p.lines, 0) <> n.paid or coalesce(p.cents, 0) <> n.paid_cents or coalesce(r.lines, 0) <> n.refused
   or coalesce(r.cents, 0) <> n.refused_cents or coalesce(f.files, 0) <> n.files;
