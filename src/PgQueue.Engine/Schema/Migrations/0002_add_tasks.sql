-- The functions on a task's way from its start to its end are planned once, by indexes and nested loops: they touch few
-- rows of a table whose statistics are never up to date, and where a plan looks at all of it, they crawl. A forbidden
-- kind of scan that is used all the same, on a small table, looks expensive: without jit = off it would be compiled.
--
-- They join task by "t.id = any (array[x.id])". With "t.id = x.id" it could be a merge join, and for that PostgreSQL thinks
-- of reading the index from end to end, too: on a table that is empty when the plan is made this costs as little as
-- looking up one entry, and the plan outlives that moment.

-- The channels are named by the schema, so that queues of one database don't wake each other; by its hash, because a
-- channel's name has 63 bytes at the most. The session advisory lock worker_lock_key says that a worker lives.
--
-- The schema is written into these as a constant: so they need no search path, and without one PostgreSQL puts their
-- bodies in the place of their calls. A function of SQL that has one is parsed and planned in each statement that calls
-- it, which takes longer than all else that the smaller functions here do. Those are plpgsql for the same reason.
do $do$
begin
    execute format($sql$
        create function wake_channel() returns text language sql immutable as $$ select %1$L $$;
        create function end_channel() returns text language sql immutable as $$ select %2$L $$;

        create function worker_lock_key(worker_id bigint) returns bigint
        language sql stable
        as $$ select hashtextextended(%3$L || worker_id, 0) $$;

        create function maintainer_lock_key() returns bigint language sql immutable as $$ select hashtextextended(%4$L, 0) $$;
        create function recovery_lock_key() returns bigint language sql immutable as $$ select hashtextextended(%5$L, 0) $$;
        $sql$,
        'pgqueue.wake.' || md5(current_schema()),
        'pgqueue.end.' || md5(current_schema()),
        current_schema() || '.worker.',
        current_schema() || '.maintainer',
        current_schema() || '.recovery');
end
$do$;

-- In one round trip: a channel's name can't be an expression.
create function listen_to(channel text) returns void
language plpgsql
set search_path from current
as $$
begin
    execute format('listen %I', channel);
end
$$;

-- Notifies only while some worker is asleep: NOTIFY serialises commits, so a busy system must not pay for it.
create function wake_workers(queues text[]) returns void
language plpgsql
set search_path from current
as $$
begin
    if exists (select from worker w where w.asleep and w.lost_at is null) then
        perform pg_notify(wake_channel(), q.name) from (select distinct unnest(queues) as name) q;
    end if;
end
$$;

create function script_hash(text text) returns bytea
language sql immutable strict
as $$ select sha256(convert_to(text, 'UTF8')) $$;

-- The one way in: the cmdlets, the engine's API and SQL callers all add tasks here, all or none.
--
-- tasks is an array of objects, shared an object of settings for all of them; a task's own setting wins.
-- Needed: kind; for 'script' the script's text (or spec.file), for 'method' and 'command' spec. The others:
--     queue, priority, name, tags, timeout, memory_limit, process_limit, max_attempts, max_lost, retry, run_at or
--     delay, client_id, dedupe_key, group_key with group_order, after (ids of tasks that must complete first), after_any
--     (that must end first, however), dead_letter_queue, expires_at or expire_after, schedule, tick
-- with times as timestamptz and durations as interval ('90 seconds', '00:01:30').
-- Returns one row for each, in the order given. existing tells that dedupe_key named an unfinished task: its id is
-- returned and nothing was added.
create function add_tasks(tasks jsonb, shared jsonb default '{}')
returns table (ordinal bigint, id bigint, existing boolean)
language plpgsql
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    settings    constant text[] := array[
        'kind', 'script', 'spec', 'queue', 'priority', 'name', 'tags', 'timeout', 'memory_limit', 'process_limit',
        'max_attempts', 'max_lost', 'retry', 'run_at', 'delay', 'client_id', 'dedupe_key', 'group_key', 'group_order',
        'after', 'after_any', 'dead_letter_queue', 'expires_at', 'expire_after', 'schedule', 'tick'];
    common      record;
    common_hash bytea;
    wrong       record;
    fresh       record;
    keys_added  bigint := 0;
    ids         bigint[];
    olds        boolean[];
    again       bigint[];
begin
    if jsonb_typeof(tasks) is distinct from 'array' or jsonb_typeof(shared) is distinct from 'object' then
        raise exception 'tasks must be a JSON array and shared a JSON object'
            using errcode = 'invalid_parameter_value';
    end if;

    select e.ord, e.task, e.task - settings as unknown into wrong
    from (
        select * from jsonb_array_elements(tasks) with ordinality
        union all
        select shared, 0
    ) as e (task, ord)
    where e.task - settings <> '{}'
       or e.task ?& array['run_at', 'delay']
       or e.task ?& array['expires_at', 'expire_after']
    limit 1;
    if found then
        raise exception 'task %: %', wrong.ord, case
                when wrong.unknown <> '{}' then format('there is no setting "%s"', (select min(k) from jsonb_object_keys(wrong.unknown) k))
                when wrong.task ? 'delay' and wrong.task ? 'run_at' then 'run_at and delay exclude each other'
                else 'expires_at and expire_after exclude each other'
            end
            using errcode = 'invalid_parameter_value', hint = 'Settings are ' || array_to_string(settings, ', ');
    end if;

    select * into common
    from jsonb_to_record(shared) as s (
        kind task_kind, script text, spec jsonb, queue text, priority integer, name text, tags text[],
        timeout interval, memory_limit bigint, process_limit integer, max_attempts integer, max_lost integer,
        retry jsonb, run_at timestamptz, delay interval, client_id text, dedupe_key text, group_key text,
        group_order group_order, after bigint[], after_any bigint[], dead_letter_queue text, expires_at timestamptz,
        expire_after interval, schedule text, tick timestamptz);
    common_hash := script_hash(common.script);

    if common.script is not null then
        insert into script (hash, text) values (common_hash, common.script) on conflict do nothing;
    end if;

    if jsonb_path_exists(tasks, '$[*].script') then
        insert into script (hash, text)
        select distinct on (hash) script_hash(t ->> 'script') as hash, t ->> 'script'
        from jsonb_array_elements(tasks) t
        where t ->> 'script' is not null
        order by hash
        on conflict do nothing;
    end if;

    -- Most tasks are plain. What others need besides is done by statements of its own below: to have it all in this one
    -- would cost a single plain task three times as much, for the setting up of what it does not use.
    with given as materialized (
        select
            g.ordinality                                            as ord,
            nextval('task_id')                                      as id,
            coalesce(g.kind, common.kind)                           as kind,
            coalesce(script_hash(g.script), common_hash)            as script_hash,
            coalesce(g.spec, common.spec, '{}')                     as spec,
            coalesce(g.queue, common.queue, 'default')              as queue,
            coalesce(g.priority, common.priority, 50)               as priority,
            coalesce(g.name, common.name)                           as name,
            coalesce(g.tags, common.tags)                           as tags,
            -- In seconds: a month has no length of its own.
            make_interval(secs => extract(epoch from coalesce(g.timeout, common.timeout))::double precision) as timeout,
            coalesce(g.memory_limit, common.memory_limit)           as memory_limit,
            coalesce(g.process_limit, common.process_limit)         as process_limit,
            coalesce(g.max_attempts, common.max_attempts)           as max_attempts,
            coalesce(g.max_lost, common.max_lost, 3)                as max_lost,
            coalesce(g.retry, common.retry)                         as retry,
            coalesce(g.run_at, now() + g.delay, common.run_at, now() + common.delay, now()) as run_at,
            coalesce(g.client_id, common.client_id)                 as client_id,
            coalesce(g.dedupe_key, common.dedupe_key)               as dedupe_key,
            coalesce(g.group_key, common.group_key)                 as group_key,
            coalesce(g.group_order, common.group_order)             as group_order,
            case
                when coalesce(g.after, common.after, g.after_any, common.after_any) is not null then (
                    select array_agg(distinct n order by n)
                    from unnest(coalesce(g.after, common.after) || coalesce(g.after_any, common.after_any)) n)
            end                                                     as needs,
            coalesce(g.dead_letter_queue, common.dead_letter_queue) as dead_letter_queue,
            coalesce(g.expires_at, now() + g.expire_after, common.expires_at, now() + common.expire_after) as expires_at,
            coalesce(g.schedule, common.schedule)                   as schedule,
            coalesce(g.tick, common.tick)                           as tick
        from rows from (
            jsonb_to_recordset(tasks) as (
                kind task_kind, script text, spec jsonb, queue text, priority integer, name text, tags text[],
                timeout interval, memory_limit bigint, process_limit integer, max_attempts integer,
                max_lost integer, retry jsonb, run_at timestamptz, delay interval, client_id text, dedupe_key text,
                group_key text, group_order group_order, after bigint[], after_any bigint[], dead_letter_queue text,
                expires_at timestamptz, expire_after interval, schedule text, tick timestamptz)
        ) with ordinality as g
    ),
    added as (
        insert into task (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit,
            process_limit, max_attempts, max_lost, retry, run_at, client_id, dedupe_key, group_key, group_order, needs,
            waits_for, dead_letter_queue, expires_at, schedule, tick)
        select
            g.id, g.queue, g.priority,
            case
                when g.needs is not null then 'blocked'
                when g.run_at > now() then 'scheduled'
                when g.group_key is not null then 'blocked'
                else 'ready'
            end::task_state,
            g.kind, g.name, g.tags, g.script_hash, g.spec, coalesce(g.timeout, q.default_timeout), g.memory_limit,
            g.process_limit, coalesce(g.max_attempts, q.default_attempts, 1), g.max_lost,
            coalesce(g.retry, q.default_retry), g.run_at, g.client_id, g.dedupe_key, g.group_key,
            case when g.group_key is not null then coalesce(g.group_order, 'fifo') end,
            g.needs, coalesce(cardinality(g.needs), 0), coalesce(g.dead_letter_queue, nullif(q.dead_letter_queue, g.queue)),
            g.expires_at, g.schedule, g.tick
        from given g
        left join queue q on q.name = g.queue
        -- Keys in one order, so that two writers of the same keys don't lock each other out.
        order by g.dedupe_key nulls first, g.ord
        on conflict (dedupe_key) where dedupe_key is not null do nothing
        returning id, queue, state, client_id, waits_for, run_at, expires_at, dead_letter_queue
    )
    select
        array_agg(r.ord) as ords,
        array_agg(r.new_id) as ids,
        array_agg(r.queue) filter (where r.state = 'ready') as ready_queues,
        array_agg(r.queue) filter (where r.is_new_queue) as new_queues,
        count(r.client_id) as keys,
        bool_or(r.state = 'blocked' and r.waits_for = 0) as has_groups,
        bool_or(r.waits_for > 0) as has_needs,
        min(r.ord) filter (where r.expires_at <= greatest(r.run_at, now())) as expired,
        min(r.ord) filter (where r.dead_letter_queue = r.queue) as own_letter,
        min(r.ord) filter (where r.group_order is not null and r.group_key is null) as no_group
    into fresh
    from (
        select
            g.ord, g.group_key, g.group_order, a.id as new_id, a.queue, a.state, a.client_id, a.waits_for, a.run_at,
            a.expires_at, a.dead_letter_queue, a.id is not null and q.name is null as is_new_queue
        from given g
        left join added a on a.id = g.id
        left join queue q on q.name = a.queue
        order by g.ord
    ) r;

    if fresh.expired is not null then
        raise exception 'task %: it would expire before it could run', fresh.expired
            using errcode = 'invalid_parameter_value', hint = 'expires_at must be later than run_at and now.';
    elsif fresh.no_group is not null then
        raise exception 'task %: group_order needs a group_key', fresh.no_group
            using errcode = 'invalid_parameter_value';
    elsif fresh.own_letter is not null then
        raise exception 'task %: a queue can''t be its own dead-letter queue', fresh.own_letter
            using errcode = 'invalid_parameter_value';
    end if;

    if fresh.new_queues is not null then
        insert into queue (name) select distinct n from unnest(fresh.new_queues) n order by n on conflict do nothing;
    end if;

    if fresh.has_groups then
        insert into arrival (queue, group_key)
        select distinct t.queue, t.group_key
        from task t
        where t.id = any (fresh.ids) and t.group_key is not null and t.state = 'blocked' and t.waits_for = 0;
    end if;

    if fresh.has_needs then
        with linked as (
            insert into dependency (task_id, needs_id, any_end)
            select f.id, n.needs_id, bool_and(n.any_end)
            from unnest(fresh.ords, fresh.ids) as f (ord, id)
            join rows from (
                jsonb_to_recordset(tasks) as (after bigint[], after_any bigint[])
            ) with ordinality as g on g.ordinality = f.ord
            cross join lateral (
                select unnest(coalesce(g.after, common.after)), false
                union all
                select unnest(coalesce(g.after_any, common.after_any)), true
            ) n (needs_id, any_end)
            where f.id is not null
            group by f.id, n.needs_id
            returning needs_id
        )
        insert into arrival (needs_id) select distinct l.needs_id from linked l;

        select d.needs_id as id into wrong
        from dependency d
        where d.task_id = any (fresh.ids)
          and not exists (select from task t where t.id = d.needs_id)
          and not exists (select from history h where h.id = d.needs_id)
        order by d.needs_id
        limit 1;
        if found then
            raise exception 'there is no task % to run after', wrong.id
                using errcode = 'PQ002', detail = wrong.id::text;
        end if;
    end if;

    if fresh.keys > 0 then
        insert into client_key (client_id, task_id)
        select t.client_id, t.id
        from task t
        where t.id = any (fresh.ids) and t.client_id is not null
        order by t.client_id
        on conflict do nothing;
        get diagnostics keys_added = row_count;
    end if;

    if keys_added < fresh.keys then
        select k.client_id, k.task_id into wrong
        from client_key k
        join task t on t.client_id = k.client_id
        where t.id = any (fresh.ids)
        order by k.task_id = any (array_remove(fresh.ids, null)), k.client_id
        limit 1;
        raise exception 'the client id "%" is already used by task %', wrong.client_id, wrong.task_id
            using errcode = 'PQ001', detail = wrong.task_id::text,
                  hint = 'Every client id is unique until its task is cleared.';
    end if;

    if fresh.ready_queues is not null then
        perform wake_workers(fresh.ready_queues);
    end if;

    if array_position(fresh.ids, null) is null then
        return query select f.ord, f.id, false from unnest(fresh.ords, fresh.ids) as f (ord, id);
        return;
    end if;

    -- A duplicate is not there twice; one whose first has ended meanwhile is one no longer.
    select array_agg(coalesce(n.id, t.id) order by n.ord), array_agg(n.ord order by n.ord) filter (where coalesce(n.id, t.id) is null)
    into ids, again
    from unnest(fresh.ords, fresh.ids) as n (ord, id)
    left join lateral (
        select t.id
        from task t
        where t.dedupe_key = coalesce(tasks -> (n.ord - 1)::integer ->> 'dedupe_key', common.dedupe_key)
        limit 1
    ) t on n.id is null;

    olds := array(select n is null from unnest(fresh.ids) n);
    if again is not null then
        select array_agg(coalesce(r.id, m.id) order by m.ord), array_agg(coalesce(r.existing, m.existing) order by m.ord)
        into ids, olds
        from unnest(fresh.ords, ids, olds) as m (ord, id, existing)
        left join (
            select again[a.ordinal] as ord, a.id, a.existing
            from add_tasks((select jsonb_agg(tasks -> (n - 1)::int order by n) from unnest(again) as n), shared) a
        ) r on r.ord = m.ord;
    end if;

    return query select * from unnest(fresh.ords, ids, olds);
end
$$;

-- What many plain tasks have in common, for a client that writes them into the table by COPY in this transaction: ids for
-- them, and what their queue says of them. shared as in add_tasks.
create function prepare_bulk(shared jsonb, amount integer)
returns table (
    ids bigint[], queue text, script_hash bytea, timeout interval, max_attempts integer, retry jsonb, dead_letter_queue text
)
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    queue_name  constant text := coalesce(shared ->> 'queue', 'default');
    hash        constant bytea := script_hash(shared ->> 'script');
begin
    if hash is not null then
        insert into script (hash, text) values (hash, shared ->> 'script') on conflict do nothing;
    end if;

    if not exists (select from queue q where q.name = queue_name) then
        insert into queue (name) values (queue_name) on conflict do nothing;
    end if;

    return query
    select
        array(select nextval('task_id') from generate_series(1, amount)),
        queue_name,
        hash,
        coalesce(
            make_interval(secs => extract(epoch from (shared ->> 'timeout')::interval)::double precision),
            q.default_timeout),
        coalesce((shared ->> 'max_attempts')::integer, q.default_attempts, 1),
        coalesce(shared -> 'retry', q.default_retry),
        nullif(q.dead_letter_queue, queue_name)
    from (select) as one
    left join queue q on q.name = queue_name;
end
$$;

-- One task, for callers that speak SQL: select add_task('command', spec => '{"file": "echo", "args": ["hello"]}').
create function add_task(
    kind            task_kind,
    script          text default null,
    spec            jsonb default null,
    queue           text default null,
    priority        integer default null,
    name            text default null,
    tags            text[] default null,
    timeout         interval default null,
    memory_limit    bigint default null,
    process_limit   integer default null,
    max_attempts    integer default null,
    max_lost        integer default null,
    retry           jsonb default null,
    run_at          timestamptz default null,
    delay           interval default null,
    client_id       text default null,
    dedupe_key      text default null,
    group_key       text default null,
    group_order     group_order default null,
    after           bigint[] default null,
    after_any       bigint[] default null,
    dead_letter_queue text default null,
    expires_at      timestamptz default null,
    expire_after    interval default null
)
returns bigint
language sql
set search_path from current
as $$
    select a.id
    from add_tasks(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'script', script, 'spec', spec, 'queue', queue, 'priority', priority, 'name', name,
        'tags', tags, 'timeout', timeout, 'memory_limit', memory_limit, 'process_limit', process_limit,
        'max_attempts', max_attempts, 'max_lost', max_lost, 'retry', retry, 'run_at', run_at, 'delay', delay,
        'client_id', client_id, 'dedupe_key', dedupe_key, 'group_key', group_key, 'group_order', group_order,
        'after', after, 'after_any', after_any, 'dead_letter_queue', dead_letter_queue, 'expires_at', expires_at,
        'expire_after', expire_after)))) a
$$;
