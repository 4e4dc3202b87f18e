-- What payable lines say of their payment: when it was received and is due, how it is to be paid, what the payee reads.
-- Many lines a row, column by column: posting/requests.py tells how.  A batch's hash covers these rows too, behind those of
-- layout 1; a batch without any has the same hash in both.

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table request_detail (
    entry_id        bigint not null,
    last_entry      bigint not null,
    requests        int not null check (requests > 0),
    page            bytea not null
);
comment on table request_detail is 'Pages of what payable lines say of their payment, for those that say any of it; entry_id is the first line on a page';
-- what is packed already is not packed again
alter table request_detail alter column page set storage external;
create index request_detail_last_entry on request_detail (last_entry);
select protect('request_detail');

alter table batch add column request_pages int not null default 0;
comment on column batch.chain is 'SHA-256 over the COPY bytes of the batch''s rows (entry, refusal, duplicate, payee, cell, request_detail) and the previous chain';
update engine set layout = 2;
