-- name: submissions_of_sender
-- The submissions of sender $1, and those of the closing of years, which carries what others sent.
select submission, sender = $1 as is_own, sender = 'closing' as is_of_closing from submission where sender = $1 or sender = 'closing';

-- name: sources_of_sender
-- The number of sender $1, which a carry of one of his acts states as its source.
select id from reference_text where kind = 6 and code = $1;
