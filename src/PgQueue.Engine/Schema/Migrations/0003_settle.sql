-- Says of waiting tasks what they wait for now: their time, other tasks, their group's turn, or a worker. The caller
-- holds their rows.
create function place_tasks(ids bigint[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    queues  text[];
begin
    with placed as (
        update task t
        set state = case
                when t.waits_for > 0 then 'blocked'
                when t.run_at > clock_timestamp() then 'scheduled'
                when t.group_key is null then 'ready'
                when exists (
                    select from group_turn g
                    where g.queue = t.queue and g.group_key = t.group_key and g.task_id = t.id) then 'ready'
                else 'blocked'
            end::task_state
        where t.id = any (ids) and t.state <> 'running'
        returning t.queue, t.group_key, t.state, t.waits_for
    ),
    arrived as (
        insert into arrival (queue, group_key)
        select distinct p.queue, p.group_key
        from placed p
        where p.group_key is not null and p.state = 'blocked' and p.waits_for = 0
    )
    select array_agg(distinct p.queue) into queues from placed p where p.state = 'ready';

    if queues is not null then
        perform wake_workers(queues);
    end if;
end
$$;

-- Tells those that waited for these tasks, all of which have ended or are gone.
create function release_dependents(ended bigint[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    released    bigint[];
    doomed      bigint[];
    runs        integer[];
    reasons     jsonb[];
begin
    perform from task t
    where t.id in (select d.task_id from dependency d where d.needs_id = any (ended))
    order by t.id
    for update;

    with met as (
        delete from dependency d where d.needs_id = any (ended) returning d.task_id, d.needs_id, d.any_end
    ),
    judged as (
        select
            m.task_id,
            count(*) as met,
            min(m.needs_id) filter (where not m.any_end and h.state is distinct from 'completed') as culprit
        from met m
        left join lateral (
            select h.state from history h where h.id = m.needs_id order by h.finished_at desc limit 1
        ) h on true
        group by m.task_id
    ),
    counted as (
        update task t
        set waits_for = greatest(0, t.waits_for - j.met)
        from judged j
        where t.id = any (array[j.task_id])
        returning t.id, t.run, t.waits_for, j.culprit
    )
    select
        array_agg(c.id) filter (where c.culprit is null and c.waits_for = 0),
        array_agg(c.id) filter (where c.culprit is not null),
        array_agg(c.run) filter (where c.culprit is not null),
        array_agg(jsonb_build_object('message', format(
            'It was to run after task %s, which %s.', c.culprit,
            coalesce((
                select case h.state when 'failed' then 'failed' else 'was canceled' end
                from history h
                where h.id = c.culprit
                order by h.finished_at desc
                limit 1), 'was removed')))) filter (where c.culprit is not null)
    into released, doomed, runs, reasons
    from counted c;

    if doomed is not null then
        perform end_tasks(
            null, doomed, runs, array_fill('canceled'::task_state, array[cardinality(doomed)]),
            array_fill('canceled'::task_end, array[cardinality(doomed)]), null, null, null, reasons, null);
    end if;

    if released is not null then
        perform place_tasks(released);
    end if;
end
$$;

-- Gives the turn in groups where nobody has it: to the oldest task in line, or, where the newest wants last in first
-- out, to that one. The arrays belong together by position.
create function give_turns(queues text[], group_keys text[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    free    record;
    next_id bigint;
    woken   text[];
begin
    -- Locks the groups, always in one order.
    insert into group_turn (queue, group_key)
    select distinct g.queue, g.group_key
    from unnest(queues, group_keys) as g (queue, group_key)
    order by g.queue, g.group_key
    on conflict (queue, group_key) do update set queue = excluded.queue;

    for free in
        select g.queue, g.group_key
        from unnest(queues, group_keys) as w (queue, group_key)
        join group_turn g using (queue, group_key)
        where not exists (
            select from task t
            where t.id = g.task_id
              and t.queue = g.queue
              and t.group_key = g.group_key
              -- One that waits for its retry keeps the turn.
              and (t.state in ('ready', 'running') or (t.state = 'scheduled' and t.attempt > 0)))
        order by g.queue, g.group_key
    loop
        loop
            select t.id into next_id
            from task t
            where t.id = (
                select case when newest.group_order = 'lifo' then newest.id else oldest.id end
                from (
                    select l.id, l.group_order from task l
                    where l.queue = free.queue and l.group_key = free.group_key
                      and l.state = 'blocked' and l.waits_for = 0
                    order by l.id desc
                    limit 1
                ) newest
                cross join (
                    select l.id from task l
                    where l.queue = free.queue and l.group_key = free.group_key
                      and l.state = 'blocked' and l.waits_for = 0
                    order by l.id
                    limit 1
                ) oldest
            )
              and t.state = 'blocked'
            for update;
            -- None: it was canceled just now, and another may be next.
            exit when found or not exists (
                select from task l
                where l.queue = free.queue and l.group_key = free.group_key
                  and l.state = 'blocked' and l.waits_for = 0);
        end loop;

        if next_id is null then
            delete from group_turn g where g.queue = free.queue and g.group_key = free.group_key;
        else
            update group_turn g set task_id = next_id where g.queue = free.queue and g.group_key = free.group_key;
            update task t set state = 'ready' where t.id = next_id;
            woken := woken || free.queue;
        end if;
    end loop;

    if woken is not null then
        perform wake_workers(woken);
    end if;
end
$$;

-- Runs when a transaction commits, once for each of its arrivals: the first settles all, and what that leaves to settle.
-- Groups come last and all at once, so that they are locked in one order. With its owner's rights: a caller who adds by
-- a function of somebody else's has his own back at the commit.
create function settle_arrivals() returns trigger
language plpgsql
security definer
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    settled     bigint := 0;
    awaited     bigint[];
    queues      text[];
    group_keys  text[];
    more        record;
begin
    if not exists (select from arrival a where a.transaction_id = new.transaction_id and a.id = new.id) then
        return null;
    end if;

    loop
        with mine as (
            -- Beyond those deleted before: they would be looked at again each time.
            delete from arrival a
            where a.transaction_id = new.transaction_id and a.id > settled
            returning a.id, a.queue, a.group_key, a.needs_id
        ),
        groups as (
            select distinct m.queue, m.group_key from mine m where m.group_key is not null
        )
        select
            (select max(m.id) from mine m) as last,
            (select array_agg(distinct m.needs_id) from mine m where m.needs_id is not null) as awaited,
            (select array_agg(g.queue order by g.queue, g.group_key) from groups g) as queues,
            (select array_agg(g.group_key order by g.queue, g.group_key) from groups g) as group_keys
        into more;

        settled := more.last;
        queues := queues || more.queues;
        group_keys := group_keys || more.group_keys;
        exit when more.awaited is null;
        perform settle_awaited(more.awaited);
    end loop;

    if queues is not null then
        select array_agg(g.queue), array_agg(g.group_key) into queues, group_keys
        from (select distinct * from unnest(queues, group_keys) as u (queue, group_key)) g;
        perform give_turns(queues, group_keys);
    end if;

    return null;
end
$$;

-- Tells those that wait for any of these tasks that is gone. Of the others, whoever ends one later sees who waits for it.
create function settle_awaited(awaited bigint[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    here    bigint[];
    gone    bigint[];
begin
    loop
        -- Whoever is ending one of them just now is waited for.
        select array_agg(t.id) into here
        from (select t.id from task t where t.id = any (awaited) order by t.id for key share) t;
        select array_agg(n) into gone from unnest(awaited) n where not exists (select from task t where t.id = n);
        -- Else another was put in one's place meanwhile, and is not locked yet.
        exit when coalesce(cardinality(here), 0) + coalesce(cardinality(gone), 0) = cardinality(awaited);
    end loop;

    if gone is not null then
        perform release_dependents(gone);
    end if;
end
$$;

create constraint trigger settle
    after insert on arrival
    deferrable initially deferred
    for each row when (new.transaction_id <> '0') execute function settle_arrivals();
