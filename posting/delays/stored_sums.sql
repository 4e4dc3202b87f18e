-- name: state
-- The last measurement of those that follow one another since all payments were measured.
select b.base, m.last_entry, m.half_year, m.rules
from (select max(measurement) as base from delay_measurement where after_entry = 0) b join delay_measurement m on m.measurement >= b.base
order by m.measurement desc limit 1;

-- name: insert_measurement
-- Nothing is added if another measurement was stored since ``after_entry`` was read.
insert into delay_measurement (after_entry, last_entry, half_year, rules)
select $1::bigint, $2::bigint, $3, $4 where $1::bigint = 0
    or $1::bigint = (select last_entry from delay_measurement order by measurement desc limit 1)
returning measurement;

-- name: insert_sums
insert into delay_sum (measurement, {columns}) select $1::bigint, u.* from unnest({arrays}) u;

-- name: stored_sums
-- A COPY.
select {keys}, {sums} from delay_sum where measurement >= {base} group by {keys}

-- name: has_kinds_after
-- Whether an entry after $1 is of one of the kinds $2.
select exists (select from entry where entry_id > $1 and kind = any($2::int[]));

-- name: journal_end
select coalesce((select first_entry + entries - 1 from batch order by batch desc limit 1), 0) as entry;

-- name: senders
-- A COPY.
select s.submission, coalesce(t.id, 0) as sender from submission s left join reference_text t on t.kind = 6 and t.code = s.sender order by s.submission

-- name: cell_places
-- A COPY.
select cell, centre, budget_year from cell order by cell

-- name: claims
-- Claimed late interest from an entry on.  A claim of Crescendo's own belongs to the submission of what was paid late.  A COPY.
select e.entry_id, e.amount, e.day, e.cell, case when s.sender in ({reserved}) then coalesce(p.submission, e.submission) else e.submission end as submission
from entry e join submission s on s.submission = e.submission
left join entry p on p.entry_id = e.predecessor and p.entry_id >= (select min(predecessor) from entry where kind in ({kinds}) and entry_id >= {oldest})
where e.kind in ({kinds}) and e.entry_id >= {oldest} order by e.entry_id
