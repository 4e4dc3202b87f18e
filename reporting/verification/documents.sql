-- Document numbers (rule A06).  Runs in DuckDB over the raw rows; kind_journal is the journal of each kind.

-- name: document_numbers
-- The documents of each journal of each accountant in an exercise are numbered from 1 without a gap, in the order of the entries.  A document
-- is what one act posts there: entries of one file, family, exercise and reference that follow each other; of carries, whose source is the
-- sender whose reference they have, also of one source.
with line as (
    select e.batch, e.entry_id, e.exercise, e.accountant, j.journal,
           hash(e.submission, k.family, e.exercise, e.reference, case when k.carries then e.source end) as act_key
    from entry e join kind k on k.kind = e.kind join kind_journal j on j.kind = e.kind
),
marked as (select *, (act_key is distinct from lag(act_key) over (partition by batch order by entry_id))::int as begins from line),
act as (select *, sum(begins) over (partition by batch order by entry_id rows unbounded preceding) as act from marked),
document as (
    select batch, exercise, accountant, journal, min(entry_id) as entry_id from act where journal <> 0
    group by batch, exercise, accountant, journal, act
),
due as (
    select batch, exercise, accountant, journal, count(*) as documents, min(entry_id) as first_entry, list(entry_id order by entry_id) as entries
    from document group by batch, exercise, accountant, journal
),
numbered as (
    select *, 1 + coalesce(sum(documents) over (
        partition by exercise, accountant, journal order by batch rows between unbounded preceding and 1 preceding), 0) as first_number
    from due
),
compared as (
    select coalesce(n.batch, r.batch) as batch, coalesce(n.exercise, r.exercise) as exercise, coalesce(n.accountant, r.accountant) as accountant,
           coalesce(n.journal, r.journal) as journal, n.first_number as due_first, n.documents as due_documents, n.entries as due_entries,
           r.first_number, r.documents, [r.first_entry + s for s in r.starts] as entries, n.batch is null as is_extra, r.batch is null as is_missing
    from numbered n full join document_range r
      on r.batch = n.batch and r.exercise = n.exercise and r.accountant = n.accountant and r.journal = n.journal
)
select 'batch ' || batch || ', ' || coalesce(j.code, 'journal ' || journal) || ' of ' || accountant_name(accountant) || ' in ' || exercise as place,
       case when is_missing then 'no document numbers'
            when due_first is null or due_first <> first_number then 'numbers from ' || first_number
            when due_documents <> documents then documents || ' documents'
            else 'documents that begin at other entries' end as found,
       case when is_extra then 'none: it posted nothing there'
            when is_missing or due_first <> first_number then 'numbers from ' || due_first || ' without a gap'
            when due_documents <> documents then due_documents || ' documents'
            else 'documents that begin where their acts do' end as expected
from compared left join journal_code j using (journal)
where is_extra or is_missing or due_first <> first_number or due_documents <> documents or due_entries <> entries
order by batch, accountant, journal;
