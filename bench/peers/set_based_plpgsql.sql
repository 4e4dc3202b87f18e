-- The same rules in sets of many lines: the strongest form that plain PL/pgSQL has without a program beside the database.
-- A statement decides all acts of a set that no other act of the set can hinder; what remains is decided row by row, by the
-- functions of peer_plpgsql.sql.  An act remains if the set contains a reason to look at it in its order: a fault, a key that
-- occurs twice, an act before the one it follows, a reversal, a remainder or credits that do not suffice for all.  With it
-- remain all acts on the same commitment, so that those decided together and those decided one by one share no remainder.

-- Build the table ``set_line`` of the acts that begin at ``heads``, joined with all that a decision reads.
-- Entries are numbered by line, as a set does not know yet how many lines before it are accepted.
create function gather_lines(which int, heads int[], base bigint) returns void language plpgsql as $$
begin
    create temp table set_head on commit drop as
        select h.position, h.size, h.key, h.content, count(*) over (partition by h.key) as occurrences,
               k.key is not null or w.key is not null as is_known
        from unnest(heads) u(position)
        join act_line h on h.submission = which and h.position = u.position
        left join act_key k on k.key = h.key left join waiting w on w.key = h.key;
    analyze set_head (position, key);
    create temp table set_line on commit drop as
        select l.position, h.position as head, base + l.position as id, l.fault, l.period, l.cell, l.account, l.amount,
               l.previous, l.previous_line, l.payee, l.bank, l.day, l.invoice, l.nature, e.*,
               o.period is not null as is_open, p.number as payee_number, p.bank as payee_bank,
               k.first_entry + l.previous_line - 1 as stored_id, l.previous_line between 1 and k.size as is_stored_line,
               i.position as item_head, l.previous_line between 1 and i.size as is_item_line
        from set_head h
        join act_line l on l.submission = which and l.head = h.position
        join effect e on e.kind = l.kind
        left join open_period o on o.period = l.period
        left join payee p on e.pays and p.payee = l.payee
        left join act_key k on e.follows and k.key = l.previous
        left join (select distinct on (key) key, position, size from set_head order by key, position) i
            on e.follows and k.key is null and i.key = l.previous;
    analyze set_line (position, head, id, stored_id, item_head);
end $$;

-- Build the table ``set_follow``: for each line the entry it follows, its cell, and its commitment.  An early act comes before
-- the act it follows, or follows one that itself follows an act of the set.
create function follow_lines(base bigint) returns void language sql as $$
    create temp table set_follow on commit drop as
        select l.position, l.head, true as is_stored, false as is_early, s.entry_id as followed, s.cell as item_cell, s.day as item_day,
               case when l.mirrors then nullif(s.commitment, 0) else s.entry_id end as root, s.open, s.unbilled
        from set_line l join entry s on s.entry_id = l.stored_id where l.is_stored_line
        union all
        select l.position, l.head, false, l.item_head >= l.head or i.follows, i.id, greatest(i.cell, 0), i.day, i.id,
            case when i.opens then i.amount else 0 end, 0
        from set_line l join set_line i on i.position = l.item_head + l.previous_line - 1
        where l.is_item_line;
$$;

-- Build the table ``remaining`` of the acts that must be decided one by one.
create function find_remaining_acts() returns void language plpgsql as $$
begin
    create temp table remaining on commit drop as
        select position as head from set_head where occurrences > 1 or is_known
        union
        select l.head from set_line l left join set_follow f using (position)
        where l.fault <> 0 or not l.is_open or l.registers or l.mirrors
           or l.pays and (l.payee_number is null or l.bank <> 0 and l.bank <> l.payee_bank)
           or l.follows and (f.position is null or f.is_early or l.cell >= 0 and l.cell <> f.item_cell
                             or l.day < f.item_day or l.refusal <> 0)
        union
        select l.head from set_line l left join set_follow f using (position)
        join cell c on c.cell = coalesce(f.item_cell, greatest(l.cell, 0))
        where l.in_year and l.day not between c.first_day and c.last_day
           or l.before_service and l.nature = 0 and not c.unserved
        union
        select l.head from set_line l left join invoice i using (invoice)
        where i.invoice is not null
           or l.invoice in (select invoice from set_line where invoice is not null group by invoice having min(head) < max(head))
        union
        select position from set_head
        where exists (select from set_line where budget not in (:BudgetAction.NONE, :BudgetAction.SPEND));
    alter table remaining add primary key (head);
    insert into remaining select head from find_short_remainders() union select head from find_short_nodes()
        on conflict do nothing;
    perform spread_by_commitment();
end $$;

-- Return the acts at which a commitment would have less than zero left, if all acts of the set were accepted.
create function find_short_remainders() returns table (head int) language sql as $$
    select distinct head from (
        select l.head,
            f.open + sum(l.amount * ((l.feeds = :Remainder.OPEN)::int - (l.draws = :Remainder.OPEN)::int)) over w as open,
            f.unbilled + sum(l.amount * ((l.feeds = :Remainder.UNBILLED)::int - (l.draws = :Remainder.UNBILLED)::int)) over w
                as unbilled
        from set_line l join set_follow f using (position)
        window w as (partition by f.root order by l.position)
    ) running where open < 0 or unbilled < 0;
$$;

-- Return the acts that might lack credits, if all acts before them in the set were accepted; at their nodes also the acts that
-- give credits back, which must not count before their turn.
create function find_short_nodes() returns table (head int) language plpgsql as $$
begin
    create temp table need on commit drop as
        select l.position, l.head, c.cell, c.operation, c.chain,
            (l.ae_reserved + l.ae_consumed) * l.amount as ae, l.cp_reserved * l.amount as cp
        from set_line l left join set_follow f using (position)
        join cell c on c.cell = coalesce(f.item_cell, greatest(l.cell, 0))
        where l.budget = :BudgetAction.SPEND;
    create temp table short_node on commit drop as
        select n.node, n.ae_opened - n.ae_reserved - n.ae_consumed as ae_left,
            n.cp_opened - n.cp_reserved - n.cp_consumed as cp_left
        from (
            select placed.node, sum(placed.ae) as ae, sum(placed.cp) as cp
            from (select cell, operation, chain, sum(greatest(ae, 0)) as ae, sum(greatest(cp, 0)) as cp
                  from need group by cell, operation, chain) by_cell, place_need(operation, chain, ae, cp) placed
            group by placed.node
        ) total join node n using (node)
        where n.blocking
          and (total.ae > n.ae_opened - n.ae_reserved - n.ae_consumed or total.cp > n.cp_opened - n.cp_reserved - n.cp_consumed);
    return query select distinct running.head from (
        select need.head, least(placed.ae, placed.cp) < 0 as gives_back,
            placed.ae > 0 and sum(greatest(placed.ae, 0)) over w > s.ae_left as lacks_ae,
            placed.cp > 0 and sum(greatest(placed.cp, 0)) over w > s.cp_left as lacks_cp
        from need, place_need(operation, chain, ae, cp) placed join short_node s using (node)
        window w as (partition by placed.node order by need.position)
    ) running where gives_back or lacks_ae or lacks_cp;
end $$;

-- Return the nodes at which credits are checked, with what is needed there: an operation has the AE of its earmark.
create function place_need(operation int, chain int[], ae numeric, cp numeric)
    returns table (node int, ae numeric, cp numeric) language sql immutable as $$
    select operation, ae, 0::numeric where operation >= 0
    union all select level, case when operation >= 0 then 0 else ae end, cp from unnest(chain) level;
$$;

-- Add to ``remaining`` every act that shares an entry with one in it, until there is none.
create function spread_by_commitment() returns void language plpgsql as $$
declare
    rows_added int;
begin
    create temp table touch on commit drop as
        select head, id from set_line
        union select head, followed from set_follow union select head, root from set_follow where root is not null;
    analyze touch;
    loop
        insert into remaining
            select distinct other.head from remaining r join touch using (head) join touch other using (id)
            where not exists (select from remaining known where known.head = other.head)
            on conflict do nothing;
        get diagnostics rows_added = row_count;
        exit when rows_added = 0;
    end loop;
end $$;

-- Post all lines of the set that do not remain.
create function post_set(which int) returns int language plpgsql as $$
declare
    acts int;
begin
    create temp table posted on commit drop as
        select l.*, coalesce(f.item_cell, greatest(l.cell, 0)) as charged, f.followed, f.root, f.is_stored,
            account_of(l.debit, c, l.account) as debited, account_of(l.credit, c, l.account) as credited
        from set_line l left join set_follow f using (position)
        left join cell c on c.cell = coalesce(f.item_cell, greatest(l.cell, 0))
        where not exists (select from remaining r where r.head = l.head);
    create temp table drawn on commit drop as
        select root, bool_and(is_stored) as is_stored,
            sum(amount * ((feeds = :Remainder.OPEN)::int - (draws = :Remainder.OPEN)::int)) as open,
            sum(amount * ((feeds = :Remainder.UNBILLED)::int - (draws = :Remainder.UNBILLED)::int)) as unbilled
        from posted where root is not null group by root;
    insert into entry
        select p.id, which, p.position, p.kind, p.charged, coalesce(p.followed, 0), coalesce(p.root, 0), p.amount,
            case when p.opens then p.amount else 0 end + coalesce(d.open, 0), coalesce(d.unbilled, 0),
            coalesce(p.payee_number, 0), p.period, p.debited, p.credited, p.day
        from posted p left join drawn d on d.root = p.id;
    update entry set open = entry.open + d.open, unbilled = entry.unbilled + d.unbilled
        from drawn d where d.root = entry.entry_id and d.is_stored;
    insert into invoice select invoice, min(id - (position - head)) from posted where invoice is not null group by invoice;
    insert into act_key select h.key, p.id, h.size, h.content from set_head h join posted p using (position);
    get diagnostics acts = row_count;
    perform charge_nodes(), add_to_ledger();
    return acts;
end $$;

create function charge_nodes() returns void language sql as $$
    with by_cell as (
        select charged as cell, sum(ae_reserved * amount) as reserved, sum(ae_consumed * amount) as consumed,
            sum(cp_reserved * amount) as requested
        from posted where budget = :BudgetAction.SPEND group by charged
    ), charge as (
        select operation as node, reserved, consumed, 0::numeric as requested from by_cell join cell using (cell)
        where operation >= 0
        union all
        select level, case when operation >= 0 then -consumed else reserved end, consumed, requested
        from by_cell join cell using (cell), unnest(chain) level
    ), total as (
        select node, sum(reserved) as reserved, sum(consumed) as consumed, sum(requested) as requested
        from charge group by node
    )
    update node set ae_reserved = ae_reserved + reserved, ae_consumed = ae_consumed + consumed,
                    cp_reserved = cp_reserved + requested
    from total where total.node = node.node;
$$;

create function add_to_ledger() returns void language sql as $$
    insert into ledger
        select period, account, sum(debit), sum(credit) from (
            select period, debited as account, amount as debit, 0::bigint as credit from posted where debited <> 0
            union all select period, credited, 0, amount from posted where debited <> 0
        ) side group by period, account
    on conflict (period, account) do update
        set debit = ledger.debit + excluded.debit, credit = ledger.credit + excluded.credit;
$$;

-- Decide a set of acts: most of them together, then what remains in its order; return whether an act was decided for good.
create function decide_set(which int, heads int[], base bigint, holding bool) returns bool language plpgsql as $$
declare
    h act_line; act_code int;
    has_progress bool;
begin
    perform gather_lines(which, heads, base);
    perform follow_lines(base);
    perform find_remaining_acts();
    has_progress := post_set(which) > 0;
    for h in select l.* from remaining r join act_line l on l.submission = which and l.position = r.head order by r.head loop
        act_code := decide(h, base + h.position, holding);
        has_progress := has_progress or act_code <= :Outcome.DUPLICATE;
    end loop;
    return has_progress;
end $$;

-- Decide a submission in sets of ``lines`` lines, each committed; held acts as in decide_submission.
create procedure decide_submission_in_sets(which int, lines int) language plpgsql as $$
declare
    heads int[]; has_progress bool; holding bool := true; pass_number int := 1;
    base bigint := (select coalesce(max(entry_id), 0) + 1 from entry);
    positions int[] := array(select position from act_line where submission = which and size > 0 order by position);
begin
    loop
        delete from waiting; delete from held;
        has_progress := false;
        for heads in select * from cut_sets(which, positions, lines) loop
            has_progress := decide_set(which, heads, base, holding) or has_progress;
            commit;
        end loop;
        positions := array(select position from held order by position);
        exit when not holding or positions = '{}';
        holding := pass_number = 1 or has_progress;
        pass_number := pass_number + 1;
    end loop;
    commit;
end $$;

create function cut_sets(which int, positions int[], lines int) returns setof int[] language sql as $$
    select array_agg(position order by position) from (
        select position, (sum(size) over (order by position) - size) / lines as number
        from act_line join unnest(positions) p(position) using (position) where submission = which
    ) numbered group by number order by number;
$$;

-- Every line with its result; entries are named by their line, because the peer numbers them differently.
create view peer_line_result as
    select submission, position as line, :Outcome.ACCEPTED as code, 0 as original_submission, 0 as original_line, 0 as node,
        0::bigint as missing from entry
    union all
    select d.submission, d.position, :Outcome.DUPLICATE, e.submission, e.position, 0, 0 from duplicate d join entry e using (entry_id)
    -- what is left of service is not stated: its commitment may be of another sender
    union all select submission, position, code, 0, 0, node,
        case when code = :Outcome.SERVICE_ALREADY_BILLED then 0 else missing end from refusal;
create view engine_line_result as
    select submission, line, :Outcome.ACCEPTED as code, 0 as original_submission, 0 as original_line, 0 as node,
        0::bigint as missing from public.entry
    union all
    select d.submission, d.line, :Outcome.DUPLICATE, e.submission, e.line, 0, 0
    from public.duplicate d join public.entry e using (entry_id)
    union all select submission, line, code, 0, 0, node, missing from public.refusal;
