-- The accountant (société) stands in every entry and in every balance.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table entry add column accountant smallint not null default 0;
comment on column entry.accountant is 'The accountant of the fund centre in its budget year: a number of reference_text, kind 8; 0 without a fund centre';

alter table account_balance add column accountant smallint not null default 0;
comment on column account_balance.accountant is 'The accountant whose sums these are: a number of reference_text, kind 8';

comment on table reference_text is 'Numbers of nomenclature codes and accounts, given once: 1 fund centre, 2 functional area, 3 commitment item, 4 fund, 5 account, 6 sender, 8 accountant';
