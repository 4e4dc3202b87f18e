-- Credits of statements that are receipts of receivables: which act collects each, and what of it.  Rows are only ever added.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table bank_attempt add column receipts int not null default 0;
alter table bank_attempt add column receipt_cents bigint not null default 0;
comment on column bank_attempt.receipts is 'Credits that are matched with a receivable, whole or in part';
comment on column bank_attempt.receipt_cents is 'What of these credits is collected';

create or replace view bank_last_attempt as
select distinct on (message) a.* from bank_attempt a order by message, attempt desc;

create table bank_receipt (
    message         int not null,
    attempt         int not null,
    row             int not null,
    statement       int not null,
    reference       text not null check (reference <> ''),
    receivable      bigint not null check (receivable > 0),
    amount          bigint not null check (amount > 0),
    primary key (message, attempt, row),
    foreign key (message, attempt, row) references bank_item
);
create index bank_receipt_reference on bank_receipt (reference);
create index bank_receipt_receivable on bank_receipt (receivable);
comment on table bank_receipt is 'Which receivable a credit collects (entry), by which act of the sender bank (reference), and how many cents; the last attempt counts';

select protect('bank_receipt'), cover('bank_receipt');
