-- Receivables keep the day on which they are due with their entry: no set-off takes them up before it (civil code art. 1347-1).

set local lock_timeout = '10s';
set local statement_timeout = '60s';

comment on column entry.source is 'Of a move, the number of the node that it took from; of an opening, its origin; of a commitment, the first day of the service, in days since 1970, if it states one; of a carry, the number of the sender whose reference it has; of a receivable, the day on which it is due, but not of before this migration; 0 for any other';
