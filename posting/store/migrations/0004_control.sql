-- What senders and operators may do with work under way: cancel it, pause it.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table cancellation (
    submission      int primary key references submission,
    key             text not null,
    sender          text not null,
    at              timestamptz not null default clock_timestamp()
);
comment on table cancellation is 'Submissions taken back before any of their lines was decided; key and sender are those of who did it';

create table pause (
    pause           bigint generated always as identity primary key,
    sender          text not null,
    is_paused       boolean not null,
    reason          text not null,
    key             text not null,
    by              text not null,
    at              timestamptz not null default clock_timestamp()
);
create index pause_sender on pause (sender, pause);
comment on table pause is 'Senders whose work waits: the last row of each counts; key is empty where the command line did it';

-- A submission is cancelled or decided, never both, whoever tries what at the same time.
create function refuse_cancelled() returns trigger language plpgsql as $$
begin
    if exists (select from added a join cancellation c using (submission)) then
        raise exception 'a cancelled submission is not decided' using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

create function refuse_begun() returns trigger language plpgsql as $$
begin
    perform from submission where submission = new.submission for update;
    if exists (select from progress where submission = new.submission) then
        raise exception 'submission % is being decided', new.submission using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create trigger not_cancelled after insert on progress referencing new table as added for each statement execute function refuse_cancelled();
create trigger not_begun before insert on cancellation for each row execute function refuse_begun();
create trigger tell_pause after insert on pause for each statement execute function tell_access();

create view paused as
select sender, reason, at from (
    select distinct on (sender) sender, reason, at, is_paused from pause order by sender, pause desc
) last where is_paused;

create view unfinished as
select s.submission, s.sender, s.file_hash, s.declared_lines, p.done is not null as is_begun
from submission s left join lateral (
    select done from progress where progress.submission = s.submission order by batch desc limit 1
) p on true
where p.done is distinct from true and s.format <> 'form'
  and not exists (select from cancellation c where c.submission = s.submission);
comment on view unfinished is 'Files with lines to decide; is_begun where some are decided already';

create view due as
select u.* from unfinished u where is_begun or not exists (select from paused p where p.sender = u.sender);
comment on view due is 'The unfinished files but for those that wait until their sender is no longer paused; what is begun goes on to its end';

select protect(t) from unnest(array['cancellation', 'pause']::regclass[]) t;
