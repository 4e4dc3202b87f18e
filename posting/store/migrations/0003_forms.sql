-- Forms: acts that come one by one, decided together, kept as they came.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table form (
    submission      int not null,
    line            int not null,
    body            text not null,
    primary key (submission, line)
);
comment on table form is 'A form as it came, at its first line; stored in the transaction of its batch, where a file has the spool';

select protect('form'::regclass);
