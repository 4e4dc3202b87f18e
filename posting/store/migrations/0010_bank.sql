-- What the bank answered: messages, statements of accounts, what did not match.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table bank_message (
    message         int primary key check (message > 0),
    format          text not null,
    identity        text not null,
    file_name       text not null,
    file_hash       bytea not null unique check (octet_length(file_hash) = 32),
    size_bytes      bigint not null,
    statements      int not null,
    movements       int not null,
    stored_at       timestamptz not null default clock_timestamp()
);
comment on table bank_message is 'Files of the bank, each once, by their hash';

create table bank_statement (
    message         int not null references bank_message,
    statement       int not null,
    identity        text not null,
    account         text not null,
    day             date,
    opening         bigint,
    closing         bigint,
    unbooked        int not null,
    movements       int not null,
    debit_cents     bigint not null,
    credit_cents    bigint not null,
    primary key (message, statement),
    constraint adds_up check (opening is null or closing is null or opening + credit_cents - debit_cents = closing)
);
create index bank_statement_account on bank_statement (account, message, statement);
comment on table bank_statement is 'Statements of accounts: those with balances chain, each opens with what the one before it closed with';

create table bank_attempt (
    message         int not null references bank_message,
    attempt         int not null check (attempt > 0),
    debits          int not null,
    returns         int not null,
    rejects         int not null,
    unmatched       int not null,
    unmatched_cents bigint not null,
    acts            int not null,
    acts_hash       bytea check (octet_length(acts_hash) = 32),
    batch_id        text not null,
    attempted_at    timestamptz not null default clock_timestamp(),
    primary key (message, attempt),
    constraint acts_have_a_file check ((acts > 0) = (acts_hash is not null))
);
create index bank_attempt_acts on bank_attempt (acts_hash);
comment on table bank_attempt is 'How each message was matched, anew on request: the last attempt counts.  Its acts are the submission of the sender bank with that hash';

create table bank_item (
    message         int not null,
    attempt         int not null,
    row             int not null,
    statement       int not null,
    item            int not null,
    sort            smallint not null,
    amount          bigint not null check (amount >= 0),
    day             date not null,
    reason          text not null,
    entry_id        bigint not null,
    why             smallint not null,
    end_to_end      text not null,
    primary key (message, attempt, row),
    foreign key (message, attempt) references bank_attempt
);
create index bank_item_entry on bank_item (entry_id);
comment on table bank_item is 'Movements that need somebody''s eye: what came back or was refused, and what did not match (why: settlement/bank/mismatch.py; 0 where it did)';

-- A statement opens with what the last one of its account closed with, whoever stores what at the same time.
create function refuse_gap() returns trigger language plpgsql as $$
declare
    last record;
begin
    perform pg_advisory_xact_lock(7317, 2);
    select identity, closing into last from bank_statement
    where account = new.account and closing is not null and (message, statement) < (new.message, new.statement)
    order by message desc, statement desc limit 1;
    if found and new.opening is not null and last.closing <> new.opening then
        raise exception 'statement % of % opens with % cents, and % before it closed with %', new.identity, new.account, new.opening,
            last.identity, last.closing using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;

create trigger statements_chain before insert on bank_statement for each row execute function refuse_gap();

create view bank_last_attempt as
select distinct on (message) a.* from bank_attempt a order by message, attempt desc;

select protect(t) from unnest(array['bank_message', 'bank_statement', 'bank_attempt', 'bank_item']::regclass[]) t;
