-- Payment runs: proposed, looked at and changed, released by somebody else, issued, written to files.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table payment_run (
    run             int primary key check (run > 0),
    until           date not null,
    last_entry      bigint not null,
    accountants     text[] not null,
    lines           int not null,
    cents           bigint not null,
    left_out        int not null,
    left_out_cents  bigint not null,
    digest          bytea not null check (octet_length(digest) = 32),
    proposed_by     text not null check (proposed_by <> ''),
    proposed_at     timestamptz not null default clock_timestamp()
);
comment on table payment_run is 'What was proposed to be paid: what was due by a day, of what the journal held up to an entry';
comment on column payment_run.lines is 'Lines that are to be paid; those left out, with their reason, are counted apart';
comment on column payment_run.digest is 'SHA-256 over the content of its pages, in order';

create table payment_page (
    run             int not null references payment_run,
    page            int not null,
    lines           int not null check (lines > 0),
    content         bytea not null,
    primary key (run, page)
);
-- what is packed already is not packed again
alter table payment_page alter column content set storage external;
comment on table payment_page is 'What a run pays, and what it leaves out, many lines a page: settlement/runs/pages.py tells how';

create table payment_edit (
    edit            bigint generated always as identity primary key,
    run             int not null references payment_run,
    what            text not null check (what in ('hold', 'unhold', 'regroup', 'ungroup')),
    line            int,
    payee           int,
    reason          text not null,
    by              text not null check (by <> ''),
    at              timestamptz not null default clock_timestamp(),
    constraint edit_of_line_or_payee check ((what in ('hold', 'unhold')) = (line is not null) and (line is null) = (payee is not null))
);
create index payment_edit_run on payment_edit (run);
comment on table payment_edit is 'Lines held and let go again, payees whose transfers are put together; the last row of each counts';

create table payment_release (
    run             int primary key references payment_run,
    lines           int not null,
    cents           bigint not null,
    released_by     text not null check (released_by <> ''),
    released_at     timestamptz not null default clock_timestamp()
);
comment on table payment_release is 'Runs that a second person found good: nothing of them changes any more';

create table payment_abandonment (
    run             int primary key references payment_run,
    reason          text not null,
    abandoned_by    text not null check (abandoned_by <> ''),
    abandoned_at    timestamptz not null default clock_timestamp()
);
comment on table payment_abandonment is 'Runs that will never be issued: what they held may be proposed anew';

create table payment_issue (
    run             int primary key references payment_release,
    terms           text not null,
    file_hash       bytea not null check (octet_length(file_hash) = 32),
    acts            int not null,
    cents           bigint not null,
    issued_by       text not null check (issued_by <> ''),
    issued_at       timestamptz not null
);
comment on table payment_issue is 'Runs whose payments are being posted, or are: the file of their acts, and all that their payment files depend on beside the journal';

create table payment_file (
    run             int not null references payment_issue,
    file            int not null,
    name            text not null,
    message         text not null unique,
    accountant      text not null,
    way             smallint not null,
    executed        date not null,
    transactions    int not null check (transactions > 0),
    cents           bigint not null,
    size_bytes      bigint not null,
    sha256          bytea not null check (octet_length(sha256) = 32),
    primary key (run, file)
);
comment on table payment_file is 'Files for the bank, NbOfTxs and CtrlSum among their figures: whoever asks for one again gets these bytes';

create table payment_end (
    run             int primary key references payment_issue,
    submission      int not null references submission,
    paid            int not null,
    paid_cents      bigint not null,
    refused         int not null,
    refused_cents   bigint not null,
    files           int not null,
    ended_at        timestamptz not null default clock_timestamp()
);
comment on table payment_end is 'Runs that are over: what was accepted is in their files, what was refused is in none';

-- Two hands: who proposed, let a line go again or put transfers together does not release; and what is released stays as it is.
create function refuse_own_release() returns trigger language plpgsql as $$
begin
    perform from payment_run where run = new.run for update;
    if exists (select from payment_run where run = new.run and proposed_by = new.released_by)
       or exists (select from payment_edit where run = new.run and by = new.released_by and what <> 'hold') then
        raise exception 'run % is released by somebody who made it', new.run using errcode = 'integrity_constraint_violation';
    end if;
    if exists (select from payment_abandonment where run = new.run) then
        raise exception 'run % is abandoned', new.run using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create function refuse_change_of_released() returns trigger language plpgsql as $$
begin
    perform from payment_run where run = new.run for update;
    if exists (select from payment_release where run = new.run) or exists (select from payment_abandonment where run = new.run) then
        raise exception 'run % is released or abandoned, and stays as it is', new.run using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create trigger two_hands before insert on payment_release for each row execute function refuse_own_release();
create trigger not_released before insert on payment_edit for each row execute function refuse_change_of_released();
create trigger not_released before insert on payment_abandonment for each row execute function refuse_change_of_released();

create view payment_state as
select r.run, case when e.run is not null then 'issued' when i.run is not null then 'issuing' when a.run is not null then 'abandoned'
                   when l.run is not null then 'released' else 'proposed' end as state
from payment_run r left join payment_release l using (run) left join payment_abandonment a using (run)
     left join payment_issue i using (run) left join payment_end e using (run);
comment on view payment_state is 'How far each run is';

select protect(t) from unnest(array['payment_run', 'payment_page', 'payment_edit', 'payment_release', 'payment_abandonment',
                                    'payment_issue', 'payment_file', 'payment_end']::regclass[]) t;
