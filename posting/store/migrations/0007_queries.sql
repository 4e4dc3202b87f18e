-- Look-ups by reference, by what an entry repeats and by budget node, on tables that are always written to.
-- A BRIN index costs a writer next to nothing: it knows a range of pages once it is told to look at it.  A bloom filter for each
-- range then says where a value may stand, whatever order the values came in.  What is there already is read once, at the start
-- of the engine: nobody writes meanwhile.  The journal's own partitions get their look-up indexes when they are full.
-- squawk-ignore-file require-concurrent-index-creation

set local lock_timeout = '10s';
set local statement_timeout = '1h';

create index refusal_reference on refusal using brin (reference text_bloom_ops (n_distinct_per_range = 1600)) with (pages_per_range = 16);
create index duplicate_entry on duplicate using brin (entry_id int8_bloom_ops (n_distinct_per_range = 2400)) with (pages_per_range = 16);
create index node_balance_node on node_balance using brin (node int4_bloom_ops (n_distinct_per_range = 1300)) with (pages_per_range = 16);
-- one row a batch, and an entry is looked for in the batch that has it
create index batch_first_entry on batch (first_entry);
