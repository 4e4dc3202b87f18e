-- Credits of statements that collect nothing: which act posts each to suspense, or which receipt by hand each is.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table bank_attempt add column suspense int not null default 0;
alter table bank_attempt add column suspense_cents bigint not null default 0;
comment on column bank_attempt.suspense is 'Credits that are posted to suspense, whole or in part';
comment on column bank_attempt.suspense_cents is 'What of these credits is posted to suspense';

create or replace view bank_last_attempt as
select distinct on (message) a.* from bank_attempt a order by message, attempt desc;

create table bank_suspense (
    message         int not null,
    attempt         int not null,
    row             int not null,
    statement       int not null,
    reference       text not null check (reference <> ''),
    amount          bigint not null check (amount > 0),
    primary key (message, attempt, row),
    foreign key (message, attempt, row) references bank_item
);
create index bank_suspense_reference on bank_suspense (reference);
comment on table bank_suspense is 'What of a credit is posted to suspense, by which act of the sender bank (reference), and how many cents; the last attempt counts';

create table bank_hand_receipt (
    message         int not null,
    attempt         int not null,
    row             int not null,
    statement       int not null,
    entry_id        bigint not null check (entry_id > 0),
    amount          bigint not null check (amount > 0),
    primary key (message, attempt, row),
    foreign key (message, attempt, row) references bank_item
);
create index bank_hand_receipt_entry on bank_hand_receipt (entry_id);
comment on table bank_hand_receipt is 'Which receipt of an accountant (entry) a credit is, so that it is posted no second time; the last attempt counts';

create table suspense_rule (
    after_message   int primary key
);
comment on table suspense_rule is 'The last bank message from before the rule: its credits that collect nothing stay listed, as a person may have posted them by hand';

select protect('bank_suspense'), cover('bank_suspense');
select protect('bank_hand_receipt'), cover('bank_hand_receipt');
select protect('suspense_rule'), cover('suspense_rule');

insert into suspense_rule select coalesce(max(message), 0) from bank_message;
