-- From which file on C07 needs two persons: it came to the steps that cannot be undone later than the others (step_rule).

set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table earmark_rule (
    after_submission int primary key
);
comment on table earmark_rule is 'From which file on step C07 of the closing needs two persons: older files of it have one';

select protect('earmark_rule'), cover('earmark_rule');

insert into earmark_rule select coalesce(max(submission), 0) from submission;
