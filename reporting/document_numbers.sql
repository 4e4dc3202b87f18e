-- name: documents_of_entries
-- The journal $4 and the number of the document of each of entries $1, of exercises $2 and accountants $3.
select t.entry_id, t.journal, r.first_number + width_bucket((t.entry_id - r.first_entry)::int, r.starts) - 1 as number
from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::smallint[]) as t (entry_id, exercise, accountant, journal)
cross join lateral (
    select first_number, first_entry, starts from document_range d
    where d.exercise = t.exercise and d.accountant = t.accountant and d.journal = t.journal and d.first_entry <= t.entry_id
    order by d.first_entry desc limit 1
) r;

-- name: lines_of_document
-- The entries of document $4 of exercise $1, accountant $2 and journal $3, which has kinds $5: those up to the next document there.  Of
-- sender $6, carries of its acts included, on fund centres $7 (all if null), as for entries_by_reference;
-- at most $9 (all if null) after entry $8.
with document as (
    select d.first_entry + d.starts[d.at] as first_entry, coalesce(d.first_entry + d.starts[d.at + 1], b.first_entry + b.entries) as entry_end
    from (select *, ($4::bigint - first_number + 1)::int as at from document_range
          where exercise = $1::smallint and accountant = $2::smallint and journal = $3::smallint
            and first_number <= $4 and $4 < first_number + documents) d
    join batch b using (batch)
)
select e.*, s.sender from entry e join submission s on s.submission = e.submission
where e.entry_id >= (select first_entry from document) and e.entry_id < (select entry_end from document)
  and e.exercise = $1 and e.accountant = $2 and e.kind = any($5::smallint[])
  and ($6::text is null or s.sender = $6
       or exists (select from reference_text o where o.kind = 6 and o.id = e.source and o.code = $6 and s.sender = 'closing'))
  and ($7::int[] is null or e.month not in (0, 15) and (e.cell = 0 or (select c.centre from cell c where c.cell = e.cell) = any($7::int[])))
  and e.entry_id > $8::bigint
order by e.entry_id limit $9;
