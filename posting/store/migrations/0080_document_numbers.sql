-- Document numbers: each journal of each accountant numbers its documents of an exercise without a gap.  Those of the entries that
-- stand already are given here, in the order of the entries, by the rule of posting/document_numbers.py.

set local lock_timeout = '10s';
set local statement_timeout = '6h';

create table document_range (
    batch           bigint not null,
    exercise        smallint not null,
    accountant      smallint not null,
    journal         smallint not null,
    first_number    bigint not null,
    first_entry     bigint not null,
    documents       int not null,
    starts          int[] not null
);
comment on table document_range is 'The documents that a batch gave one journal of one accountant in one exercise: their numbers begin at first_number';
comment on column document_range.accountant is 'A number of reference_text, kind 8; 0 for entries without a fund centre';
comment on column document_range.journal is 'A number of core/journals.py';
comment on column document_range.starts is 'Of each document, its first entry less first_entry';

-- Before the numbers: each batch looks up the last number of each of its series.
create index document_range_series on document_range (exercise, accountant, journal, first_entry);

-- A document is what one act posts in one series.  The lines of an act are next to each other, of one file, family, exercise and reference,
-- and those of a carry (journal 11) of one sender whose reference it has, which is its source.
do $$
declare
    span record;
    -- by number of the kind: its journal, and its family
    journals constant smallint[] := '{0,0,1,1,1,1,1,1,1,2,2,2,3,3,3,3,3,3,4,5,5,5,5,4,4,3,3,4,3,0,0,0,3,3,3,2,2,2,1,1,1,1,1,1,1,1,1,11,11,10,10,11,6,6,6,6,6,1,1,1,1,1,1,8,8,3,4,4,6,6,10,10,10,10,10,3,3,11,1,2,2,2,2,2,2,7,7,7,7,3,3,5,6,6,8,8,8,8,9,9,5,5,5,5,5,3,4,3,11,3,1,1,1,1,1,1,1,1,1,7,7,7,7,7,7,7,7,7,7}';
    families constant smallint[] := '{0,1,2,2,2,2,2,2,2,3,4,4,5,6,7,7,7,8,9,9,9,9,9,9,9,7,7,9,7,10,10,10,11,11,7,4,12,12,2,2,2,2,2,2,2,2,2,3,7,13,13,5,14,15,15,16,9,2,2,2,2,2,2,17,17,7,9,9,14,18,19,19,13,13,21,20,7,20,2,23,23,23,23,23,3,22,22,22,22,7,8,16,16,16,17,17,17,17,24,24,16,16,9,9,9,20,9,7,20,8,2,2,2,2,2,2,2,2,2,31,31,31,31,31,31,31,32,32,32}';
begin
    for span in select batch, first_entry, first_entry + entries as entry_end from batch where entries > 0 order by batch loop
        insert into document_range
        with line as (
            select entry_id, exercise, accountant, journals[kind + 1] as journal,
                   row(submission, families[kind + 1], exercise, reference, owner) is distinct from
                   lag(row(submission, families[kind + 1], exercise, reference, owner)) over (order by entry_id) as begins
            from entry cross join lateral (select case when journals[kind + 1] = 11 then source end as owner) o
            where entry_id >= span.first_entry and entry_id < span.entry_end
        ),
        act as (select *, count(*) filter (where begins) over (order by entry_id) as act from line),
        document as (
            select exercise, accountant, journal, min(entry_id) as entry_id from act where journal <> 0
            group by exercise, accountant, journal, act
        )
        select span.batch, exercise, accountant, journal,
               coalesce((select r.first_number + r.documents from document_range r where r.exercise = d.exercise and r.accountant = d.accountant
                         and r.journal = d.journal order by r.first_entry desc limit 1), 1),
               min(entry_id), count(*), array_agg((entry_id - base)::int order by entry_id)
        from (select *, min(entry_id) over (partition by exercise, accountant, journal) as base from document) d
        group by exercise, accountant, journal;
    end loop;
end $$;

create index document_range_batch on document_range using brin (batch);
select protect('document_range');
