-- The engine's rules row by row, as an application inside the database would implement them: it locks the rows it reads,
-- updates those that change, and decides each act before the next.  A word such as :Outcome.HELD stands for its number.
-- The upper limit of the figures (2^52 cents) is a limit of the engine and left out.

create schema bench_peer;

create table act_line (
    submission int, position int, size int, kind smallint, fault smallint, period int, cell int, source int,
    account smallint, amount bigint, key uuid, content bigint, previous uuid, previous_line int, payee uuid,
    bank bigint, day int, invoice uuid, nature smallint, head int,
    primary key (submission, position)
);
create index on act_line (submission, head);
comment on column act_line.size is 'Lines of the act that begins with this line; 0 on its other lines';
comment on column act_line.nature is '1 if the line states a nature that may be paid before service, otherwise 0';
comment on column act_line.head is 'Position of the first line of the act';

create table effect (
    kind smallint primary key, registers bool, pays bool, follows bool, mirrors bool, budget smallint, is_cp bool,
    ae_reserved int, ae_consumed int, cp_reserved int, draws smallint, feeds smallint, shortfall smallint,
    debit smallint, credit smallint, opens bool, refusal smallint, in_year bool, before_service bool
);
create table open_period (period int primary key);
create table cell (
    cell int primary key, chain int[], operation int, expense smallint, accrued smallint, creditor smallint, payroll smallint,
    first_day int, last_day int, unserved bool
);
comment on column cell.first_day is 'Days of the year of its credits';
comment on column cell.unserved is 'Whether its item is paid before service without a listed nature';
comment on column cell.chain is 'Nodes from the fund centre up to the programme';
create table node (
    node int primary key, parent int, level smallint, staff bool, blocking bool,
    ae_opened bigint default 0, ae_allotted bigint default 0,
    ae_reserved bigint default 0, ae_consumed bigint default 0,
    cp_opened bigint default 0, cp_allotted bigint default 0,
    cp_reserved bigint default 0, cp_consumed bigint default 0
) with (fillfactor = 50);
create table payee (payee uuid primary key, number int generated always as identity, bank bigint);
create table act_key (key uuid primary key, first_entry bigint, size int, content bigint);
create table entry (
    entry_id bigint primary key, submission int, position int, kind smallint, cell int, predecessor bigint,
    commitment bigint, amount bigint, open bigint, unbilled bigint, payee int, period int,
    debit smallint, credit smallint, day int
) with (fillfactor = 80);
create table invoice (invoice uuid primary key, first_entry bigint);
comment on table invoice is 'Invoices requested so far; the year repeats none of a rejected request';
create table refusal (submission int, position int, code smallint, node int, missing bigint);
create table duplicate (submission int, position int, entry_id bigint);
create table ledger (
    period int, account smallint, debit bigint, credit bigint, primary key (period, account)
) with (fillfactor = 50);
create table waiting (key uuid primary key, content bigint);
create table held (position int);

create type finding as (code int, node int, missing bigint);

create function add_opened(which int, is_cp bool, cents bigint) returns void language sql as $$
    update node set ae_opened = ae_opened + case when is_cp then 0 else cents end,
                    cp_opened = cp_opened + case when is_cp then cents else 0 end where node = which;
$$;

create function add_allotted(which int, is_cp bool, cents bigint) returns void language sql as $$
    update node set ae_allotted = ae_allotted + case when is_cp then 0 else cents end,
                    cp_allotted = cp_allotted + case when is_cp then cents else 0 end where node = which;
$$;

create function left_at(n node, is_cp bool) returns bigint language sql immutable as $$
    select case when is_cp then n.cp_opened - n.cp_reserved - n.cp_consumed
                else n.ae_opened - n.ae_reserved - n.ae_consumed end;
$$;

create function undistributed(n node, is_cp bool) returns bigint language sql immutable as $$
    select case when is_cp then n.cp_opened - n.cp_allotted else n.ae_opened - n.ae_allotted end;
$$;

create function chain_of(which int) returns int[] language plpgsql as $$
declare chain int[] := '{}';
begin
    while which >= 0 loop
        chain := chain || which;
        select parent into which from node where node.node = which;
    end loop;
    return chain;
end $$;

create function move_credits(l act_line, e effect, t node) returns finding language plpgsql as $$
declare
    s node; g node;
    source_chain int[]; target_chain int[]; common int[];
    node_number int;
begin
    select * into s from node where node = l.source for update;
    if s.level <> t.level then return row(:Outcome.FUND_CENTRE_LEVEL, t.node, 0)::finding; end if;
    source_chain := chain_of(s.node); target_chain := chain_of(t.node);
    if s.node = t.node or (t.staff and not s.staff) or s.node % 3 <> t.node % 3
       or source_chain[array_upper(source_chain, 1)] / 6 <> target_chain[array_upper(target_chain, 1)] / 6 then
        return row(:Outcome.MOVE_FORBIDDEN, s.node, 0)::finding;
    end if;
    common := array(select unnest(source_chain) intersect select unnest(target_chain));
    foreach node_number in array source_chain loop
        exit when node_number = any(common);
        select * into g from node where node = node_number for update;
        if l.amount > left_at(g, e.is_cp) then
            return row(:Outcome.BUDGET_BELOW_CONSUMPTION, node_number, l.amount - left_at(g, e.is_cp))::finding;
        end if;
    end loop;
    if l.amount > undistributed(s, e.is_cp) then
        return row(:Outcome.ALLOTMENT_EXCEEDED, s.node, l.amount - undistributed(s, e.is_cp))::finding;
    end if;
    for i in 1 .. array_length(source_chain, 1) loop
        exit when source_chain[i] = any(common);
        perform add_opened(source_chain[i], e.is_cp, -l.amount), add_opened(target_chain[i], e.is_cp, l.amount);
        if source_chain[i + 1] is not null and not source_chain[i + 1] = any(common) then
            perform add_allotted(source_chain[i + 1], e.is_cp, -l.amount), add_allotted(target_chain[i + 1], e.is_cp, l.amount);
        end if;
    end loop;
    return row(:Outcome.ACCEPTED, 0, 0)::finding;
end $$;

create function add_credits(l act_line, e effect, c cell) returns finding language plpgsql as $$
declare
    t node; above node;
begin
    select * into t from node where node = case when c.operation >= 0 then c.operation else c.chain[1] end for update;
    if e.budget = :BudgetAction.MOVE then return move_credits(l, e, t); end if;
    if (e.budget = :BudgetAction.OPEN and t.level <> :CentreLevel.PROGRAMME)
       or (e.budget = :BudgetAction.ALLOT and t.level not in (:CentreLevel.BOP, :CentreLevel.UO))
       or (e.budget = :BudgetAction.EARMARK and t.level <> :CentreLevel.OPERATION) then
        return row(:Outcome.FUND_CENTRE_LEVEL, t.node, 0)::finding;
    end if;
    if e.budget = :BudgetAction.ALLOT then
        select * into above from node where node = t.parent for update;
        if l.amount > undistributed(above, e.is_cp) then
            return row(:Outcome.ALLOTMENT_EXCEEDED, above.node, l.amount - undistributed(above, e.is_cp))::finding;
        end if;
        perform add_allotted(above.node, e.is_cp, l.amount);
    elsif e.budget = :BudgetAction.EARMARK then
        for above in select * from node where node = any(c.chain) order by level desc for update loop
            if above.blocking and l.amount > left_at(above, false) then
                return row(:Outcome.AE_EXCEEDED, above.node, l.amount - left_at(above, false))::finding;
            end if;
        end loop;
        update node set ae_reserved = ae_reserved + l.amount where node = any(c.chain);
    end if;
    perform add_opened(t.node, e.is_cp, l.amount);
    return row(:Outcome.ACCEPTED, 0, 0)::finding;
end $$;

-- Charge all levels at once.  An operation has its earmark; what the earmark reserved above becomes consumption.
create function spend(c cell, reserved bigint, consumed bigint, requested bigint) returns finding language plpgsql as $$
declare
    n node; ae_short node; cp_short node;
    needed bigint := reserved + consumed;
begin
    if c.operation >= 0 then
        select * into n from node where node = c.operation for update;
        if n.blocking and needed > 0 and needed > left_at(n, false) then
            return row(:Outcome.AE_EXCEEDED, n.node, needed - left_at(n, false))::finding;
        end if;
    end if;
    for n in select * from node where node = any(c.chain) order by level desc for update loop
        if n.blocking and c.operation < 0 and needed > 0 and ae_short is null and needed > left_at(n, false) then
            ae_short := n;
        end if;
        if n.blocking and requested > 0 and cp_short is null and requested > left_at(n, true) then
            cp_short := n;
        end if;
    end loop;
    if ae_short is not null then
        return row(:Outcome.AE_EXCEEDED, ae_short.node, needed - left_at(ae_short, false))::finding;
    end if;
    if cp_short is not null then
        return row(:Outcome.CP_EXCEEDED, cp_short.node, requested - left_at(cp_short, true))::finding;
    end if;
    if c.operation >= 0 then
        update node set ae_reserved = ae_reserved + reserved, ae_consumed = ae_consumed + consumed
            where node = c.operation;
        reserved := -consumed;
    end if;
    update node set ae_reserved = ae_reserved + reserved, ae_consumed = ae_consumed + consumed,
                    cp_reserved = cp_reserved + requested where node = any(c.chain);
    return row(:Outcome.ACCEPTED, 0, 0)::finding;
end $$;

create function account_of(role smallint, c cell, given smallint) returns smallint language sql immutable as $$
    select case role when :Role.EXPENSE then case when given <> 0 then given else c.expense end
                     when :Role.ACCRUED then c.accrued when :Role.CREDITOR then c.creditor
                     when :Role.PAYROLL then c.payroll else 0 end;
$$;

-- Check one line, and post it as entry ``id`` if it breaks no rule.
create function post(l act_line, id bigint) returns finding language plpgsql as $$
declare
    e effect; base effect; c cell; item entry; root entry; earlier_act act_key; paid payee; finding_ finding;
    sign int := 1; followed bigint := 0; commitment_ bigint := 0; cell_ int := greatest(l.cell, 0);
    drawn smallint; fed smallint; left_ bigint; debit_ smallint; credit_ smallint;
begin
    if l.fault <> 0 then return row(l.fault, 0, 0)::finding; end if;
    if not exists (select from open_period where period = l.period) then
        return row(:Outcome.PERIOD_CLOSED, 0, 0)::finding;
    end if;
    select * into e from effect where kind = l.kind;
    base := e;
    if e.registers then
        if exists (select from payee where payee.payee = l.payee) then
            return row(:Outcome.PAYEE_ALREADY_REGISTERED, 0, 0)::finding;
        end if;
        insert into payee (payee, bank) values (l.payee, l.bank) returning * into paid;
    elsif e.pays then
        select * into paid from payee where payee.payee = l.payee;
        if not found then return row(:Outcome.PAYEE_UNKNOWN, 0, 0)::finding; end if;
        if l.bank <> 0 and l.bank <> paid.bank then return row(:Outcome.BANK_DETAILS_DIFFER, 0, 0)::finding; end if;
    end if;
    if exists (select from invoice i where i.invoice = l.invoice and i.first_entry < id - (l.position - l.head)) then
        return row(:Outcome.INVOICE_ALREADY_REQUESTED, 0, 0)::finding;
    end if;
    if e.follows then
        select * into earlier_act from act_key where key = l.previous;
        if not found or l.previous_line not between 1 and earlier_act.size then
            return row(:Outcome.PREDECESSOR_MISSING, 0, 0)::finding;
        end if;
        followed := earlier_act.first_entry + l.previous_line - 1;
        select * into item from entry where entry_id = followed for update;
        if l.day < item.day then return row(:Outcome.DATE_BEFORE_PREDECESSOR, 0, 0)::finding; end if;
        if l.cell >= 0 and l.cell <> item.cell then return row(:Outcome.ASSIGNMENT_DIFFERS, 0, 0)::finding; end if;
        if e.before_service and l.nature = 0 and not (select unserved from cell where cell = item.cell) then
            return row(:Outcome.SERVICE_REQUIRED, 0, 0)::finding;
        end if;
        if e.refusal <> 0 then return row(e.refusal, 0, 0)::finding; end if;
        cell_ := item.cell;
        commitment_ := followed;
        if e.mirrors then
            if l.amount > item.open then
                return row(:Outcome.REVERSAL_EXCEEDS_ORIGINAL, 0, l.amount - item.open)::finding;
            end if;
            select * into base from effect where kind = item.kind;
            sign := -1;
            commitment_ := item.commitment;
        end if;
        drawn := case when e.mirrors then base.feeds else base.draws end;
        fed := case when e.mirrors then base.draws else base.feeds end;
        if commitment_ > 0 and drawn <> 0 then
            select * into root from entry where entry_id = commitment_ for update;
            left_ := case drawn when :Remainder.OPEN then root.open else root.unbilled end;
            if l.amount > left_ then return row(e.shortfall, 0, l.amount - left_)::finding; end if;
        end if;
    end if;
    if base.budget <> :BudgetAction.NONE then
        select * into c from cell where cell = cell_;
        if e.in_year and l.day not between c.first_day and c.last_day then
            return row(:Outcome.BUDGET_YEAR_CLOSED, 0, 0)::finding;
        end if;
        if base.budget = :BudgetAction.SPEND then
            finding_ := spend(c, base.ae_reserved * sign * l.amount, base.ae_consumed * sign * l.amount,
                            base.cp_reserved * sign * l.amount);
        else
            finding_ := add_credits(l, e, c);
        end if;
        if finding_.code <> :Outcome.ACCEPTED then return finding_; end if;
    elsif base.debit <> :Role.NONE then
        select * into c from cell where cell = cell_;
    end if;
    if e.follows then
        if commitment_ > 0 then
            update entry set
                open = open + l.amount * ((fed = :Remainder.OPEN)::int - (drawn = :Remainder.OPEN)::int),
                unbilled = unbilled + l.amount * ((fed = :Remainder.UNBILLED)::int - (drawn = :Remainder.UNBILLED)::int)
            where entry_id = commitment_;
        end if;
        if e.mirrors then update entry set open = open - l.amount where entry_id = followed; end if;
    end if;
    debit_ := case when e.mirrors then item.credit else account_of(base.debit, c, l.account) end;
    credit_ := case when e.mirrors then item.debit else account_of(base.credit, c, l.account) end;
    if debit_ <> 0 then
        insert into ledger values (l.period, debit_, l.amount, 0)
            on conflict (period, account) do update set debit = ledger.debit + excluded.debit;
        insert into ledger values (l.period, credit_, 0, l.amount)
            on conflict (period, account) do update set credit = ledger.credit + excluded.credit;
    end if;
    insert into entry values (id, l.submission, l.position, l.kind, cell_, followed, commitment_, l.amount,
        case when e.opens then l.amount else 0 end, 0, coalesce(paid.number, 0), l.period, debit_, credit_, l.day);
    if l.invoice is not null then
        insert into invoice values (l.invoice, id - (l.position - l.head)) on conflict do nothing;
    end if;
    return row(:Outcome.ACCEPTED, 0, 0)::finding;
end $$;

create function refuse_all(h act_line, code int) returns void language sql as $$
    insert into refusal select h.submission, h.position + i, code, 0, 0 from generate_series(0, h.size - 1) i;
$$;

create function refuse_one(h act_line, broken int, f finding) returns void language sql as $$
    insert into refusal select h.submission, h.position + i,
        case when i = broken then f.code else :Outcome.ACT_REFUSED end,
        case when i = broken then f.node else 0 end, case when i = broken then f.missing else 0 end
    from generate_series(0, h.size - 1) i;
$$;

-- Return the first line of the act that has no valid key, counted from 0; null if all have one.
create function find_unkeyed_line(h act_line) returns int language sql as $$
    select min(position) - h.position from act_line
    where submission = h.submission and position between h.position and h.position + h.size - 1
      and fault between :Outcome.REFERENCE_INVALID and :Outcome.ACT_TOO_LONG;
$$;

-- Look up the act's key; return the code that follows from an earlier act, or null without one.
create function find_known_act(h act_line) returns int language plpgsql as $$
declare
    earlier_act act_key; waiting_act waiting;
begin
    select * into earlier_act from act_key where key = h.key;
    if found and earlier_act.content = h.content then
        insert into duplicate
            select h.submission, h.position + i, earlier_act.first_entry + i from generate_series(0, h.size - 1) i;
        return :Outcome.DUPLICATE;
    end if;
    if not found then
        select * into waiting_act from waiting where key = h.key;
        if not found then return null; end if;
        if waiting_act.content = h.content then
            insert into held values (h.position);
            return :Outcome.HELD;
        end if;
    end if;
    perform refuse_all(h, :Outcome.REFERENCE_CONFLICT);
    return :Outcome.REFERENCE_CONFLICT;
end $$;

-- Post all lines of the act from entry ``id`` on, or none.
create function post_lines(h act_line, id bigint, out broken int, out f finding) language plpgsql as $$
declare
    l act_line;
begin
    broken := 0;
    if h.size = 1 then
        f := post(h, id);
        return;
    end if;
    begin
        for l in select * from act_line where submission = h.submission
                 and position between h.position and h.position + h.size - 1 order by position loop
            broken := l.position - h.position;
            f := post(l, id + broken);
            if f.code <> :Outcome.ACCEPTED then raise exception using errcode = 'CR001'; end if;
        end loop;
    exception when sqlstate 'CR001' then
        null; -- the changes of the lines before are rolled back, the finding is kept
    end;
end $$;

-- Decide the act that begins with line ``h``.
create function decide(h act_line, id bigint, holding bool) returns int language plpgsql as $$
declare
    act_code int; posted record; broken int;
begin
    if h.fault <> 0 or h.size > 1 then broken := find_unkeyed_line(h); end if;
    if broken is not null then
        perform refuse_one(h, broken, row(fault, 0, 0)::finding) from act_line
            where submission = h.submission and position = h.position + broken;
        return :Outcome.ACT_REFUSED;
    end if;
    act_code := find_known_act(h);
    if act_code is not null then return act_code; end if;
    posted := post_lines(h, id);
    if (posted.f).code = :Outcome.ACCEPTED then
        insert into act_key values (h.key, id, h.size, h.content);
    elsif holding and (posted.f).code in (:Outcome.PREDECESSOR_MISSING, :Outcome.SERVICE_INSUFFICIENT) then
        insert into waiting values (h.key, h.content);
        insert into held values (h.position);
        return :Outcome.HELD;
    else
        perform refuse_one(h, posted.broken, posted.f);
    end if;
    return (posted.f).code;
end $$;

-- Decide a submission: every act in order, then the held acts again while that decides some, then finally without holding.
create procedure decide_submission(which int, commit_every int) language plpgsql as $$
declare
    h act_line; act_position int; acts int := 0; pass_number int := 1; act_code int;
    has_progress bool; holding bool := true;
    id bigint := (select coalesce(max(entry_id), 0) + 1 from entry);
    positions int[] := array(select position from act_line where submission = which and size > 0 order by position);
begin
    loop
        delete from waiting; delete from held;
        has_progress := false;
        foreach act_position in array positions loop
            select * into h from act_line where submission = which and position = act_position;
            act_code := decide(h, id, holding);
            if act_code = :Outcome.ACCEPTED then id := id + h.size; end if;
            has_progress := has_progress or act_code <= :Outcome.DUPLICATE;
            acts := acts + 1;
            if acts % commit_every = 0 then commit; end if;
        end loop;
        positions := array(select position from held order by position);
        exit when not holding or positions = '{}';
        holding := pass_number = 1 or has_progress;
        pass_number := pass_number + 1;
    end loop;
    commit;
end $$;

-- Every line with its result, in the same columns for peer and engine.
create view peer_result as
    select submission, position as line, :Outcome.ACCEPTED as code, entry_id, 0 as node, 0::bigint as missing from entry
    union all select submission, position, :Outcome.DUPLICATE, entry_id, 0, 0 from duplicate
    -- what is left of service is not stated: its commitment may be of another sender
    union all select submission, position, code, 0, node, case when code = :Outcome.SERVICE_ALREADY_BILLED then 0 else missing end from refusal;
create view engine_result as
    select submission, line, :Outcome.ACCEPTED as code, entry_id, 0 as node, 0::bigint as missing from public.entry
    union all select submission, line, :Outcome.DUPLICATE, entry_id, 0, 0 from public.duplicate
    union all select submission, line, code, 0, node, missing from public.refusal;
