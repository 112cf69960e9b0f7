-- The functions on a task's way from its start to its end are planned once, by indexes and nested loops: they touch few
-- rows of a table whose statistics are never up to date, and where a plan looks at all of it, they crawl. A forbidden
-- kind of scan that is used all the same, on a small table, looks expensive: without jit = off it would be compiled.

-- The channels are named by the schema, so that queues of one database don't wake each other; by its hash, because a
-- channel's name has 63 bytes at the most.
create function wake_channel() returns text
language sql stable
set search_path from current
as $$ select 'pgqueue.wake.' || md5(current_schema()) $$;

create function end_channel() returns text
language sql stable
set search_path from current
as $$ select 'pgqueue.end.' || md5(current_schema()) $$;

-- The session advisory lock that says that a worker lives.
create function worker_lock_key(worker_id bigint) returns bigint
language sql stable
set search_path from current
as $$ select hashtextextended(current_schema() || '.worker.' || worker_id, 0) $$;

create function maintainer_lock_key() returns bigint
language sql stable
set search_path from current
as $$ select hashtextextended(current_schema() || '.maintainer', 0) $$;

create function recovery_lock_key() returns bigint
language sql stable
set search_path from current
as $$ select hashtextextended(current_schema() || '.recovery', 0) $$;

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
    needed      bigint[];
    expired_ord bigint;
    own_letter_ord bigint;
    no_group_ord bigint;
    ords        bigint[];
    ids         bigint[];
    olds        boolean[];
    queues      text[];
    keys_wanted bigint;
    keys_added  bigint;
    again       integer[];
    old_id      bigint;
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

    with given as materialized (
        select
            g.ordinality                                            as ord,
            nextval('task_id')                                      as id,
            coalesce(g.kind, common.kind)                           as kind,
            g.script                                                as script,
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
            coalesce(g.after, common.after)                         as after,
            coalesce(g.after_any, common.after_any)                 as after_any,
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
    needs as (
        select g.id, n.needs_id, bool_and(n.any_end) as any_end
        from given g
        cross join lateral (
            select unnest(g.after) as needs_id, false as any_end
            union all
            select unnest(g.after_any), true
        ) n
        where g.after is not null or g.after_any is not null
        group by g.id, n.needs_id
    ),
    needs_of as (
        select n.id, array_agg(n.needs_id order by n.needs_id) as needs from needs n group by n.id
    ),
    new_scripts as (
        insert into script (hash, text)
        select distinct on (script_hash) script_hash, script from given where script is not null
        on conflict do nothing
    ),
    new_queues as (
        insert into queue (name)
        select distinct given.queue from given where given.queue not in (select q.name from queue q)
        on conflict do nothing
    ),
    added as (
        insert into task (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit,
            process_limit, max_attempts, max_lost, retry, run_at, client_id, dedupe_key, group_key, group_order, needs,
            waits_for, dead_letter_queue, expires_at, schedule, tick)
        select
            g.id, g.queue, g.priority,
            case
                when n.needs is not null then 'blocked'
                when g.run_at > now() then 'scheduled'
                when g.group_key is not null then 'blocked'
                else 'ready'
            end::task_state,
            g.kind, g.name, g.tags, g.script_hash, g.spec, coalesce(g.timeout, q.default_timeout), g.memory_limit,
            g.process_limit, coalesce(g.max_attempts, q.default_attempts, 1), g.max_lost,
            coalesce(g.retry, q.default_retry), g.run_at, g.client_id, g.dedupe_key, g.group_key,
            case when g.group_key is not null then coalesce(g.group_order, 'fifo') end,
            n.needs, coalesce(cardinality(n.needs), 0), coalesce(g.dead_letter_queue, nullif(q.dead_letter_queue, g.queue)),
            g.expires_at, g.schedule, g.tick
        from given g
        left join queue q on q.name = g.queue
        left join needs_of n on n.id = g.id
        -- Keys in one order, so that two writers of the same keys don't lock each other out.
        order by g.dedupe_key nulls first, g.ord
        on conflict (dedupe_key) where dedupe_key is not null do nothing
        returning id, queue, state, client_id, dedupe_key, group_key, waits_for, run_at, expires_at, dead_letter_queue
    ),
    linked as (
        insert into dependency (task_id, needs_id, any_end)
        select n.id, n.needs_id, n.any_end from needs n join added a on a.id = n.id
        returning needs_id
    ),
    arrived as (
        insert into arrival (queue, group_key, needs_id)
        select distinct a.queue, a.group_key, null::bigint
        from added a
        where a.group_key is not null and a.state = 'blocked' and a.waits_for = 0
        union all
        select distinct null, null, l.needs_id from linked l
    ),
    keys as (
        insert into client_key (client_id, task_id)
        select a.client_id, a.id from added a where a.client_id is not null order by a.client_id
        on conflict do nothing
        returning client_id
    )
    select
        array_agg(g.ord order by g.ord),
        array_agg(coalesce(a.id, twin.id, old.id) order by g.ord),
        array_agg(a.id is null order by g.ord),
        array_agg(distinct a.queue) filter (where a.state = 'ready'),
        count(a.client_id),
        (select count(*) from keys),
        (select array_agg(distinct n.needs_id) from needs n),
        min(g.ord) filter (where a.expires_at <= greatest(a.run_at, now())),
        min(g.ord) filter (where a.dead_letter_queue = a.queue),
        min(g.ord) filter (where g.group_order is not null and g.group_key is null)
    into ords, ids, olds, queues, keys_wanted, keys_added, needed, expired_ord, own_letter_ord,
         no_group_ord
    from given g
    left join added a on a.id = g.id
    left join added twin on a.id is null and twin.dedupe_key = g.dedupe_key
    left join task old on a.id is null and old.dedupe_key = g.dedupe_key;

    if expired_ord is not null then
        raise exception 'task %: it would expire before it could run', expired_ord
            using errcode = 'invalid_parameter_value', hint = 'expires_at must be later than run_at and now.';
    elsif no_group_ord is not null then
        raise exception 'task %: group_order needs a group_key', no_group_ord
            using errcode = 'invalid_parameter_value';
    elsif own_letter_ord is not null then
        raise exception 'task %: a queue can''t be its own dead-letter queue', own_letter_ord
            using errcode = 'invalid_parameter_value';
    end if;

    if needed is not null then
        select n as id into wrong
        from unnest(needed) n
        where not exists (select from task t where t.id = n) and not exists (select from history h where h.id = n)
        order by n
        limit 1;
        if found then
            raise exception 'there is no task % to run after', wrong.id
                using errcode = 'PQ002', detail = wrong.id::text;
        end if;
    end if;

    if keys_added < keys_wanted then
        -- The statement above may have waited for a concurrent writer whose row only a new snapshot shows.
        select k.client_id, k.task_id into wrong
        from client_key k
        join (
            select coalesce(e.task ->> 'client_id', common.client_id) as client_id
            from jsonb_array_elements(tasks) as e (task)
        ) g using (client_id)
        order by k.task_id = any (ids), k.client_id
        limit 1;
        raise exception 'the client id "%" is already used by task %', wrong.client_id, wrong.task_id
            using errcode = 'PQ001', detail = wrong.task_id::text,
                  hint = 'Every client id is unique until its task is cleared.';
    end if;

    -- A duplicate that was still in the making when this statement began is visible now; one that has ended
    -- meanwhile no longer stands in the way.
    for i in 1 .. coalesce(array_length(ids, 1), 0) loop
        if ids[i] is null then
            select t.id into old_id
            from task t
            where t.dedupe_key = coalesce(tasks -> (i - 1) ->> 'dedupe_key', common.dedupe_key);
            if found then
                ids[i] := old_id;
            else
                again := again || i;
            end if;
        end if;
    end loop;

    if again is not null then
        select array_agg(coalesce(r.id, m.id) order by m.ord), array_agg(coalesce(r.existing, m.existing) order by m.ord)
        into ids, olds
        from unnest(ords, ids, olds) as m (ord, id, existing)
        left join (
            select again[a.ordinal] as ord, a.id, a.existing
            from add_tasks((select jsonb_agg(tasks -> (n - 1)::int order by n) from unnest(again) as n), shared) a
        ) r on r.ord = m.ord;
    end if;

    if queues is not null then
        perform wake_workers(queues);
    end if;

    return query select * from unnest(ords, ids, olds);
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
