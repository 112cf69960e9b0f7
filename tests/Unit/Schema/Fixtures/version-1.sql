-- The schema of the first release with rows in all states (VersionOneRows.cs), as pg_dump gives it out. It stays as
-- it is once that is released. Until then it is made again whenever a migration is edited, by one command:
--
--     dotnet run --project tests/Unit -- -explicit only -class PgQueue.Unit.Schema.VersionOneFixture
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE SCHEMA pgqueue;

CREATE TYPE pgqueue.group_order AS ENUM (
    'fifo',
    'lifo'
);

CREATE TYPE pgqueue.missed_policy AS ENUM (
    'skip',
    'once',
    'all'
);

CREATE TYPE pgqueue.output_stream AS ENUM (
    'output',
    'error',
    'warning',
    'verbose',
    'information',
    'debug',
    'progress'
);

CREATE TYPE pgqueue.overlap_policy AS ENUM (
    'skip',
    'allow',
    'queue'
);

CREATE TYPE pgqueue.task_end AS ENUM (
    'success',
    'error',
    'exit_code',
    'signal',
    'timeout',
    'memory',
    'processes',
    'lost',
    'canceled',
    'expired'
);

CREATE TYPE pgqueue.task_kind AS ENUM (
    'script',
    'method',
    'command'
);

CREATE TYPE pgqueue.task_state AS ENUM (
    'scheduled',
    'blocked',
    'ready',
    'running',
    'completed',
    'failed',
    'canceled'
);

CREATE TYPE pgqueue.throughput_step AS ENUM (
    'second',
    'minute',
    'hour'
);

CREATE FUNCTION pgqueue.add_task(kind pgqueue.task_kind, script text DEFAULT NULL::text, spec jsonb DEFAULT NULL::jsonb, queue text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, name text DEFAULT NULL::text, tags text[] DEFAULT NULL::text[], timeout interval DEFAULT NULL::interval, memory_limit bigint DEFAULT NULL::bigint, process_limit integer DEFAULT NULL::integer, max_attempts integer DEFAULT NULL::integer, max_lost integer DEFAULT NULL::integer, retry jsonb DEFAULT NULL::jsonb, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, delay interval DEFAULT NULL::interval, client_id text DEFAULT NULL::text, dedupe_key text DEFAULT NULL::text, group_key text DEFAULT NULL::text, group_order pgqueue.group_order DEFAULT NULL::pgqueue.group_order, after bigint[] DEFAULT NULL::bigint[], after_any bigint[] DEFAULT NULL::bigint[], dead_letter_queue text DEFAULT NULL::text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expire_after interval DEFAULT NULL::interval) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select a.id
    from add_tasks(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'script', script, 'spec', spec, 'queue', queue, 'priority', priority, 'name', name,
        'tags', tags, 'timeout', timeout, 'memory_limit', memory_limit, 'process_limit', process_limit,
        'max_attempts', max_attempts, 'max_lost', max_lost, 'retry', retry, 'run_at', run_at, 'delay', delay,
        'client_id', client_id, 'dedupe_key', dedupe_key, 'group_key', group_key, 'group_order', group_order,
        'after', after, 'after_any', after_any, 'dead_letter_queue', dead_letter_queue, 'expires_at', expires_at,
        'expire_after', expire_after)))) a
$$;

CREATE FUNCTION pgqueue.add_tasks(tasks jsonb, shared jsonb DEFAULT '{}'::jsonb) RETURNS TABLE(ordinal bigint, id bigint, existing boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
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
$_$;

CREATE TABLE pgqueue.queue (
    name text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    max_concurrency integer,
    rate_count integer,
    rate_period interval,
    rate_burst integer,
    rate_tokens double precision,
    rate_tokens_at timestamp with time zone,
    limited boolean GENERATED ALWAYS AS (((max_concurrency IS NOT NULL) OR (rate_count IS NOT NULL))) STORED NOT NULL,
    default_timeout interval,
    default_attempts integer,
    default_retry jsonb,
    dead_letter_queue text,
    retention interval,
    retention_count bigint,
    keep_all boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_check CHECK ((dead_letter_queue <> name)),
    CONSTRAINT queue_check1 CHECK ((((rate_count IS NULL) = (rate_period IS NULL)) AND ((rate_burst IS NULL) OR (rate_count IS NOT NULL)))),
    CONSTRAINT queue_default_attempts_check CHECK ((default_attempts >= 1)),
    CONSTRAINT queue_default_timeout_check CHECK (((default_timeout > '00:00:00'::interval) AND (default_timeout <= '3650 days'::interval))),
    CONSTRAINT queue_max_concurrency_check CHECK ((max_concurrency >= 1)),
    CONSTRAINT queue_name_check CHECK (((name <> ''::text) AND (length(name) <= 200))),
    CONSTRAINT queue_rate_burst_check CHECK ((rate_burst >= 1)),
    CONSTRAINT queue_rate_count_check CHECK ((rate_count >= 1)),
    CONSTRAINT queue_rate_period_check CHECK ((rate_period > '00:00:00'::interval)),
    CONSTRAINT queue_retention_check CHECK ((retention > '00:00:00'::interval)),
    CONSTRAINT queue_retention_count_check CHECK ((retention_count >= 0))
);

CREATE FUNCTION pgqueue.bucket(limited pgqueue.queue) RETURNS double precision
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select least(
        greatest(1, coalesce(limited.rate_burst, limited.rate_count / 10)) + 1,
        coalesce(limited.rate_tokens, greatest(1, coalesce(limited.rate_burst, limited.rate_count / 10)))
            + coalesce(extract(epoch from clock_timestamp() - limited.rate_tokens_at)::double precision, 0)
                * limited.rate_count / extract(epoch from limited.rate_period)::double precision)
$$;

CREATE FUNCTION pgqueue.cancel_task(id bigint, reason text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select exists (select from cancel_tasks(array[id], reason)) $$;

CREATE FUNCTION pgqueue.cancel_tasks(ids bigint[], reason text DEFAULT NULL::text) RETURNS TABLE(id bigint, state pgqueue.task_state)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    waiting_ids     bigint[];
    waiting_runs    integer[];
    running_ids     bigint[];
begin
    select array_agg(t.id) filter (where t.state <> 'running'),
           array_agg(t.run) filter (where t.state <> 'running'),
           array_agg(t.id) filter (where t.state = 'running')
    into waiting_ids, waiting_runs, running_ids
    from (
        select t.id, t.run, t.state from task t where t.id = any (ids) order by t.id for update
    ) t;

    if running_ids is not null then
        update task t
        set cancel_requested_at = clock_timestamp(), cancel_reason = reason
        where t.id = any (running_ids) and t.cancel_requested_at is null;
        perform pg_notify(wake_channel(), '!cancel');
    end if;

    return query
    select unnest(running_ids), 'running'::task_state;

    if waiting_ids is not null then
        return query
        select e.id, e.state
        from (
            select array_agg('canceled'::task_state) as states, array_agg('canceled'::task_end) as ends,
                   array_agg(jsonb_build_object('message', coalesce(reason, 'The task was canceled.'))) as errors
            from unnest(waiting_ids)
        ) a
        cross join lateral end_tasks(null, waiting_ids, waiting_runs, a.states, a.ends, null, null, null, a.errors, null) e;
    end if;
end
$$;

CREATE FUNCTION pgqueue.change_tasks(ids bigint[], changes jsonb) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    settings    constant text[] := array[
        'queue', 'priority', 'name', 'tags', 'timeout', 'memory_limit', 'process_limit', 'max_attempts',
        'max_lost', 'retry', 'run_at', 'delay', 'dead_letter_queue', 'expires_at', 'expire_after', 'args', 'params'];
    wanted      record;
    wrong       record;
    changed     bigint[];
begin
    if changes - settings <> '{}' then
        raise exception 'there is no setting "%" to change', (select min(k) from jsonb_object_keys(changes - settings) k)
            using errcode = 'invalid_parameter_value', hint = 'Settings are ' || array_to_string(settings, ', ');
    elsif changes ?& array['run_at', 'delay'] or changes ?& array['expires_at', 'expire_after'] then
        raise exception 'run_at and delay, and expires_at and expire_after, exclude each other'
            using errcode = 'invalid_parameter_value';
    end if;

    select * into wanted
    from jsonb_to_record(changes) as s (
        queue text, priority integer, name text, tags text[], timeout interval, memory_limit bigint,
        process_limit integer, max_attempts integer, max_lost integer, retry jsonb, run_at timestamptz, delay interval,
        dead_letter_queue text, expires_at timestamptz, expire_after interval, args jsonb, params jsonb);

    perform from task t where t.id = any (ids) order by t.id for update;

    -- A task that leaves its group's line, or the place at its head, lets the next one in.
    if changes ?| array['queue', 'run_at', 'delay'] then
        insert into arrival (queue, group_key)
        select distinct t.queue, t.group_key
        from task t
        where t.id = any (ids) and t.state <> 'running' and t.group_key is not null;
    end if;

    with updated as (
        update task t
        set queue = coalesce(wanted.queue, t.queue),
            priority = coalesce(wanted.priority, t.priority),
            name = case when changes ? 'name' then wanted.name else t.name end,
            tags = case when changes ? 'tags' then wanted.tags else t.tags end,
            timeout = case
                when changes ? 'timeout' then make_interval(secs => extract(epoch from wanted.timeout)::double precision)
                else t.timeout
            end,
            memory_limit = case when changes ? 'memory_limit' then wanted.memory_limit else t.memory_limit end,
            process_limit = case when changes ? 'process_limit' then wanted.process_limit else t.process_limit end,
            max_attempts = coalesce(wanted.max_attempts, t.max_attempts),
            max_lost = coalesce(wanted.max_lost, t.max_lost),
            retry = case when changes ? 'retry' then nullif(wanted.retry, 'null') else t.retry end,
            run_at = case
                when changes ?| array['run_at', 'delay']
                    then coalesce(wanted.run_at, clock_timestamp() + wanted.delay, clock_timestamp())
                else t.run_at
            end,
            dead_letter_queue = case
                when changes ? 'dead_letter_queue' then wanted.dead_letter_queue else t.dead_letter_queue
            end,
            expires_at = case
                when changes ?| array['expires_at', 'expire_after']
                    then coalesce(wanted.expires_at, clock_timestamp() + wanted.expire_after)
                else t.expires_at
            end,
            spec = t.spec - array(select s from unnest(array['args', 'params']) s where changes ? s)
                || case when wanted.args is not null then jsonb_build_object('args', wanted.args) else '{}' end
                || case when wanted.params is not null then jsonb_build_object('params', wanted.params) else '{}' end
        where t.id = any (ids) and t.state <> 'running'
        returning t.id, t.queue
    ),
    new_queues as (
        insert into queue (name) select distinct u.queue from updated u on conflict do nothing
    )
    select array_agg(u.id) into changed from updated u;

    select t.id, t.dead_letter_queue = t.queue as own_letter into wrong
    from task t
    where t.id = any (changed)
      and (t.dead_letter_queue = t.queue or t.expires_at <= greatest(t.run_at, clock_timestamp()))
    order by t.id
    limit 1;
    if found then
        raise exception 'task %: %', wrong.id, case
                when wrong.own_letter then 'a queue can''t be its own dead-letter queue'
                else 'it would expire before it could run'
            end
            using errcode = 'invalid_parameter_value';
    end if;

    perform place_tasks(changed);
    return query select unnest(changed);
end
$$;

CREATE FUNCTION pgqueue.check_scheduled_task(task jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    wrong   text;
begin
    if jsonb_typeof(task) is distinct from 'object' then
        raise exception 'a schedule''s task must be a JSON object' using errcode = 'invalid_parameter_value';
    end if;

    select k.key into wrong
    from jsonb_object_keys(task) k (key)
    where k.key in ('client_id', 'run_at', 'delay', 'schedule', 'tick', 'after', 'after_any', 'expires_at')
    limit 1;
    if found then
        raise exception 'a schedule''s task can''t have the setting "%", which only one task can have', wrong
            using errcode = 'invalid_parameter_value';
    end if;

    begin
        perform add_tasks(jsonb_build_array(task));
        raise exception 'undone' using errcode = 'PQ099';
    exception
        when sqlstate 'PQ099' then null; -- It was taken, and is gone again.
    end;
end
$$;

CREATE FUNCTION pgqueue.claim_tasks(worker_id bigint, queues text[], max_tasks integer, priorities int4range[] DEFAULT NULL::int4range[], tags text[] DEFAULT NULL::text[], names text[] DEFAULT NULL::text[], caps jsonb DEFAULT NULL::jsonb, busy jsonb DEFAULT NULL::jsonb, beyond jsonb DEFAULT NULL::jsonb) RETURNS TABLE(id bigint, run integer, attempt integer, max_attempts integer, queue text, priority integer, kind pgqueue.task_kind, name text, script_hash bytea, spec jsonb, timeout interval, memory_limit bigint, process_limit integer, retry jsonb, needs bigint[], schedule text, tick timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    limited_queue   record;
    room            record;
    limited_names   text[];
    limited_places  integer[];
    limited_tokens  double precision[];
begin
    -- A limit holds exactly because the queue's row is locked from here to the commit: the next claim of that queue sees
    -- what this one took. A queue that is locked (another claim is at it) is left out, the others are not held up by it.
    for limited_queue in
        select q as it
        from queue q
        where q.limited
          and not q.paused
          and (queues is null or q.name like any (queues))
          and exists (
                select from task t
                where t.queue = q.name
                  and t.state = 'ready'
                  and (~t.priority, t.id) > (first_rank(beyond -> q.name), first_id(beyond -> q.name)))
        order by q.name
        for no key update skip locked
    loop
        select * into room from places_of(limited_queue.it);
        limited_names := limited_names || (limited_queue.it).name;
        limited_places := limited_places || room.places;
        limited_tokens := limited_tokens || room.tokens;
    end loop;

    return query
    with places as materialized (
        select
            q.name, q.limited, l.tokens, least(max_tasks, l.places, c.places) as places,
            first_rank(beyond -> q.name) as rank, first_id(beyond -> q.name) as id
        from queue q
        left join unnest(limited_names, limited_places, limited_tokens) as l (name, places, tokens) on l.name = q.name
        left join lateral (
            select min((cap ->> 1)::integer) - coalesce((busy ->> q.name)::integer, 0) as places
            from jsonb_array_elements(caps) cap
            where q.name like cap ->> 0
        ) c on caps is not null
        where not q.paused
          and (queues is null or q.name like any (queues))
          and (not q.limited or l.name is not null)
          -- One that was given up and does not know yet: what it claimed would belong to nobody.
          and exists (select from worker w where w.id = claim_tasks.worker_id and w.lost_at is null)
    ),
    picked as materialized (
        select t.id, q.name, q.limited
        from places q
        cross join lateral (
            select t.id, t.priority
            from task t
            where t.queue = q.name
              and t.state = 'ready'
              and (~t.priority, t.id) > (q.rank, q.id)
              and (t.expires_at is null or t.expires_at > clock_timestamp())
              and is_wanted(
                    t.priority, t.tags, t.name, claim_tasks.priorities, claim_tasks.tags, claim_tasks.names)
            order by ~t.priority, t.id
            limit greatest(q.places, 0)
            for no key update skip locked
        ) t
        order by t.priority desc, t.id
        limit max_tasks
    ),
    spent as (
        update queue q
        set rate_tokens = p.tokens - p.taken, rate_tokens_at = clock_timestamp()
        from (
            select l.name, l.tokens, count(*) as taken
            from picked p
            join places l on l.name = p.name
            where l.tokens is not null
            group by l.name, l.tokens
        ) p
        where q.name = p.name
    )
    update task t
    set state = 'running',
        worker_id = claim_tasks.worker_id,
        started_at = clock_timestamp(),
        run = t.run + 1,
        attempt = t.attempt + 1,
        limited = p.limited
    from picked p
    where t.id = any (array[p.id])
    returning
        t.id, t.run, t.attempt, t.max_attempts, t.queue, t.priority, t.kind, t.name, t.script_hash, t.spec, t.timeout,
        t.memory_limit, t.process_limit, t.retry, t.needs, t.schedule, t.tick;
end
$$;

CREATE FUNCTION pgqueue.coarsen_throughput(fine pgqueue.throughput_step, coarse pgqueue.throughput_step, until timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    since   constant timestamptz := (
        select coalesce(case fine when 'second' then d.seconds_from else d.minutes_from end, '-infinity') from fold d);
begin
    if not exists (select from throughput t where t.step = fine and t.at >= since and t.at < until) then
        return;
    end if;

    with gone as (
        delete from throughput t where t.step = fine and t.at >= since and t.at < until returning t.*
    )
    insert into throughput (at, waited, ran, tasks, starts, runs, step, state, queue)
    select
        date_trunc(coarse::text, g.at, 'UTC'), sum(g.waited), sum(g.ran), sum(g.tasks), sum(g.starts), sum(g.runs), coarse,
        g.state, g.queue
    from gone g
    group by 1, g.state, g.queue;

    update fold d
    set seconds_from = case fine when 'second' then until else d.seconds_from end,
        minutes_from = case fine when 'minute' then until else d.minutes_from end,
        transaction_id = pg_current_xact_id(),
        folded = p.folded,
        seen = p.seen
    from fold_place p;
end
$$;

CREATE FUNCTION pgqueue.delete_old_tasks(max_tasks integer DEFAULT 5000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    longest interval;
    endless boolean;
    kept    record;
    surplus bigint[];
    deleted integer := 0;
begin
    select max(r.retention), bool_or(r.retention is null) into longest, endless from retention r;

    for kept in
        select r.* from retention r where r.retention is not null or r.retention_count is not null order by r.queue
    loop
        -- What is in the default partition goes with no week.
        if endless or kept.retention < longest or kept.retention < interval '1 week'
            or exists (
                select from history_default h where h.queue = kept.queue and h.finished_at < now() - kept.retention)
        then
            select array_agg(h.id) into surplus
            from (
                select h.id
                from history h
                where h.queue = kept.queue and h.finished_at < now() - kept.retention
                limit max_tasks - deleted
            ) h;
            deleted := deleted + (select count(*) from remove_tasks(surplus));
        end if;

        if kept.retention_count is not null then
            select array_agg(h.id) into surplus
            from (
                select h.id
                from history h
                where h.queue = kept.queue
                order by h.finished_at desc
                offset kept.retention_count
                limit max_tasks - deleted
            ) h;
            deleted := deleted + (select count(*) from remove_tasks(surplus));
        end if;

        exit when deleted >= max_tasks;
    end loop;

    return deleted;
end
$$;

CREATE FUNCTION pgqueue.drop_old_partitions() RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    longest interval;
    part    record;
    dropped integer := 0;
begin
    if exists (select from retention r where r.retention is null) then
        return 0; -- Some queue keeps all.
    end if;

    select max(r.retention) into longest from retention r;
    -- A lock that somebody holds is not waited for: there is time.
    perform set_config('lock_timeout', '200ms', true);

    for part in
        select c.relname::text as name, p.relname::text as parent, partition_end(c.relname) as ends
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        join pg_class p on p.oid = i.inhparent
        where p.oid in ('history'::regclass, 'task_output'::regclass)
          and partition_end(c.relname) < now() - longest
        order by p.relname, c.relname
    loop
        begin
            if part.parent = 'history' then
                execute format(
                    'delete from client_key k using %I h where h.client_id is not null and k.task_id = h.id', part.name);
            elsif exists (select from history h where h.created_at < part.ends)
                or exists (select from task t where t.created_at < part.ends and t.run > 0) then
                continue; -- Output of a task that is kept: it was added then and may have run.
            end if;

            execute format('drop table %I', part.name);
            dropped := dropped + 1;
        exception when lock_not_available then
            null;
        end;
    end loop;

    delete from task_output_default o
    where o.at < now() - longest
      and not exists (select from task t where t.id = o.task_id)
      and not exists (select from history h where h.id = o.task_id);

    return dropped;
end
$$;

CREATE FUNCTION pgqueue.end_channel() RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$ select 'pgqueue.end.bc12aec86257637e10c1da7ec4ddd24f' $$;

CREATE FUNCTION pgqueue.end_tasks(worker_id bigint, ids bigint[], runs integer[], states pgqueue.task_state[], ends pgqueue.task_end[], exit_codes integer[], signals integer[], peaks bigint[], errors jsonb[], results jsonb[]) RETURNS TABLE(id bigint, state pgqueue.task_state)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    worker_name     constant text := (select w.name from worker w where w.id = end_tasks.worker_id);
    done_ids        bigint[];
    done_states     task_state[];
    watched_ids     bigint[];
    grouped_ids     bigint[];
    waiting_ids     bigint[];
    freed_queues    text[];
    buried_ids      bigint[];
begin
    -- Deleted, and so locked, in the order of their ids: the join is a nested loop over this, no other kind is allowed.
    with answer as materialized (
        select *
        from unnest(ids, runs, states, ends, exit_codes, signals, peaks, errors, results)
            as a (id, run, state, ended, exit_code, signal, peak_memory, error, result)
        order by a.id
    ),
    gone as (
        delete from task t
        using answer a
        where t.id = any (array[a.id])
          and t.run = a.run
          and (end_tasks.worker_id is null or (t.worker_id = end_tasks.worker_id and t.state = 'running'))
        returning
            t.*,
            case when t.cancel_requested_at is null then a.state else 'canceled' end as final_state,
            case when t.cancel_requested_at is null then a.ended else 'canceled' end as final_end,
            case
                when t.cancel_requested_at is null then a.error
                else jsonb_build_object('message', coalesce(t.cancel_reason, 'The task was canceled.'))
            end as final_error,
            a.exit_code, a.signal, a.peak_memory,
            case when t.cancel_requested_at is null then a.result end as result,
            case
                when t.dead_letter_queue is not null and t.cancel_requested_at is null and a.state = 'failed'
                    then nextval('task_id')
            end as letter_id,
            clock_timestamp() as finished_at
    ),
    kept as (
        insert into history (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit, process_limit,
            max_attempts, max_lost, retry, client_id, dedupe_key, group_key, group_order, needs, dead_letter_queue,
            dead_letter_of, dead_letter_from, dead_letter_id, expires_at, schedule, tick, created_at, run_at, started_at,
            finished_at, run, attempt, lost, worker_id, worker, replaced_by, ended, exit_code, signal, peak_memory,
            error, result, past_runs)
        select
            g.id, g.queue, g.priority, g.final_state, g.kind, g.name, g.tags, g.script_hash, g.spec, g.timeout,
            g.memory_limit, g.process_limit, g.max_attempts, g.max_lost, g.retry, g.client_id, g.dedupe_key,
            g.group_key, g.group_order, g.needs, g.dead_letter_queue, g.dead_letter_of, g.dead_letter_from, g.letter_id,
            g.expires_at, g.schedule, g.tick, g.created_at, g.run_at, g.started_at, g.finished_at, g.run, g.attempt,
            g.lost, g.worker_id, coalesce(worker_name, (select w.name from worker w where w.id = g.worker_id)),
            g.replaced_by, g.final_end, g.exit_code, g.signal, g.peak_memory, g.final_error,
            g.result, g.past_runs
        from gone g
    ),
    counted as (
        insert into finished (at, waited, ran, tasks, starts, runs, state, queue)
        select
            max(g.finished_at),
            sum(g.started_at - greatest(g.run_at, g.created_at)) filter (where g.attempt = 1 and g.lost = 0),
            sum(g.finished_at - g.started_at),
            count(*), count(g.started_at) filter (where g.attempt = 1 and g.lost = 0), count(g.started_at),
            g.final_state, g.queue
        from gone g
        group by g.queue, g.final_state
    )
    select
        array_agg(g.id),
        array_agg(g.final_state),
        array_agg(g.id) filter (where g.watched),
        array_agg(g.id) filter (where g.group_key is not null),
        array_agg(g.id) filter (where g.waits_for > 0),
        -- A place under the limit of its queue is free.
        array_agg(distinct g.queue) filter (where g.limited),
        array_agg(g.id) filter (where g.letter_id is not null)
    into done_ids, done_states, watched_ids, grouped_ids, waiting_ids, freed_queues, buried_ids
    from gone g;

    -- Apart, as most tasks need neither, and what a statement may have to do costs it something though it does not do it.
    if buried_ids is not null then
        freed_queues := freed_queues || array(select write_letters(buried_ids));
    end if;

    if grouped_ids is not null or waiting_ids is not null
        or exists (select from dependency d where d.needs_id = any (done_ids))
        or current_setting('transaction_isolation') in ('repeatable read', 'serializable')
    then
        perform leave_lines(done_ids, grouped_ids, waiting_ids);
    end if;

    if freed_queues is not null then
        perform wake_workers(freed_queues);
    end if;

    if watched_ids is not null then
        perform pg_notify(end_channel(), w::text) from unnest(watched_ids) w;
    end if;

    return query select * from unnest(done_ids, done_states);
end
$$;

CREATE FUNCTION pgqueue.end_worker_session(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    perform pg_terminate_backend(l.pid)
    from pg_locks l
    join worker w on w.id = worker_id and w.backend_pid = l.pid
    where l.locktype = 'advisory'
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.granted
      and l.pid <> pg_backend_pid()
      and ((l.classid::bigint << 32) | l.objid::bigint) = worker_lock_key(worker_id);
exception when insufficient_privilege then
    null; -- Another role's worker: whoever may end its session will.
end
$$;

CREATE FUNCTION pgqueue.ensure_partitions() RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    parent  text;
    week    date;
    part    text;
    made    integer := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.partitions', 0));

    foreach parent in array array['history', 'task_output'] loop
        if to_regclass(parent || '_default') is null then
            execute format('create table %I partition of %I default', parent || '_default', parent);
        end if;

        for week in
            select generate_series(date_trunc('week', now() at time zone 'UTC'),
                                   date_trunc('week', now() at time zone 'UTC') + interval '2 weeks',
                                   interval '1 week')::date
        loop
            part := parent || to_char(week, '_IYYY"w"IW');
            continue when to_regclass(part) is not null;
            begin
                -- Made apart and then attached: that lets readers and writers of the others go on. Only the default
                -- partition is locked, and only for a moment: whoever holds it makes this wait for the next time.
                perform set_config('lock_timeout', '200ms', true);
                execute format('create table %I (like %I including defaults including constraints)', part, parent);
                execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                               parent, part, week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
                made := made + 1;
            exception
                when check_violation then
                    -- The default partition holds rows of that week already (nobody was here to make its partition
                    -- in time): they stay there, and only that week's retention is by deleting rows.
                    null;
                when lock_not_available then
                    -- The two weeks to come have theirs by now: there is time.
                    null;
            end;
        end loop;
    end loop;

    return made;
end
$$;

CREATE FUNCTION pgqueue.expire_tasks(max_tasks integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
declare
    moment  constant timestamptz := clock_timestamp();
    expired bigint[];
    runs    integer[];
    reasons jsonb[];
begin
    select
        array_agg(t.id), array_agg(t.run),
        array_agg(jsonb_strip_nulls(jsonb_build_object(
            'message', format('It could not start before it expired at %s.', t.expires_at), 'inner', t.error)))
    into expired, runs, reasons
    from (
        select t.id, t.run, t.expires_at, t.error
        from task t
        where t.expires_at <= moment and t.state in ('scheduled', 'blocked', 'ready')
        order by t.expires_at
        limit max_tasks
        for update skip locked
    ) t;

    if expired is not null then
        perform end_tasks(
            null, expired, runs, array_fill('canceled'::task_state, array[cardinality(expired)]),
            array_fill('expired'::task_end, array[cardinality(expired)]), null, null, null, reasons, null);
    end if;

    return coalesce(cardinality(expired), 0);
end
$$;

CREATE FUNCTION pgqueue.finish_tasks(worker_id bigint, ids bigint[], runs integer[], states pgqueue.task_state[], ends pgqueue.task_end[], exit_codes integer[], signals integer[], peaks bigint[], errors jsonb[], results jsonb[], retry_in interval[], refunds boolean[]) RETURNS TABLE(id bigint, state pgqueue.task_state)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    done_ids    bigint[];
    done_states task_state[];
    queues      text[];
begin
    if array_remove(retry_in, null) = '{}' then
        return query
        select e.*
        from end_tasks(worker_id, ids, runs, states, ends, exit_codes, signals, peaks, errors, results) e;
        return;
    end if;

    perform from task t where t.id = any (ids) order by t.id for update;

    with answer as (
        select *
        from unnest(ids, runs, ends, exit_codes, signals, peaks, errors, retry_in, refunds)
            as a (id, run, ended, exit_code, signal, peak_memory, error, retry_in, refund)
        where a.retry_in is not null
    ),
    again as (
        update task t
        set state = case when a.retry_in > interval '0' then 'scheduled' else 'ready' end::task_state,
            run_at = clock_timestamp() + a.retry_in,
            attempt = t.attempt - a.refund::int,
            worker_id = null,
            started_at = null,
            error = case when a.refund then t.error else a.error end,
            past_runs = case
                when a.refund then t.past_runs
                else coalesce(t.past_runs, '[]') || run_record(
                    t.run, t.attempt, w.name, t.started_at, a.ended, a.exit_code, a.signal, a.peak_memory, a.error)
            end
        from answer a, worker w
        where t.id = any (array[a.id])
          and t.run = a.run
          and t.worker_id = finish_tasks.worker_id
          and t.state = 'running'
          and t.cancel_requested_at is null
          and t.replaced_by is null
          and w.id = finish_tasks.worker_id
        returning t.id, t.state, t.queue, t.limited
    )
    select array_agg(g.id), array_agg(g.state), array_agg(distinct g.queue) filter (where g.state = 'ready' or g.limited)
    into done_ids, done_states, queues
    from again g;

    if queues is not null then
        perform wake_workers(queues);
    end if;

    return query
    select * from unnest(done_ids, done_states)
    union all
    select e.*
    from (
        -- What should have run again is here only where that is not wanted any more: it was canceled in between, which
        -- end_tasks sees to, or replaced.
        select
            array_agg(a.id) as ids, array_agg(a.run) as runs,
            array_agg(case when a.refund and t.id is not null then 'canceled' else a.state end) as states,
            array_agg(case when a.refund and t.id is not null then 'canceled' else a.ended end) as ends,
            array_agg(a.exit_code) as exit_codes, array_agg(a.signal) as signals, array_agg(a.peak) as peaks,
            array_agg(case
                when a.refund and t.id is not null
                    then jsonb_build_object('message', format('It was replaced by task %s.', t.replaced_by))
                else a.error
            end) as errors,
            array_agg(a.result) as results
        from unnest(finish_tasks.ids, finish_tasks.runs, finish_tasks.states, finish_tasks.ends, finish_tasks.exit_codes,
                    finish_tasks.signals, finish_tasks.peaks, finish_tasks.errors, finish_tasks.results, retry_in, refunds)
            as a (id, run, state, ended, exit_code, signal, peak, error, result, retry_in, refund)
        left join task t
            on a.retry_in is not null and t.id = any (array[a.id]) and t.run = a.run
            and (t.cancel_requested_at is not null or t.replaced_by is not null)
        where a.retry_in is null or t.id is not null
    ) a
    cross join lateral end_tasks(
        finish_tasks.worker_id, a.ids, a.runs, a.states, a.ends, a.exit_codes, a.signals, a.peaks, a.errors, a.results) e
    where a.ids is not null;
end
$$;

CREATE FUNCTION pgqueue.fire_schedules(fires jsonb) RETURNS TABLE(name text, error text)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    number  constant integer := jsonb_array_length(fires);
    reason  text;
begin
    begin
        return query select f.name, f.error from fire_together(fires) f;
        return;
    exception
        when others then
            -- Not refused, but hindered (a deadlock, no disk, a server that stops): all of it is tried again.
            if left(sqlstate, 2) in ('08', '40', '53', '55', '57', '58', 'XX') then
                raise;
            end if;

            reason := sqlerrm;
    end;

    if number > 1 then
        return query
        select f.name, f.error
        from (values (0, number / 2 - 1), (number / 2, number - 1)) as half (first, last)
        cross join lateral fire_schedules((
            select jsonb_agg(fires -> n order by n) from generate_series(half.first, half.last) n)) f;
    else
        return query
        select f.name, f.error
        from fire_together(jsonb_build_array(jsonb_build_object('name', fires -> 0 -> 'name', 'error', reason))) f;
    end if;
end
$$;

CREATE FUNCTION pgqueue.fire_together(fires jsonb) RETURNS TABLE(name text, error text)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    steps   integer;
    names   text[];
    tasks   jsonb;
begin
    select max(case when f.waits then cardinality(f.ticks) else least(cardinality(f.ticks), 1) end) into steps
    from jsonb_to_recordset(fires) as f (name text, ticks timestamptz[], waits boolean);

    -- All at once, but of those that wait one after the other: each has to know the one before.
    for step in 1 .. coalesce(steps, 0) loop
        select
            array_agg(s.name order by t.tick, s.name),
            jsonb_agg(scheduled_task(s, t.tick, f.waits) order by t.tick, s.name)
        into names, tasks
        from jsonb_to_recordset(fires) as f (name text, ticks timestamptz[], waits boolean)
        join schedule s using (name)
        cross join lateral unnest(f.ticks) with ordinality as t (tick, n)
        where (t.n = step or (step = 1 and not f.waits))
          -- Both hold already, unless somebody has changed the row by hand.
          and t.tick > coalesce(s.last_tick, '-infinity')
          and not exists (select from task same where same.schedule = s.name and same.tick = t.tick);
        continue when names is null;

        with added as (
            select
                names[a.ordinal] as name, max(a.id) as id,
                count(*) filter (where not a.existing) as runs, count(*) filter (where a.existing) as skipped
            from add_tasks(tasks) a
            group by 1
        )
        update schedule s
        set last_task_id = a.id, runs = s.runs + a.runs, skipped = s.skipped + a.skipped
        from added a
        where s.name = a.name;
    end loop;

    return query
    with told as (
        select f.*, s.error is distinct from f.error as is_new
        from jsonb_to_recordset(fires) as f (
            name text, skipped bigint, last_tick timestamptz, next_run timestamptz, ended boolean, error text)
        join schedule s using (name)
    ),
    moved as (
        update schedule s
        set last_tick = case when t.error is null then greatest(s.last_tick, t.last_tick) else s.last_tick end,
            skipped = s.skipped + coalesce(t.skipped, 0),
            next_run = case when t.error is null then t.next_run else s.next_run end,
            ended_at = case when t.error is null and (t.ended or s.runs >= s.max_runs) then clock_timestamp() end,
            error = t.error,
            retry_at = case when t.error is not null then clock_timestamp() + interval '1 minute' end
        from told t
        where s.name = t.name
    )
    select t.name, t.error from told t where t.error is not null and t.is_new;
end
$$;

CREATE FUNCTION pgqueue.first_id(place jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ select coalesce((place ->> 1)::bigint, 0) $$;

CREATE FUNCTION pgqueue.first_rank(place jsonb) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$ select coalesce(~(place ->> 0)::integer, -2147483648) $$;

CREATE FUNCTION pgqueue.fold_finished(patience interval DEFAULT '00:00:05'::interval) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
declare
    moment  constant timestamptz := clock_timestamp();
    place   fold_place;
    folded  integer := 0;
begin
    if not pg_try_advisory_xact_lock(fold_lock_key()) then
        return 0;
    end if;

    select p.* into place from fold_place p;

    -- An idle queue writes nothing.
    if (place.seen is null or place.seen_at not between moment - patience and moment) and exists (select from unfolded) then
        if place.seen is not null then
            folded := fold_seen(place);
        end if;

        update fold d
        set folded = place.seen, seen = pg_current_snapshot(), seen_at = moment, transaction_id = pg_current_xact_id();
    end if;

    perform coarsen_throughput('second', 'minute', date_trunc('minute', moment - interval '2 hours', 'UTC'));
    perform coarsen_throughput('minute', 'hour', date_trunc('hour', moment - interval '3 days', 'UTC'));
    return folded;
end
$$;

CREATE FUNCTION pgqueue.fold_lock_key() RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select hashtextextended(current_schema() || '.fold', 0) $$;

CREATE TABLE pgqueue.fold (
    folded pg_snapshot,
    seen pg_snapshot,
    seen_at timestamp with time zone,
    transaction_id xid8,
    seconds_from timestamp with time zone,
    minutes_from timestamp with time zone
);

CREATE VIEW pgqueue.fold_place AS
 SELECT
        CASE
            WHEN (d.xmin = (d.transaction_id)::xid) THEN d.folded
            ELSE NULL::pg_snapshot
        END AS folded,
        CASE
            WHEN (d.xmin = (d.transaction_id)::xid) THEN d.seen
            ELSE NULL::pg_snapshot
        END AS seen,
    d.seen_at,
    d.seconds_from,
    d.minutes_from
   FROM pgqueue.fold d;

CREATE FUNCTION pgqueue.fold_seen(place pgqueue.fold_place) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    moved   integer;
begin
    with gone as (
        delete from finished f
        where ((f.transaction_id >= coalesce(pg_snapshot_xmax(place.folded), '0')
                    and f.transaction_id < pg_snapshot_xmax(place.seen))
                or f.transaction_id = any (array(select pg_snapshot_xip(place.folded))))
          and pg_visible_in_snapshot(f.transaction_id, place.seen)
        returning f.*
    ),
    placed as (
        select
            g.*,
            case
                when g.at < place.minutes_from then 'hour'
                when g.at < place.seconds_from then 'minute'
                else 'second'
            end as step
        from gone g
    ),
    kept as (
        insert into throughput (at, waited, ran, tasks, starts, runs, step, state, queue)
        select
            date_trunc(p.step, p.at, 'UTC'), sum(p.waited), sum(p.ran), sum(p.tasks), sum(p.starts), sum(p.runs),
            p.step::throughput_step, p.state, p.queue
        from placed p
        group by 1, p.step, p.state, p.queue
    )
    select count(*) into moved from gone;

    return moved;
end
$$;

CREATE FUNCTION pgqueue.foreign_runs(worker_id bigint, ids bigint[], runs integer[]) RETURNS bigint[]
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select coalesce(array_agg(h.id), '{}')
    from unnest(ids, runs) as h (id, run)
    left join task t
        on t.id = any (array[h.id]) and t.run = h.run and t.worker_id = foreign_runs.worker_id and t.state = 'running'
    where t.id is null
$$;

CREATE FUNCTION pgqueue.free_strays(worker_id bigint, known bigint[]) RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select free_tasks(worker_id, died => false, known => known) $$;

CREATE FUNCTION pgqueue.free_tasks(old_worker_id bigint, died boolean, known bigint[] DEFAULT '{}'::bigint[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    ended       integer;
    again       integer;
    queues      text[];
    worker_name text := (select w.name from worker w where w.id = old_worker_id);
begin
    perform from task t
    where t.worker_id = old_worker_id and t.state = 'running' and t.id <> all (known)
    order by t.id
    for update;

    select count(*) into ended
    from (
        select
            array_agg(t.id) as ids, array_agg(t.run) as runs,
            array_agg(case when t.replaced_by is null then 'failed' else 'canceled' end::task_state) as states,
            array_agg(case when t.replaced_by is null then 'lost' else 'canceled' end::task_end) as ends,
            array_agg(jsonb_build_object('message', case
                when t.replaced_by is not null then format('It was replaced by task %s.', t.replaced_by)
                else format(
                    'The worker died while it ran this task, for the %s. time; the last was %s.', t.lost + 1, worker_name)
            end)) as errors
        from task t
        where t.worker_id = old_worker_id
          and t.state = 'running'
          and t.id <> all (known)
          and ((died and t.lost >= t.max_lost) or t.cancel_requested_at is not null or t.replaced_by is not null)
    ) t
    cross join lateral end_tasks(old_worker_id, t.ids, t.runs, t.states, t.ends, null, null, null, t.errors, null)
    where t.ids is not null;

    with freed as (
        update task t
        set state = 'ready',
            worker_id = null,
            started_at = null,
            attempt = t.attempt - 1,
            lost = t.lost + died::int,
            past_runs = case
                when not died then t.past_runs
                else coalesce(t.past_runs, '[]') || run_record(
                    t.run, t.attempt, worker_name, t.started_at, 'lost', null, null, null, null)
            end
        where t.worker_id = old_worker_id and t.state = 'running' and t.id <> all (known)
        returning t.queue
    )
    select count(*), array_agg(distinct f.queue) into again, queues from freed f;

    if again > 0 then
        perform wake_workers(queues);
    end if;

    return ended + again;
end
$$;

CREATE FUNCTION pgqueue.give_turns(queues text[], group_keys text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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

CREATE FUNCTION pgqueue.has_work(queues text[], priorities int4range[] DEFAULT NULL::int4range[], tags text[] DEFAULT NULL::text[], names text[] DEFAULT NULL::text[]) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select exists (
        select from task t
        where t.state = 'running'
          and (queues is null or t.queue like any (queues))
          and is_wanted(t.priority, t.tags, t.name, has_work.priorities, has_work.tags, has_work.names)
    ) or exists (
        select from task t
        join queue q on q.name = t.queue and not q.paused
        where (t.state = 'ready' or (t.state = 'scheduled' and t.attempt > 0))
          and (queues is null or t.queue like any (queues))
          and is_wanted(t.priority, t.tags, t.name, has_work.priorities, has_work.tags, has_work.names)
    )
$$;

CREATE FUNCTION pgqueue.holds_office(worker_id bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    if exists (select from worker w where w.id = worker_id and w.maintains and w.lost_at is null) then
        return true;
    end if;

    return not exists (
        select from worker m
        where m.maintains and m.lost_at is null and m.id <> worker_id
          and m.seen_at > clock_timestamp() - interval '3 seconds'
    ) and pg_try_advisory_xact_lock(maintainer_lock_key());
end
$$;

CREATE FUNCTION pgqueue.is_wanted(priority integer, tags text[], name text, wanted_priorities int4range[], wanted_tags text[], wanted_names text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    select (wanted_priorities is null or priority <@ any (wanted_priorities))
       and (wanted_tags is null or tags && wanted_tags)
       and (wanted_names is null or name ilike any (wanted_names))
$$;

CREATE FUNCTION pgqueue.leave_lines(gone_ids bigint[], grouped_ids bigint[], waiting_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
begin
    insert into arrival (needs_id)
    select distinct d.needs_id from dependency d where d.needs_id = any (gone_ids);

    -- Who waits for them may have come after this transaction's snapshot: the maintainer looks again.
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        insert into arrival (transaction_id, needs_id) select '0', n from unnest(gone_ids) n;
    end if;

    if grouped_ids is not null then
        insert into arrival (queue, group_key)
        select g.queue, g.group_key from group_turn g where g.task_id = any (grouped_ids);
    end if;

    if waiting_ids is not null then
        perform pass_on_waits(waiting_ids);
        delete from dependency d where d.task_id = any (waiting_ids);
    end if;
end
$$;

CREATE FUNCTION pgqueue.listen_to(channel text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    execute format('listen %I', channel);
end
$$;

CREATE FUNCTION pgqueue.lock_due_schedules(max_schedules integer, only_name text DEFAULT NULL::text) RETURNS TABLE(now timestamp with time zone, name text, cron text, every_us bigint, time_zone text, overlap text, missed text, missed_limit integer, start_at timestamp with time zone, end_at timestamp with time zone, max_runs integer, runs bigint, created_at timestamp with time zone, counts_from timestamp with time zone, resumed_at timestamp with time zone, next_run timestamp with time zone, last_tick timestamp with time zone, unfinished boolean)
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select
        now(), s.name, s.cron, (extract(epoch from s.every) * 1000000)::bigint, s.time_zone, s.overlap::text,
        s.missed::text, s.missed_limit, s.start_at, s.end_at, s.max_runs, s.runs, s.created_at, s.counts_from,
        s.resumed_at, s.next_run, s.last_tick, exists (select from task t where t.schedule = s.name)
    from schedule s
    where s.active and s.ended_at is null and s.due_at <= now() and (only_name is null or s.name = only_name)
    order by s.due_at
    limit max_schedules
    for update of s skip locked
$$;

CREATE FUNCTION pgqueue.maintainer_lock_key() RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ select hashtextextended('pgqueue.maintainer', 0) $$;

CREATE FUNCTION pgqueue.measure_queues(since timestamp with time zone) RETURNS TABLE(queue text, paused boolean, scheduled bigint, blocked bigint, ready bigint, running bigint, oldest_ready timestamp with time zone, completed bigint, failed bigint, canceled bigint, average_wait interval, average_run interval)
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    -- By state first: to filter each row for each count costs half as much again.
    with unfinished as (
        select t.queue, t.state, count(*) as tasks, min(greatest(t.run_at, t.created_at)) as oldest
        from task t
        group by t.queue, t.state
    ),
    waiting as (
        select
            u.queue,
            sum(u.tasks) filter (where u.state = 'scheduled')::bigint as scheduled,
            sum(u.tasks) filter (where u.state = 'blocked')::bigint as blocked,
            sum(u.tasks) filter (where u.state = 'ready')::bigint as ready,
            sum(u.tasks) filter (where u.state = 'running')::bigint as running,
            min(u.oldest) filter (where u.state = 'ready') as oldest_ready
        from unfinished u
        group by u.queue
    )
    select
        q.name, q.paused, coalesce(w.scheduled, 0), coalesce(w.blocked, 0), coalesce(w.ready, 0), coalesce(w.running, 0),
        w.oldest_ready, coalesce(d.completed, 0), coalesce(d.failed, 0), coalesce(d.canceled, 0), d.average_wait,
        d.average_run
    from queue q
    left join waiting w on w.queue = q.name
    left join throughput_since(since) d on d.queue = q.name
    order by q.name
$$;

CREATE FUNCTION pgqueue.next_due() RETURNS double precision
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
begin
    return extract(epoch from least(
        (select min(t.run_at) from task t where t.state = 'scheduled'),
        (select min(t.expires_at) from task t
         where t.expires_at is not null and t.state in ('scheduled', 'blocked', 'ready'))
    ) - clock_timestamp())::double precision;
end
$$;

CREATE FUNCTION pgqueue.next_schedule() RETURNS double precision
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    return (
        select extract(epoch from greatest(s.due_at, timestamptz '2000-01-01 00:00:00+00') - clock_timestamp())::double precision
        from schedule s
        where s.active and s.ended_at is null
        order by s.due_at
        limit 1
    );
end
$$;

CREATE FUNCTION pgqueue.next_token(queues text[]) RETURNS double precision
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
begin
    return (
        select min(greatest(0, (1 - bucket(q)) * extract(epoch from q.rate_period)::double precision / q.rate_count))
        from queue q
        where q.rate_count is not null
          and not q.paused
          and (queues is null or q.name like any (queues))
          and exists (select from task t where t.queue = q.name and t.state = 'ready')
          and bucket(q) < 1
    );
end
$$;

CREATE FUNCTION pgqueue.partition_end(partition_name text) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $_$
    select case
        when partition_name ~ '_[0-9]{4}w[0-9]{2}$'
            then (to_date(right(partition_name, 7), 'IYYY"w"IW') + 7)::timestamp at time zone 'UTC'
    end
$_$;

CREATE FUNCTION pgqueue.pass_on_waits(gone_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
begin
    perform from task t
    where t.id in (select d.task_id from dependency d where d.needs_id = any (gone_ids)) and t.schedule is not null
    order by t.id
    for update;
    if not found then
        return;
    end if;

    with recursive heir (task_id, needs_id) as (
        select t.id, d.needs_id
        from dependency d
        join task t on t.id = any (array[d.task_id]) and t.schedule is not null
        where d.needs_id = any (gone_ids) and d.any_end
        union
        select h.task_id, d.needs_id
        from heir h
        join dependency d on d.task_id = h.needs_id
        where h.needs_id = any (gone_ids)
    ),
    passed as (
        insert into dependency (task_id, needs_id, any_end)
        select h.task_id, h.needs_id, true from heir h where h.needs_id <> all (gone_ids)
        on conflict do nothing
        returning task_id, needs_id
    ),
    arrived as (
        insert into arrival (needs_id) select distinct p.needs_id from passed p
    )
    update task t
    set waits_for = t.waits_for + p.more
    from (select p.task_id, count(*) as more from passed p group by p.task_id) p
    where t.id = any (array[p.task_id]);
end
$$;

CREATE FUNCTION pgqueue.place_tasks(ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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

CREATE FUNCTION pgqueue.places_of(limited pgqueue.queue, OUT places integer, OUT tokens double precision) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    if limited.max_concurrency is not null then
        -- All that run, also what was claimed while the limit was being set and is not marked as limited.
        places := limited.max_concurrency - (
            select count(*) from task t where t.queue = limited.name and t.state = 'running');
    end if;

    if limited.rate_count is not null then
        tokens := bucket(limited);
        places := least(places, floor(tokens + 1e-6)::integer);
    end if;

    places := greatest(places, 0);
end
$$;

CREATE FUNCTION pgqueue.prepare_bulk(shared jsonb, amount integer) RETURNS TABLE(ids bigint[], queue text, script_hash bytea, timeout interval, max_attempts integer, retry jsonb, dead_letter_queue text)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
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

CREATE FUNCTION pgqueue.promote_due(max_tasks integer DEFAULT 5000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
declare
    -- A time of its own: clock_timestamp() in the condition would be asked for every task that is scheduled.
    moment  constant timestamptz := clock_timestamp();
    due     bigint[];
begin
    -- What callers left who could not see it: here it is seen.
    with unsettled as (
        delete from arrival a where a.transaction_id = '0' returning a.needs_id
    )
    insert into arrival (needs_id)
    select distinct u.needs_id
    from unsettled u
    where exists (select from dependency d where d.needs_id = u.needs_id);

    select array_agg(t.id) into due
    from (
        select t.id
        from task t
        where t.state = 'scheduled' and t.run_at <= moment
        order by t.run_at
        limit max_tasks
        for update skip locked
    ) t;

    if due is not null then
        perform place_tasks(due);
    end if;

    return coalesce(cardinality(due), 0);
end
$$;

CREATE FUNCTION pgqueue.recover_workers(patience interval DEFAULT '00:00:00.5'::interval, lease interval DEFAULT '00:00:15'::interval, thorough boolean DEFAULT true) RETURNS TABLE(worker_id bigint, worker text, tasks integer)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    dead    record;
    freed   record;
begin
    -- One at a time: another would take the locks that this one tries for signs of life.
    if not pg_try_advisory_xact_lock(recovery_lock_key()) then
        return;
    end if;

    for dead in
        select
            w.id, w.name, w.suspect_at, w.seen_at,
            greatest(w.lease_until, pg_postmaster_start_time() + worker_lease()) as given_up_at,
            w.lease_until is not null as leased,
            -- A restart of the server freed every lock: who held one before it is on the way back.
            case
                when w.joined_at < pg_postmaster_start_time() then greatest(patience, interval '10 seconds')
                else patience
            end as patience
        from worker w
        where w.lost_at is null
        order by w.id
    loop
        if dead.leased then
            continue when dead.given_up_at > clock_timestamp();
            update worker w
            set lost_at = clock_timestamp(), asleep = false, maintains = false
            where w.id = dead.id and w.lost_at is null and w.lease_until <= clock_timestamp();
            continue when not found; -- It has renewed it just now.
            worker_id := dead.id;
            worker := dead.name;
            tasks := free_tasks(dead.id, died => true);
            return next;
        elsif not pg_try_advisory_xact_lock(worker_lock_key(dead.id)) then
            update worker w set suspect_at = null where w.id = dead.id and w.suspect_at is not null;
            if dead.seen_at < clock_timestamp() - lease then
                perform end_worker_session(dead.id);
            end if;
        else
            worker_id := dead.id;
            worker := dead.name;
            tasks := null;
            if dead.suspect_at is null then
                update worker w set suspect_at = clock_timestamp() where w.id = dead.id;
            elsif dead.suspect_at <= clock_timestamp() - dead.patience then
                update worker w set lost_at = clock_timestamp(), asleep = false where w.id = dead.id;
                tasks := free_tasks(dead.id, died => true);
            end if;
            return next;
        end if;
    end loop;

    if not (thorough or exists (select from worker w where w.lost_at > clock_timestamp() - interval '1 minute')) then
        return;
    end if;

    -- A worker that does not know yet that it was given up may have claimed once more.
    for dead in
        select distinct t.worker_id as id
        from task t
        where t.state = 'running'
          and not exists (select from worker w where w.id = t.worker_id and w.lost_at is null)
    loop
        worker_id := dead.id;
        worker := coalesce((select w.name from worker w where w.id = dead.id), dead.id::text);
        tasks := free_tasks(dead.id, died => true);
        return next;
    end loop;
end
$$;

CREATE FUNCTION pgqueue.recovery_lock_key() RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ select hashtextextended('pgqueue.recovery', 0) $$;

CREATE FUNCTION pgqueue.refuse_cycle(old_id bigint, new_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    culprit bigint;
begin
    with recursive behind (task_id) as (
        select d.needs_id from dependency d where d.task_id = new_id
        union
        select d.needs_id from behind b join dependency d on d.task_id = b.task_id
    )
    select b.task_id into culprit from behind b where b.task_id = old_id;

    if found then
        raise exception 'task % would wait for a task that waits for it', old_id using errcode = 'PQ003';
    end if;
end
$$;

CREATE FUNCTION pgqueue.register_schedule(name text, task jsonb, cron text DEFAULT NULL::text, every interval DEFAULT NULL::interval, time_zone text DEFAULT 'UTC'::text, overlap pgqueue.overlap_policy DEFAULT 'skip'::pgqueue.overlap_policy, missed pgqueue.missed_policy DEFAULT 'once'::pgqueue.missed_policy, missed_limit integer DEFAULT 100, jitter interval DEFAULT NULL::interval, start_at timestamp with time zone DEFAULT NULL::timestamp with time zone, end_at timestamp with time zone DEFAULT NULL::timestamp with time zone, max_runs integer DEFAULT NULL::integer, active boolean DEFAULT NULL::boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    if (cron is null) = (every is null) then
        raise exception 'the schedule "%" needs cron or every, one of them', name
            using errcode = 'invalid_parameter_value';
    elsif every < interval '1 second' then
        raise exception 'every % is too short', every
            using errcode = 'invalid_parameter_value', hint = 'The shortest is one second.';
    elsif end_at <= start_at then
        raise exception 'end_at % must be later than start_at %', end_at, start_at
            using errcode = 'invalid_parameter_value';
    end if;

    perform check_scheduled_task(task);

    insert into schedule as s (
        name, task, cron, every, time_zone, overlap, missed, missed_limit, jitter, start_at, end_at, max_runs, active,
        counts_from)
    values (
        -- In seconds: a month has no length of its own.
        name, task, cron, make_interval(secs => extract(epoch from every)::double precision), time_zone, overlap,
        missed, missed_limit, make_interval(secs => extract(epoch from jitter)::double precision), start_at, end_at,
        max_runs, coalesce(active, true), case when active is distinct from false then now() end)
    on conflict (name) do update set
        task = excluded.task,
        cron = excluded.cron,
        every = excluded.every,
        time_zone = excluded.time_zone,
        overlap = excluded.overlap,
        missed = excluded.missed,
        missed_limit = excluded.missed_limit,
        jitter = excluded.jitter,
        start_at = excluded.start_at,
        end_at = excluded.end_at,
        max_runs = excluded.max_runs,
        active = coalesce(register_schedule.active, s.active),
        resumed_at = case when register_schedule.active and not s.active then now() else s.resumed_at end,
        next_run = case
            when (s.cron, s.every, s.time_zone, s.start_at, s.end_at, s.max_runs)
                is not distinct from
                (excluded.cron, excluded.every, excluded.time_zone, excluded.start_at, excluded.end_at, excluded.max_runs)
            then s.next_run
        end,
        -- Another rhythm has missed nothing yet; nor has one that had ended and goes on.
        counts_from = case
            when (s.cron, s.every, s.time_zone, s.start_at)
                is distinct from (excluded.cron, excluded.every, excluded.time_zone, excluded.start_at)
                or (s.ended_at is not null and (s.end_at, s.max_runs) is distinct from (excluded.end_at, excluded.max_runs))
                or (s.counts_from is null and register_schedule.active)
            then now()
            else s.counts_from
        end,
        ended_at = case
            when (s.cron, s.every, s.time_zone, s.start_at, s.end_at, s.max_runs)
                is not distinct from
                (excluded.cron, excluded.every, excluded.time_zone, excluded.start_at, excluded.end_at, excluded.max_runs)
            then s.ended_at
        end,
        error = null,
        retry_at = null,
        updated_at = now();
end
$$;

CREATE FUNCTION pgqueue.register_worker(name text, host text, process_id integer, version text, queues text[], concurrency integer, filter jsonb DEFAULT NULL::jsonb, leased boolean DEFAULT false) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    new_id  bigint;
begin
    new_id := nextval(pg_get_serial_sequence('worker', 'id'));
    if not leased then
        -- Locked before the row can be seen, so that no maintainer takes it for dead.
        perform pg_advisory_lock(worker_lock_key(new_id));
    end if;

    insert into worker (id, name, host, process_id, version, queues, concurrency, filter, backend_pid, lease_until)
    overriding system value
    values (
        new_id, name, host, process_id, version, queues, concurrency, filter,
        case when not leased then pg_backend_pid() end, case when leased then clock_timestamp() + worker_lease() end);

    -- Nobody may have been here for weeks: what ends from now on belongs into its own.
    begin
        perform ensure_partitions();
    exception when insufficient_privilege then
        null; -- Another role's tables: its own workers see to them.
    end;

    return new_id;
end
$$;

CREATE FUNCTION pgqueue.rejoin_worker(worker_id bigint, leased boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    perform from worker w where w.id = worker_id and w.lost_at is null for update;
    if not found then
        return false;
    end if;

    if leased then
        update worker w
        set lease_until = clock_timestamp() + worker_lease(), backend_pid = null, maintains = false, seen_at = clock_timestamp()
        where w.id = worker_id;
        return true;
    end if;

    if not pg_try_advisory_lock(worker_lock_key(worker_id)) then
        perform end_worker_session(worker_id);
        perform pg_advisory_lock(worker_lock_key(worker_id));
    end if;

    update worker w
    set backend_pid = pg_backend_pid(), lease_until = null, maintains = false, suspect_at = null, joined_at = clock_timestamp(), seen_at = clock_timestamp()
    where w.id = worker_id;
    return true;
end
$$;

CREATE FUNCTION pgqueue.release_dependents(ended bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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

CREATE FUNCTION pgqueue.remove_tasks(ids bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    removed bigint[];
    grouped bigint[];
    waiting bigint[];
begin
    -- As an upsert does: first the client's ids, then the tasks.
    perform from client_key k where k.task_id = any (ids) order by k.client_id for update;
    perform from task t where t.id = any (ids) order by t.id for update;
    perform from history h where h.id = any (ids) order by h.id for update;

    with waiting as (
        delete from task t where t.id = any (ids) and t.state <> 'running' returning t.id, t.group_key, t.waits_for
    ),
    finished as (
        delete from history h where h.id = any (ids) returning h.id
    )
    select
        (select array_agg(r.id) from (select id from waiting union all select id from finished) r),
        (select array_agg(w.id) from waiting w where w.group_key is not null),
        (select array_agg(w.id) from waiting w where w.waits_for > 0)
    into removed, grouped, waiting;

    perform leave_lines(removed, grouped, waiting);
    delete from client_key k where k.task_id = any (removed);
    delete from task_output o where o.task_id = any (removed);

    return query select unnest(removed);
end
$$;

CREATE FUNCTION pgqueue.restart_task(id bigint) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select exists (select from restart_tasks(array[id])) $$;

CREATE FUNCTION pgqueue.restart_tasks(ids bigint[]) RETURNS TABLE(id bigint, task_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    -- Of the letters that wait: themselves, and the failed tasks that they stand for.
    letters     bigint[];
    sources     bigint[];
    -- The failed tasks that are back, with their letters, of which these were still there.
    failed      bigint[];
    replaced    bigint[];
    dropped     bigint[];
    restarted   bigint[];
begin
    perform from task t
    where t.id = any (ids || array(select h.dead_letter_id from history h where h.id = any (ids)))
      and t.dead_letter_of is not null
      and t.state <> 'running'
    order by t.id
    for update;

    select array_agg(t.id), array_agg(t.dead_letter_of)
    into letters, sources
    from task t
    join history h on h.id = t.dead_letter_of and h.dead_letter_id = t.id
    where t.id = any (ids) and t.state <> 'running';

    with old as (
        select h.* from history h where h.id = any (ids || coalesce(sources, '{}')) order by h.id for update
    ),
    again as (
        insert into task (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit, process_limit,
            max_attempts, max_lost, retry, client_id, dedupe_key, group_key, group_order, needs, dead_letter_queue,
            dead_letter_of, dead_letter_from, schedule, tick, created_at, run, past_runs)
        select
            o.id, o.queue, o.priority, 'blocked', o.kind, o.name, o.tags, o.script_hash, o.spec, o.timeout,
            o.memory_limit, o.process_limit, o.max_attempts, o.max_lost, o.retry, o.client_id, o.dedupe_key,
            o.group_key, o.group_order, o.needs, o.dead_letter_queue, o.dead_letter_of, o.dead_letter_from, o.schedule,
            o.tick, o.created_at, o.run,
            coalesce(o.past_runs, '[]') || case
                -- A task that was canceled while it waited has no run of its own to keep.
                when o.started_at is null then '[]'::jsonb
                else run_record(o.run, o.attempt, o.worker, o.started_at, o.ended, o.exit_code, o.signal,
                                o.peak_memory, o.error, o.finished_at)
            end
        from old o
        on conflict do nothing
        returning id, queue
    ),
    gone as (
        delete from history h using again a where h.id = a.id returning h.id, h.dead_letter_id
    ),
    -- Its letter must not run beside it.
    dropped as (
        delete from task t using gone g where t.id = any (array[g.dead_letter_id]) and t.state <> 'running' returning t.id
    ),
    new_queues as (
        insert into queue (name) select distinct a.queue from again a on conflict do nothing
    )
    select
        (select array_agg(g.id) from gone g), (select array_agg(g.dead_letter_id) from gone g),
        (select array_agg(d.id) from dropped d)
    into failed, replaced, dropped;

    perform leave_lines(dropped, null, null);

    -- A letter whose failed task is gone or runs already goes back in its place.
    with back as (
        update task t
        set queue = t.dead_letter_from, dead_letter_of = null, dead_letter_from = null, state = 'blocked', attempt = 0,
            lost = 0, run_at = clock_timestamp(), error = null
        where t.id = any (ids)
          and t.dead_letter_of is not null
          and t.state <> 'running'
          and not exists (select from unnest(failed) f where f = t.id)
          -- Its failed task is still there: that was refused.
          and not exists (select from history h where h.id = t.dead_letter_of and h.dead_letter_id = t.id)
        returning t.id, t.queue
    ),
    new_queues as (
        insert into queue (name) select distinct b.queue from back b on conflict do nothing
    )
    select failed || array_agg(b.id) into restarted from back b;

    perform place_tasks(restarted);

    -- By set operations: a join would compare each with each.
    return query
    select own.id, own.id
    from (select unnest(restarted) as id intersect select unnest(ids)) own
    union all
    select * from unnest(letters, sources)
    intersect
    select * from unnest(replaced, failed);
end
$$;

CREATE FUNCTION pgqueue.resume_queue(name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select not set_queue(q.name, '{"paused": false}') from queue q where q.name = resume_queue.name $$;

CREATE FUNCTION pgqueue.resume_schedule(name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select exists (select from resume_schedules(array[name])) $$;

CREATE FUNCTION pgqueue.resume_schedules(names text[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    update schedule s
    set active = true, resumed_at = clock_timestamp(), counts_from = coalesce(s.counts_from, clock_timestamp()),
        retry_at = null
    where s.name = any (names) and not s.active;
    return query select s.name from schedule s where s.name = any (names);
end
$$;

CREATE FUNCTION pgqueue.run_record(run integer, attempt integer, worker text, started_at timestamp with time zone, ended pgqueue.task_end, exit_code integer, signal integer, peak_memory bigint, error jsonb, finished_at timestamp with time zone DEFAULT clock_timestamp()) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select jsonb_strip_nulls(jsonb_build_object(
        'run', run, 'attempt', attempt, 'worker', worker, 'started_at', started_at, 'finished_at', finished_at,
        'ended', ended, 'exit_code', exit_code, 'signal', signal, 'peak_memory', peak_memory, 'error', error))
$$;

CREATE TABLE pgqueue.schedule (
    name text NOT NULL,
    cron text,
    every interval,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    task jsonb NOT NULL,
    overlap pgqueue.overlap_policy DEFAULT 'skip'::pgqueue.overlap_policy NOT NULL,
    missed pgqueue.missed_policy DEFAULT 'once'::pgqueue.missed_policy NOT NULL,
    missed_limit integer DEFAULT 100 NOT NULL,
    jitter interval,
    start_at timestamp with time zone,
    end_at timestamp with time zone,
    max_runs integer,
    active boolean DEFAULT true NOT NULL,
    runs bigint DEFAULT 0 NOT NULL,
    next_run timestamp with time zone,
    last_tick timestamp with time zone,
    last_task_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    counts_from timestamp with time zone DEFAULT now(),
    resumed_at timestamp with time zone,
    ended_at timestamp with time zone,
    skipped bigint DEFAULT 0 NOT NULL,
    error text,
    retry_at timestamp with time zone,
    due_at timestamp with time zone GENERATED ALWAYS AS (GREATEST(COALESCE(next_run, '-infinity'::timestamp with time zone), COALESCE(retry_at, '-infinity'::timestamp with time zone))) STORED NOT NULL,
    CONSTRAINT schedule_check CHECK ((end_at > start_at)),
    CONSTRAINT schedule_check1 CHECK (((cron IS NULL) <> (every IS NULL))),
    CONSTRAINT schedule_check2 CHECK (((LEAST(start_at, end_at, next_run, last_tick, counts_from, resumed_at, created_at) > '0001-01-02 00:00:00+00'::timestamp with time zone) AND (GREATEST(start_at, end_at, next_run, last_tick, counts_from, resumed_at, created_at) < '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT schedule_every_check CHECK ((every >= '00:00:01'::interval)),
    CONSTRAINT schedule_every_check1 CHECK ((every <= '87600:00:00'::interval)),
    CONSTRAINT schedule_jitter_check CHECK ((jitter >= '00:00:00'::interval)),
    CONSTRAINT schedule_jitter_check1 CHECK ((jitter <= '87600:00:00'::interval)),
    CONSTRAINT schedule_max_runs_check CHECK ((max_runs >= 1)),
    CONSTRAINT schedule_missed_limit_check CHECK ((missed_limit >= 1)),
    CONSTRAINT schedule_missed_limit_check1 CHECK ((missed_limit <= 10000)),
    CONSTRAINT schedule_name_check CHECK ((name <> ''::text)),
    CONSTRAINT schedule_name_check1 CHECK ((length(name) <= 200))
);

CREATE FUNCTION pgqueue.scheduled_task(s pgqueue.schedule, tick timestamp with time zone, waits boolean) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    select jsonb_build_object('name', s.name) || s.task || jsonb_strip_nulls(jsonb_build_object(
        'schedule', s.name,
        'tick', tick,
        'run_at', case when s.jitter > interval '0' and tick is not null then now() + random() * s.jitter end,
        'after_any', (
            select to_jsonb(array[max(t.id)]) from task t where waits and t.schedule = s.name having max(t.id) is not null)))
$$;

CREATE FUNCTION pgqueue.script_hash(text text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT
    AS $$ select sha256(convert_to(text, 'UTF8')) $$;

CREATE FUNCTION pgqueue.set_queue(name text, settings jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    known   constant text[] := array[
        'paused', 'max_concurrency', 'rate_count', 'rate_period', 'rate_burst', 'default_timeout', 'default_attempts',
        'default_retry', 'dead_letter_queue', 'retention', 'retention_count', 'keep_all'];
    made    boolean;
    wanted  queue;
begin
    if settings - known <> '{}' then
        raise exception 'a queue has no setting "%"', (select min(k) from jsonb_object_keys(settings - known) k)
            using errcode = 'invalid_parameter_value', hint = 'Settings are ' || array_to_string(known, ', ');
    end if;

    insert into queue (name) values (set_queue.name) on conflict do nothing;
    made := found;
    select q.* into wanted from queue q where q.name = set_queue.name for update;
    wanted := jsonb_populate_record(wanted, settings);
    if wanted.rate_count is null then
        wanted.rate_burst := null;
    end if;

    update queue q
    set paused = coalesce(wanted.paused, false),
        max_concurrency = wanted.max_concurrency,
        rate_count = wanted.rate_count,
        rate_period = wanted.rate_period,
        rate_burst = wanted.rate_burst,
        -- A new rate starts with a new bucket.
        rate_tokens = case when settings ?| array['rate_count', 'rate_period', 'rate_burst'] then null else q.rate_tokens end,
        rate_tokens_at = case when settings ?| array['rate_count', 'rate_period', 'rate_burst'] then null else q.rate_tokens_at end,
        default_timeout = make_interval(secs => extract(epoch from wanted.default_timeout)::double precision),
        default_attempts = wanted.default_attempts,
        default_retry = nullif(wanted.default_retry, 'null'),
        dead_letter_queue = wanted.dead_letter_queue,
        retention = wanted.retention,
        retention_count = wanted.retention_count,
        keep_all = coalesce(wanted.keep_all, false)
    where q.name = set_queue.name;

    -- What runs already counts for a new limit.
    if settings ?| array['max_concurrency', 'rate_count'] then
        update task t
        set limited = true
        where t.queue = set_queue.name
          and t.state = 'running'
          and not t.limited
          and exists (select from queue q where q.name = set_queue.name and q.limited);
    end if;

    perform wake_workers(array[name]);
    return made;
end
$$;

CREATE FUNCTION pgqueue.set_retention(retention interval, retention_count bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
    update queue_defaults
    set retention = set_retention.retention, retention_count = set_retention.retention_count
$$;

CREATE FUNCTION pgqueue.set_task(client_id text, task jsonb, shared jsonb, OUT id bigint, OUT outcome text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    old         record;
    new_id      bigint;
    after_any   jsonb := coalesce(task -> 'after_any', shared -> 'after_any', '[]');
begin
    select k.task_id into id from client_key k where k.client_id = set_task.client_id for update;
    if not found then
        begin
            select a.id into new_id
            from add_tasks(jsonb_build_array(task || jsonb_build_object('client_id', client_id)), shared) a;
            id := new_id;
            outcome := 'added';
        exception when sqlstate 'PQ001' then
            null; -- Another writer has added it meanwhile.
        end;
        return;
    end if;

    -- Whoever ends a task locks it first and then those that wait for it: so does this.
    perform from task t
    where t.id in (select d.needs_id from dependency d where d.task_id = set_task.id)
    order by t.id
    for key share;
    select t.* into old from task t where t.id = set_task.id for update;
    if not found then
        -- It has finished: it comes back first, then it is one that waits.
        update history h set dedupe_key = null where h.id = set_task.id;
        if not exists (select from restart_tasks(array[id])) and not exists (select from task t where t.id = set_task.id) then
            delete from client_key k where k.client_id = set_task.client_id;
        end if;
        return;
    end if;

    if old.state = 'running' then
        select a.id into new_id
        from add_tasks(jsonb_build_array(task || jsonb_build_object('after_any', after_any || to_jsonb(id))), shared) a;
        update task t set client_id = null, replaced_by = new_id where t.id = set_task.id;
        update client_key k set task_id = new_id where k.client_id = set_task.client_id;
        update task t set client_id = set_task.client_id where t.id = new_id;
        id := new_id;
        outcome := 'queued';
        return;
    end if;

    -- A run that this one was to follow is to be followed still, also where it was canceled in between.
    after_any := after_any || coalesce((
        select jsonb_agg(r.id) from task r where r.replaced_by = set_task.id and r.state = 'running'), '[]');
    update task t set client_id = null, dedupe_key = null where t.id = set_task.id;
    select a.id into new_id
    from add_tasks(jsonb_build_array(task || jsonb_build_object('after_any', after_any)), shared) a;
    perform refuse_cycle(id, new_id);

    perform leave_lines('{}', array[id], array[id]);
    delete from group_turn g where g.task_id = set_task.id;
    delete from task t where t.id = set_task.id;
    update task t
    set id = old.id, client_id = set_task.client_id, run = old.run, past_runs = old.past_runs, watched = old.watched
    where t.id = new_id;
    update dependency d set task_id = old.id where d.task_id = new_id;
    outcome := 'replaced';
end
$$;

CREATE FUNCTION pgqueue.set_tasks(tasks jsonb, shared jsonb DEFAULT '{}'::jsonb) RETURNS TABLE(ordinal bigint, id bigint, outcome text)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    item    record;
begin
    if tasks @? '$[*].dedupe_key' or shared ? 'dedupe_key' then
        raise exception 'dedupe_key can''t be given together with an upsert by client_id'
            using errcode = 'invalid_parameter_value';
    end if;

    -- Two upserts at once could each close the other's half of a circle. Before any other lock: whoever waits here holds
    -- nothing that the one ahead may need. (What is only queued behind a run can close none: that run waits for nothing.)
    if tasks @? '$[*] ? (exists (@.after) || exists (@.after_any))' or shared ?| array['after', 'after_any'] then
        perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.cycles', 0));
    end if;

    -- In one order, so that two writers of the same ids don't lock each other out.
    for item in
        select e.ord, e.task, coalesce(e.task ->> 'client_id', shared ->> 'client_id') as client_id
        from jsonb_array_elements(tasks) with ordinality as e (task, ord)
        order by 3, 1
    loop
        if item.client_id is null then
            raise exception 'task %: an upsert needs a client_id', item.ord using errcode = 'invalid_parameter_value';
        end if;

        ordinal := item.ord;
        loop
            select s.id, s.outcome into id, outcome
            from set_task(item.client_id, item.task - 'client_id', shared - 'client_id') s;
            exit when outcome is not null; -- Else another writer was quicker: look again.
        end loop;
        return next;
    end loop;
end
$_$;

CREATE FUNCTION pgqueue.settle_arrivals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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

CREATE FUNCTION pgqueue.settle_awaited(awaited bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
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

CREATE FUNCTION pgqueue.start_schedule(name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    added   bigint;
begin
    select s.id into added from start_schedules(array[name]) s;
    if not found then
        raise exception 'there is no schedule "%"', name using errcode = 'PQ004';
    end if;

    return added;
end
$$;

CREATE FUNCTION pgqueue.start_schedules(names text[]) RETURNS TABLE(name text, id bigint, existing boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    s   schedule;
begin
    for s in select * from schedule where name = any (names) order by name for update loop
        name := s.name;
        select a.id, a.existing into id, existing
        from add_tasks(jsonb_build_array(scheduled_task(s, null, s.overlap <> 'allow'))) a;
        update schedule u set last_task_id = start_schedules.id where u.name = s.name;
        return next;
    end loop;
end
$$;

CREATE FUNCTION pgqueue.stop_workers(ids bigint[], how text) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    return query
    update worker w set stop_requested = how where w.id = any (ids) and w.lost_at is null returning w.id;
    perform pg_notify(wake_channel(), '!stop');
end
$$;

CREATE FUNCTION pgqueue.suspend_queue(name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select not set_queue(q.name, '{"paused": true}') from queue q where q.name = suspend_queue.name $$;

CREATE FUNCTION pgqueue.suspend_schedule(name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select exists (select from suspend_schedules(array[name])) $$;

CREATE FUNCTION pgqueue.suspend_schedules(names text[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    update schedule s set active = false where s.name = any (names) and s.active;
    return query select s.name from schedule s where s.name = any (names);
end
$$;

CREATE FUNCTION pgqueue.throughput_since(since timestamp with time zone) RETURNS TABLE(queue text, completed bigint, failed bigint, canceled bigint, average_wait interval, average_run interval)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
    with part as (
        select u.queue, u.state, u.tasks::bigint, u.starts::bigint, u.waited, u.runs::bigint, u.ran
        from unfolded u
        where u.at >= since
        union all
        select t.queue, t.state, t.tasks, t.starts, t.waited, t.runs, t.ran
        from throughput t
        where t.step = 'second'
          and t.at >= greatest(date_trunc('second', since, 'UTC'), (select d.seconds_from from fold d))
        union all
        select t.queue, t.state, t.tasks, t.starts, t.waited, t.runs, t.ran
        from throughput t
        where t.step = 'minute'
          and t.at >= greatest(date_trunc('minute', since, 'UTC'), (select d.minutes_from from fold d))
        union all
        select t.queue, t.state, t.tasks, t.starts, t.waited, t.runs, t.ran
        from throughput t
        where t.step = 'hour' and t.at >= date_trunc('hour', since, 'UTC')
    )
    select
        p.queue,
        coalesce(sum(p.tasks) filter (where p.state = 'completed'), 0)::bigint,
        coalesce(sum(p.tasks) filter (where p.state = 'failed'), 0)::bigint,
        coalesce(sum(p.tasks) filter (where p.state = 'canceled'), 0)::bigint,
        sum(p.waited) / nullif(sum(p.starts), 0)::double precision,
        sum(p.ran) / nullif(sum(p.runs), 0)::double precision
    from part p
    group by p.queue
$$;

CREATE FUNCTION pgqueue.unregister_schedule(name text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$ select exists (select from unregister_schedules(array[name])) $$;

CREATE FUNCTION pgqueue.unregister_schedules(names text[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    return query delete from schedule s where s.name = any (names) returning s.name;
end
$$;

CREATE FUNCTION pgqueue.unregister_worker(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    leased  boolean;
begin
    perform free_tasks(worker_id, died => false);
    delete from worker w where w.id = unregister_worker.worker_id returning w.lease_until is not null into leased;
    if leased is not true then
        perform pg_advisory_unlock(worker_lock_key(unregister_worker.worker_id));
    end if;
end
$$;

CREATE FUNCTION pgqueue.wake_channel() RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$ select 'pgqueue.wake.bc12aec86257637e10c1da7ec4ddd24f' $$;

CREATE FUNCTION pgqueue.wake_workers(queues text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
begin
    if exists (select from worker w where w.asleep and w.lost_at is null) then
        perform pg_notify(wake_channel(), q.name) from (select distinct unnest(queues) as name) q;
    end if;
end
$$;

CREATE FUNCTION pgqueue.watch_tasks(ids bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
declare
    passed_over text[];
begin
    perform from task t where t.id = any (ids) and not t.watched order by t.id for update;

    with marked as (
        update task t set watched = true where t.id = any (ids) and not t.watched returning t.queue, t.state
    )
    select array_agg(distinct m.queue) into passed_over from marked m where m.state = 'ready';

    -- A worker that was woken when they were added, a moment ago, may have found them locked by this.
    if passed_over is not null then
        perform wake_workers(passed_over);
    end if;

    return query select t.id from task t where t.id = any (ids);
end
$$;

CREATE FUNCTION pgqueue.worker_lease() RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$ select interval '15 seconds' $$;

CREATE FUNCTION pgqueue.worker_lock_key(worker_id bigint) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$ select hashtextextended('pgqueue.worker.' || worker_id, 0) $$;

CREATE FUNCTION pgqueue.worker_tick(worker_id bigint, is_maintainer boolean, known_version integer DEFAULT NULL::integer) RETURNS TABLE(alive boolean, stop_requested text, canceled bigint[], maintainer boolean, stands_in boolean, schema_version integer, needed_version integer)
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    AS $$
declare
    leased  constant boolean := exists (
        select from worker w where w.id = worker_tick.worker_id and w.lease_until is not null);
    needed  constant integer := (select coalesce(max(m.version), 0) from migration m where m.breaking);
    holds   boolean;
begin
    if leased then
        update worker w
        set lease_until = clock_timestamp() + worker_lease(), seen_at = clock_timestamp()
        where w.id = worker_tick.worker_id
          and w.lost_at is null
          and w.lease_until < clock_timestamp() + worker_lease() - interval '3 seconds';
    end if;

    if known_version < needed then
        holds := false;
        if is_maintainer then
            update worker w set maintains = false where w.id = worker_tick.worker_id and w.maintains;
            if not leased then
                perform pg_advisory_unlock(maintainer_lock_key());
            end if;
        end if;
    elsif leased then
        holds := holds_office(worker_tick.worker_id);
    else
        holds := is_maintainer or pg_try_advisory_lock(maintainer_lock_key());
    end if;

    if holds then
        update worker w
        set maintains = w.id = worker_tick.worker_id,
            seen_at = case when w.id = worker_tick.worker_id then clock_timestamp() else w.seen_at end
        where (w.id = worker_tick.worker_id and (not w.maintains or w.seen_at < clock_timestamp() - interval '1 second'))
           or (w.id <> worker_tick.worker_id and w.maintains);
    end if;

    return query
    select
        w.lost_at is null,
        w.stop_requested,
        array(
            select t.id
            from task t
            where t.worker_id = w.id and t.state = 'running' and t.cancel_requested_at is not null
        ),
        holds,
        not holds and (known_version < needed) is not true and exists (
            select from worker m
            where m.maintains and m.lost_at is null and m.seen_at < clock_timestamp() - interval '3 seconds'),
        (select coalesce(max(m.version), 0) from migration m),
        needed
    from worker w
    where w.id = worker_tick.worker_id;
end
$$;

CREATE FUNCTION pgqueue.write_letters(failed_ids bigint[]) RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pgqueue', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
begin
    -- A place to keep them, not to run them: whoever wants that resumes it.
    insert into queue (name, paused)
    select distinct h.dead_letter_queue, true from history h where h.id = any (failed_ids)
    on conflict do nothing;

    return query
    with letters as (
        insert into task (
            id, queue, priority, kind, name, tags, script_hash, spec, timeout, memory_limit, process_limit,
            max_attempts, max_lost, retry, dead_letter_of, dead_letter_from)
        select
            h.dead_letter_id, h.dead_letter_queue, h.priority, h.kind, h.name, h.tags, h.script_hash, h.spec, h.timeout,
            h.memory_limit, h.process_limit, h.max_attempts, h.max_lost, h.retry, h.id, h.queue
        from history h
        where h.id = any (failed_ids)
        returning queue
    )
    select distinct l.queue from letters l;
end
$$;

CREATE TABLE pgqueue.arrival (
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    id bigint NOT NULL,
    queue text,
    group_key text,
    needs_id bigint
);

ALTER TABLE pgqueue.arrival ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgqueue.arrival_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE pgqueue.client_key (
    client_id text NOT NULL,
    task_id bigint NOT NULL
);

CREATE TABLE pgqueue.dependency (
    task_id bigint NOT NULL,
    needs_id bigint NOT NULL,
    any_end boolean DEFAULT false NOT NULL
);

CREATE TABLE pgqueue.finished (
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone NOT NULL,
    waited interval,
    ran interval,
    tasks integer NOT NULL,
    starts integer NOT NULL,
    runs integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    queue text NOT NULL
);

CREATE TABLE pgqueue.group_turn (
    queue text NOT NULL,
    group_key text NOT NULL,
    task_id bigint
);

CREATE TABLE pgqueue.history (
    id bigint NOT NULL,
    queue text NOT NULL,
    priority integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    name text,
    tags text[],
    script_hash bytea,
    spec jsonb NOT NULL,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    max_attempts integer NOT NULL,
    max_lost integer NOT NULL,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    dead_letter_id bigint,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    lost integer NOT NULL,
    worker_id bigint,
    worker text,
    replaced_by bigint,
    ended pgqueue.task_end NOT NULL,
    exit_code integer,
    signal integer,
    peak_memory bigint,
    error jsonb,
    result jsonb,
    past_runs jsonb,
    CONSTRAINT history_state_check CHECK ((state = ANY (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state])))
)
PARTITION BY RANGE (finished_at);

CREATE TABLE pgqueue.history_2026w47 (
    id bigint NOT NULL,
    queue text NOT NULL,
    priority integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    name text,
    tags text[],
    script_hash bytea,
    spec jsonb NOT NULL,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    max_attempts integer NOT NULL,
    max_lost integer NOT NULL,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    dead_letter_id bigint,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    lost integer NOT NULL,
    worker_id bigint,
    worker text,
    replaced_by bigint,
    ended pgqueue.task_end NOT NULL,
    exit_code integer,
    signal integer,
    peak_memory bigint,
    error jsonb,
    result jsonb,
    past_runs jsonb,
    CONSTRAINT history_state_check CHECK ((state = ANY (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state])))
);

CREATE TABLE pgqueue.history_2026w48 (
    id bigint NOT NULL,
    queue text NOT NULL,
    priority integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    name text,
    tags text[],
    script_hash bytea,
    spec jsonb NOT NULL,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    max_attempts integer NOT NULL,
    max_lost integer NOT NULL,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    dead_letter_id bigint,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    lost integer NOT NULL,
    worker_id bigint,
    worker text,
    replaced_by bigint,
    ended pgqueue.task_end NOT NULL,
    exit_code integer,
    signal integer,
    peak_memory bigint,
    error jsonb,
    result jsonb,
    past_runs jsonb,
    CONSTRAINT history_state_check CHECK ((state = ANY (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state])))
);

CREATE TABLE pgqueue.history_2026w49 (
    id bigint NOT NULL,
    queue text NOT NULL,
    priority integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    name text,
    tags text[],
    script_hash bytea,
    spec jsonb NOT NULL,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    max_attempts integer NOT NULL,
    max_lost integer NOT NULL,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    dead_letter_id bigint,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    lost integer NOT NULL,
    worker_id bigint,
    worker text,
    replaced_by bigint,
    ended pgqueue.task_end NOT NULL,
    exit_code integer,
    signal integer,
    peak_memory bigint,
    error jsonb,
    result jsonb,
    past_runs jsonb,
    CONSTRAINT history_state_check CHECK ((state = ANY (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state])))
);

CREATE TABLE pgqueue.history_default (
    id bigint NOT NULL,
    queue text NOT NULL,
    priority integer NOT NULL,
    state pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    name text,
    tags text[],
    script_hash bytea,
    spec jsonb NOT NULL,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    max_attempts integer NOT NULL,
    max_lost integer NOT NULL,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    dead_letter_id bigint,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run integer NOT NULL,
    attempt integer NOT NULL,
    lost integer NOT NULL,
    worker_id bigint,
    worker text,
    replaced_by bigint,
    ended pgqueue.task_end NOT NULL,
    exit_code integer,
    signal integer,
    peak_memory bigint,
    error jsonb,
    result jsonb,
    past_runs jsonb,
    CONSTRAINT history_state_check CHECK ((state = ANY (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state])))
);

CREATE TABLE pgqueue.migration (
    version integer NOT NULL,
    name text NOT NULL,
    breaking boolean DEFAULT true NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE pgqueue.queue_defaults (
    retention interval,
    retention_count bigint,
    CONSTRAINT queue_defaults_retention_check CHECK ((retention > '00:00:00'::interval)),
    CONSTRAINT queue_defaults_retention_count_check CHECK ((retention_count >= 0))
);

CREATE VIEW pgqueue.retention AS
 SELECT q.name AS queue,
        CASE
            WHEN (NOT q.keep_all) THEN COALESCE(q.retention, d.retention)
            ELSE NULL::interval
        END AS retention,
        CASE
            WHEN (NOT q.keep_all) THEN COALESCE(q.retention_count, d.retention_count)
            ELSE NULL::bigint
        END AS retention_count
   FROM (pgqueue.queue q
     CROSS JOIN pgqueue.queue_defaults d);

CREATE SEQUENCE pgqueue.task_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE pgqueue.task (
    id bigint DEFAULT nextval('pgqueue.task_id'::regclass) NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    state pgqueue.task_state DEFAULT 'ready'::pgqueue.task_state NOT NULL,
    kind pgqueue.task_kind NOT NULL,
    priority integer DEFAULT 50 NOT NULL,
    max_attempts integer DEFAULT 1 NOT NULL,
    max_lost integer DEFAULT 3 NOT NULL,
    run integer DEFAULT 0 NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    lost integer DEFAULT 0 NOT NULL,
    waits_for integer DEFAULT 0 NOT NULL,
    limited boolean DEFAULT false NOT NULL,
    watched boolean DEFAULT false NOT NULL,
    queue text NOT NULL,
    spec jsonb DEFAULT '{}'::jsonb NOT NULL,
    started_at timestamp with time zone,
    worker_id bigint,
    name text,
    tags text[],
    script_hash bytea,
    timeout interval,
    memory_limit bigint,
    process_limit integer,
    retry jsonb,
    client_id text,
    dedupe_key text,
    group_key text,
    group_order pgqueue.group_order,
    needs bigint[],
    dead_letter_queue text,
    dead_letter_of bigint,
    dead_letter_from text,
    expires_at timestamp with time zone,
    schedule text,
    tick timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    cancel_reason text,
    replaced_by bigint,
    error jsonb,
    past_runs jsonb,
    CONSTRAINT task_check CHECK (((group_order IS NULL) OR (group_key IS NOT NULL))),
    CONSTRAINT task_check1 CHECK (((kind <> 'script'::pgqueue.task_kind) OR (script_hash IS NOT NULL) OR (spec ? 'file'::text))),
    CONSTRAINT task_check2 CHECK (((state <> 'running'::pgqueue.task_state) OR (worker_id IS NOT NULL))),
    CONSTRAINT task_client_id_check CHECK ((length(client_id) <= 500)),
    CONSTRAINT task_dedupe_key_check CHECK ((length(dedupe_key) <= 500)),
    CONSTRAINT task_group_key_check CHECK ((length(group_key) <= 500)),
    CONSTRAINT task_max_attempts_check CHECK ((max_attempts >= 1)),
    CONSTRAINT task_max_lost_check CHECK ((max_lost >= 0)),
    CONSTRAINT task_memory_limit_check CHECK ((memory_limit > 0)),
    CONSTRAINT task_process_limit_check CHECK ((process_limit > 0)),
    CONSTRAINT task_state_check CHECK ((state <> ALL (ARRAY['completed'::pgqueue.task_state, 'failed'::pgqueue.task_state, 'canceled'::pgqueue.task_state]))),
    CONSTRAINT task_timeout_check CHECK (((timeout > '00:00:00'::interval) AND (timeout <= '3650 days'::interval)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

CREATE VIEW pgqueue.schedules AS
 SELECT s.name,
    s.cron,
    s.every,
    s.time_zone,
    s.overlap,
    s.missed,
    s.missed_limit,
    s.jitter,
    s.start_at,
    s.end_at,
    s.max_runs,
        CASE
            WHEN (s.ended_at IS NOT NULL) THEN 'ended'::text
            WHEN (NOT s.active) THEN 'suspended'::text
            WHEN (s.error IS NOT NULL) THEN 'error'::text
            ELSE 'active'::text
        END AS state,
        CASE
            WHEN (s.active AND (s.ended_at IS NULL)) THEN s.next_run
            ELSE NULL::timestamp with time zone
        END AS next_run,
    s.runs,
    s.skipped,
    s.last_tick,
    s.last_task_id,
    COALESCE(( SELECT t.state
           FROM pgqueue.task t
          WHERE (t.id = s.last_task_id)), ( SELECT h.state
           FROM pgqueue.history h
          WHERE ((h.id = s.last_task_id) AND (h.finished_at >= s.created_at))
         LIMIT 1)) AS last_state,
    ended.ended AS last_ended,
    ended.started_at AS last_started_at,
    ended.finished_at AS last_finished_at,
    s.error,
    s.task,
    s.created_at,
    s.updated_at
   FROM (pgqueue.schedule s
     LEFT JOIN LATERAL ( SELECT h.ended,
            h.started_at,
            h.finished_at
           FROM pgqueue.history h
          WHERE ((h.schedule = s.name) AND (h.finished_at >= s.created_at))
          ORDER BY h.finished_at DESC
         LIMIT 1) ended ON (true));

CREATE TABLE pgqueue.script (
    hash bytea NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE pgqueue.task_output (
    task_id bigint NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stream pgqueue.output_stream NOT NULL,
    text text,
    clixml text
)
PARTITION BY RANGE (at);

CREATE TABLE pgqueue.task_output_2026w47 (
    task_id bigint NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stream pgqueue.output_stream NOT NULL,
    text text,
    clixml text
);

CREATE TABLE pgqueue.task_output_2026w48 (
    task_id bigint NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stream pgqueue.output_stream NOT NULL,
    text text,
    clixml text
);

CREATE TABLE pgqueue.task_output_2026w49 (
    task_id bigint NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stream pgqueue.output_stream NOT NULL,
    text text,
    clixml text
);

CREATE TABLE pgqueue.task_output_default (
    task_id bigint NOT NULL,
    run integer NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    stream pgqueue.output_stream NOT NULL,
    text text,
    clixml text
);

CREATE TABLE pgqueue.worker (
    id bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    process_id integer NOT NULL,
    version text NOT NULL,
    queues text[],
    concurrency integer NOT NULL,
    filter jsonb,
    asleep boolean DEFAULT false NOT NULL,
    stop_requested text,
    backend_pid integer,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    joined_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    maintains boolean DEFAULT false NOT NULL,
    lease_until timestamp with time zone,
    suspect_at timestamp with time zone,
    lost_at timestamp with time zone,
    CONSTRAINT worker_stop_requested_check CHECK ((stop_requested = ANY (ARRAY['drain'::text, 'now'::text])))
);

CREATE VIEW pgqueue.tasks AS
 SELECT u.id,
    u.name,
    u.queue,
    u.state,
    u.kind,
    u.priority,
    u.tags,
    u.script_hash,
    u.spec,
    u.timeout,
    u.memory_limit,
    u.process_limit,
    u.max_attempts,
    u.max_lost,
    u.retry,
    u.client_id,
    u.dedupe_key,
    u.group_key,
    u.group_order,
    u.needs,
    u.waits_for,
    u.expires_at,
    u.dead_letter_queue,
    u.dead_letter_of,
    u.dead_letter_id,
    u.replaced_by,
    u.schedule,
    u.tick,
    u.created_at,
    u.run_at,
    u.started_at,
    u.finished_at,
    u.run,
    u.attempt,
    u.lost,
    u.worker_id,
    u.worker,
    u.ended,
    u.exit_code,
    u.signal,
    u.peak_memory,
    u.error,
    u.result,
    u.past_runs,
    u.cancel_requested_at,
    ( SELECT s.text
           FROM pgqueue.script s
          WHERE (s.hash = u.script_hash)) AS script
   FROM ( SELECT t.id,
            t.name,
            t.queue,
            t.state,
            t.kind,
            t.priority,
            t.tags,
            t.script_hash,
            t.spec,
            t.timeout,
            t.memory_limit,
            t.process_limit,
            t.max_attempts,
            t.max_lost,
            t.retry,
            t.client_id,
            t.dedupe_key,
            t.group_key,
            t.group_order,
            t.needs,
            t.waits_for,
            t.expires_at,
            t.dead_letter_queue,
            t.dead_letter_of,
            NULL::bigint AS dead_letter_id,
            t.replaced_by,
            t.schedule,
            t.tick,
            t.created_at,
            t.run_at,
            t.started_at,
            NULL::timestamp with time zone AS finished_at,
            t.run,
            t.attempt,
            t.lost,
            t.worker_id,
            ( SELECT w.name
                   FROM pgqueue.worker w
                  WHERE (w.id = t.worker_id)) AS worker,
            NULL::pgqueue.task_end AS ended,
            NULL::integer AS exit_code,
            NULL::integer AS signal,
            NULL::bigint AS peak_memory,
            t.error,
            NULL::jsonb AS result,
            t.past_runs,
            t.cancel_requested_at
           FROM pgqueue.task t
        UNION ALL
         SELECT h.id,
            h.name,
            h.queue,
            h.state,
            h.kind,
            h.priority,
            h.tags,
            h.script_hash,
            h.spec,
            h.timeout,
            h.memory_limit,
            h.process_limit,
            h.max_attempts,
            h.max_lost,
            h.retry,
            h.client_id,
            h.dedupe_key,
            h.group_key,
            h.group_order,
            h.needs,
            0,
            h.expires_at,
            h.dead_letter_queue,
            h.dead_letter_of,
            h.dead_letter_id,
            h.replaced_by,
            h.schedule,
            h.tick,
            h.created_at,
            h.run_at,
            h.started_at,
            h.finished_at,
            h.run,
            h.attempt,
            h.lost,
            h.worker_id,
            h.worker,
            h.ended,
            h.exit_code,
            h.signal,
            h.peak_memory,
            h.error,
            h.result,
            h.past_runs,
            NULL::timestamp with time zone AS timestamptz
           FROM pgqueue.history h) u;

CREATE TABLE pgqueue.throughput (
    at timestamp with time zone NOT NULL,
    waited interval,
    ran interval,
    tasks bigint NOT NULL,
    starts bigint NOT NULL,
    runs bigint NOT NULL,
    step pgqueue.throughput_step NOT NULL,
    state pgqueue.task_state NOT NULL,
    queue text NOT NULL
);

CREATE VIEW pgqueue.unfolded AS
 SELECT f.transaction_id,
    f.at,
    f.waited,
    f.ran,
    f.tasks,
    f.starts,
    f.runs,
    f.state,
    f.queue
   FROM pgqueue.finished f
  WHERE (f.transaction_id >= COALESCE(( SELECT pg_snapshot_xmax(p.folded) AS pg_snapshot_xmax
           FROM pgqueue.fold_place p), '0'::xid8))
UNION ALL
 SELECT f.transaction_id,
    f.at,
    f.waited,
    f.ran,
    f.tasks,
    f.starts,
    f.runs,
    f.state,
    f.queue
   FROM pgqueue.finished f
  WHERE (f.transaction_id = ANY (ARRAY( SELECT pg_snapshot_xip(p.folded) AS pg_snapshot_xip
           FROM pgqueue.fold_place p)));

ALTER TABLE pgqueue.worker ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME pgqueue.worker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY pgqueue.history ATTACH PARTITION pgqueue.history_2026w47 FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-23 00:00:00+00');

ALTER TABLE ONLY pgqueue.history ATTACH PARTITION pgqueue.history_2026w48 FOR VALUES FROM ('2026-11-23 00:00:00+00') TO ('2026-11-30 00:00:00+00');

ALTER TABLE ONLY pgqueue.history ATTACH PARTITION pgqueue.history_2026w49 FOR VALUES FROM ('2026-11-30 00:00:00+00') TO ('2026-12-07 00:00:00+00');

ALTER TABLE ONLY pgqueue.history ATTACH PARTITION pgqueue.history_default DEFAULT;

ALTER TABLE ONLY pgqueue.task_output ATTACH PARTITION pgqueue.task_output_2026w47 FOR VALUES FROM ('2026-11-16 00:00:00+00') TO ('2026-11-23 00:00:00+00');

ALTER TABLE ONLY pgqueue.task_output ATTACH PARTITION pgqueue.task_output_2026w48 FOR VALUES FROM ('2026-11-23 00:00:00+00') TO ('2026-11-30 00:00:00+00');

ALTER TABLE ONLY pgqueue.task_output ATTACH PARTITION pgqueue.task_output_2026w49 FOR VALUES FROM ('2026-11-30 00:00:00+00') TO ('2026-12-07 00:00:00+00');

ALTER TABLE ONLY pgqueue.task_output ATTACH PARTITION pgqueue.task_output_default DEFAULT;

INSERT INTO pgqueue.client_key VALUES ('completed', 1);
INSERT INTO pgqueue.client_key VALUES ('ready', 9);
INSERT INTO pgqueue.client_key VALUES ('replaced', 34);

INSERT INTO pgqueue.dependency VALUES (15, 14, false);
INSERT INTO pgqueue.dependency VALUES (16, 15, true);
INSERT INTO pgqueue.dependency VALUES (16, 14, true);
INSERT INTO pgqueue.dependency VALUES (34, 32, true);

INSERT INTO pgqueue.finished VALUES ('748', '2026-11-21 18:48:57.71981+00', '00:00:00.186269', '00:00:00.046438', 1, 1, 1, 'failed', 'letters');
INSERT INTO pgqueue.finished VALUES ('749', '2026-11-21 18:48:57.730171+00', '00:00:00.132843', '00:00:00.110225', 1, 1, 1, 'completed', 'default');
INSERT INTO pgqueue.finished VALUES ('749', '2026-11-21 18:48:57.730193+00', '00:00:00.188806', '00:00:00.054284', 1, 1, 1, 'completed', 'grouped');
INSERT INTO pgqueue.finished VALUES ('752', '2026-11-21 18:48:57.959174+00', NULL, '00:00:00.008252', 1, 0, 1, 'failed', 'kept');
INSERT INTO pgqueue.finished VALUES ('756', '2026-11-21 18:48:57.997205+00', NULL, NULL, 2, 0, 0, 'canceled', 'default');
INSERT INTO pgqueue.finished VALUES ('756', '2026-11-21 18:48:57.999235+00', NULL, NULL, 1, 0, 0, 'canceled', 'default');

INSERT INTO pgqueue.fold VALUES (NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO pgqueue.group_turn VALUES ('grouped', 'first in', 17);
INSERT INTO pgqueue.group_turn VALUES ('grouped', 'last in', 22);

INSERT INTO pgqueue.history_2026w47 VALUES (3, 'letters', 50, 'failed', 'command', 'buried', NULL, NULL, '{"args": ["-c", "exit 4"], "file": "sh"}', NULL, NULL, NULL, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, 'morgue', NULL, NULL, 5, NULL, NULL, NULL, '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.673372+00', '2026-11-21 18:48:57.71981+00', 1, 1, 0, 1, 'build1', NULL, 'exit_code', 4, NULL, 107032576, '{"message": "The command ''sh'' ended with exit code 4."}', NULL, NULL);
INSERT INTO pgqueue.history_2026w47 VALUES (1, 'default', 70, 'completed', 'command', 'completed', '{a,b}', NULL, '{"args": ["-c", "echo hello; echo careful >&2"], "file": "sh"}', NULL, NULL, NULL, 1, 3, NULL, 'completed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.619946+00', '2026-11-21 18:48:57.730171+00', 1, 1, 0, 1, 'build1', NULL, 'success', 0, NULL, 106246144, NULL, NULL, NULL);
INSERT INTO pgqueue.history_2026w47 VALUES (4, 'grouped', 50, 'completed', 'command', 'member 0', NULL, NULL, '{"args": [], "file": "true"}', NULL, NULL, NULL, 1, 3, NULL, NULL, NULL, 'done', 'fifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.675909+00', '2026-11-21 18:48:57.730193+00', 1, 1, 0, 1, 'build1', NULL, 'success', 0, NULL, 107294720, NULL, NULL, NULL);
INSERT INTO pgqueue.history_2026w47 VALUES (2, 'kept', 50, 'failed', 'command', 'failed', NULL, NULL, '{"args": ["-c", "echo no >&2; exit 3"], "file": "sh"}', '01:00:00', NULL, NULL, 2, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.487103+00', '2026-11-21 18:48:57.727748+00', '2026-11-21 18:48:57.950922+00', '2026-11-21 18:48:57.959174+00', 2, 2, 0, 1, 'build1', NULL, 'exit_code', 3, NULL, 109985792, '{"message": "The command ''sh'' ended with exit code 3."}', NULL, '[{"run": 1, "ended": "exit_code", "error": {"message": "The command ''sh'' ended with exit code 3."}, "worker": "build1", "attempt": 1, "exit_code": 3, "started_at": "2026-11-21T18:48:57.620126+00:00", "finished_at": "2026-11-21T18:48:57.727752+00:00", "peak_memory": 106639360}]');
INSERT INTO pgqueue.history_2026w47 VALUES (6, 'default', 50, 'canceled', 'command', 'canceled', NULL, NULL, '{"args": [], "file": "true"}', NULL, NULL, NULL, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.983372+00', '2026-11-21 18:48:57.983372+00', NULL, '2026-11-21 18:48:57.997188+00', 0, 0, 0, NULL, NULL, NULL, 'canceled', NULL, NULL, NULL, '{"message": "not wanted"}', NULL, NULL);
INSERT INTO pgqueue.history_2026w47 VALUES (7, 'default', 50, 'canceled', 'command', 'needed', NULL, NULL, '{"args": [], "file": "true"}', NULL, NULL, NULL, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.983372+00', '2126-10-28 18:48:57.983372+00', NULL, '2026-11-21 18:48:57.997205+00', 0, 0, 0, NULL, NULL, NULL, 'canceled', NULL, NULL, NULL, '{"message": "not wanted"}', NULL, NULL);
INSERT INTO pgqueue.history_2026w47 VALUES (8, 'default', 50, 'canceled', 'command', 'in vain', NULL, NULL, '{"args": [], "file": "true"}', NULL, NULL, NULL, 1, 3, NULL, NULL, NULL, NULL, NULL, '{7}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:57.985645+00', '2026-11-21 18:48:57.985645+00', NULL, '2026-11-21 18:48:57.999235+00', 0, 0, 0, NULL, NULL, NULL, 'canceled', NULL, NULL, NULL, '{"message": "It was to run after task 7, which was canceled."}', NULL, NULL);

INSERT INTO pgqueue.migration VALUES (1, 'tables', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (2, 'add_tasks', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (3, 'settle', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (4, 'end_tasks', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (5, 'claim_tasks', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (6, 'workers', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (7, 'change_tasks', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (8, 'queues', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (9, 'views', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (10, 'retention', true, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.migration VALUES (11, 'schedules', true, '2026-11-21 18:48:57.3806+00');

INSERT INTO pgqueue.queue VALUES ('default', false, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-21 18:48:57.3806+00');
INSERT INTO pgqueue.queue VALUES ('limited', false, 1, 600, '00:01:00', NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-21 18:48:57.470201+00');
INSERT INTO pgqueue.queue VALUES ('kept', false, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, '01:00:00', 2, NULL, NULL, NULL, NULL, true, '2026-11-21 18:48:57.4735+00');
INSERT INTO pgqueue.queue VALUES ('letters', false, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, 'morgue', NULL, NULL, false, '2026-11-21 18:48:57.474905+00');
INSERT INTO pgqueue.queue VALUES ('stopped', true, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-21 18:48:57.475561+00');
INSERT INTO pgqueue.queue VALUES ('grouped', false, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-21 18:48:57.487103+00');
INSERT INTO pgqueue.queue VALUES ('morgue', true, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, false, '2026-11-21 18:48:57.718043+00');

INSERT INTO pgqueue.queue_defaults VALUES (NULL, NULL);

INSERT INTO pgqueue.schedule VALUES ('nightly', '0 2 * * *', NULL, 'Europe/Berlin', '{"kind": "command", "name": "nightly", "spec": {"args": [], "file": "true"}}', 'skip', 'once', 100, '00:01:00', NULL, NULL, NULL, true, 0, '2026-11-22 01:00:00+00', NULL, NULL, '2026-11-21 18:48:58.038418+00', '2026-11-21 18:48:58.038418+00', '2026-11-21 18:48:58.038418+00', NULL, NULL, 0, NULL, NULL, DEFAULT);
INSERT INTO pgqueue.schedule VALUES ('suspended', NULL, '00:15:00', 'UTC', '{"kind": "command", "name": "suspended", "spec": {"args": [], "file": "true"}}', 'queue', 'all', 100, NULL, NULL, NULL, NULL, false, 0, '2026-11-21 19:03:58.063673+00', NULL, NULL, '2026-11-21 18:48:58.063673+00', '2026-11-21 18:48:58.063673+00', '2026-11-21 18:48:58.063673+00', NULL, NULL, 0, NULL, NULL, DEFAULT);
INSERT INTO pgqueue.schedule VALUES ('by hand', '@yearly', NULL, 'UTC', '{"kind": "command", "name": "by hand", "spec": {"args": [], "file": "true"}}', 'skip', 'skip', 100, NULL, NULL, NULL, NULL, true, 0, '2027-01-01 00:00:00+00', NULL, 29, '2026-11-21 18:48:58.069854+00', '2026-11-21 18:48:58.069854+00', '2026-11-21 18:48:58.069854+00', NULL, NULL, 0, NULL, NULL, DEFAULT);

INSERT INTO pgqueue.script VALUES ('\x2c255ab54dd1593519e52ec40ef0c2bfce803b86f83e633f1386b4e662c16a51', 'param($Name) "Hello, $Name"', '2026-11-21 18:48:58.017233+00');

INSERT INTO pgqueue.task VALUES (5, '2026-11-21 18:48:57.718043+00', '2026-11-21 18:48:57.718043+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'morgue', '{"args": ["-c", "exit 4"], "file": "sh"}', NULL, NULL, 'buried', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3, 'letters', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (9, '2026-11-21 18:48:58.017233+00', '2026-11-21 18:48:58.017233+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'ready', NULL, NULL, '00:01:00', NULL, NULL, '{"delay": "00:00:05", "backoff": "Exponential", "max_delay": "01:00:00"}', 'ready', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (11, '2026-11-21 18:48:58.017233+00', '2026-11-21 18:48:59.017233+00', 'scheduled', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'soon', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (12, '2026-11-21 18:48:58.017233+00', '2126-10-28 18:48:58.017233+00', 'scheduled', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'far', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2226-10-04 18:48:58.017233+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (13, '2026-11-21 18:48:58.017233+00', '2026-11-21 18:48:58.017233+00', 'ready', 'script', 50, 1, 3, 0, 0, 0, 0, false, false, 'stopped', '{"args": ["world"]}', NULL, NULL, 'script', NULL, '\x2c255ab54dd1593519e52ec40ef0c2bfce803b86f83e633f1386b4e662c16a51', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (10, '2026-11-21 18:48:58.017233+00', '2026-11-21 18:48:58.017233+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'only once', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'only once', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (14, '2026-11-21 18:48:58.018451+00', '2026-11-21 18:48:58.018451+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'first', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (15, '2026-11-21 18:48:58.018944+00', '2026-11-21 18:48:58.018944+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 1, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'second', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{14}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (16, '2026-11-21 18:48:58.020032+00', '2026-11-21 18:48:58.020032+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 2, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'third', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{14,15}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (18, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'first in', 'fifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (19, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 3', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'first in', 'fifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (20, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 4', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'last in', 'lifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (21, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 5', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'last in', 'lifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (23, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'limited', '{"args": [], "file": "true"}', NULL, NULL, 'limited 1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (24, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'limited', '{"args": [], "file": "true"}', NULL, NULL, 'limited 2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (25, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'limited', '{"args": [], "file": "true"}', NULL, NULL, 'limited 3', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (17, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'first in', 'fifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (22, '2026-11-21 18:48:58.022606+00', '2026-11-21 18:48:58.022606+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'grouped', '{"args": [], "file": "true"}', NULL, NULL, 'member 6', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'last in', 'lifo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (29, '2026-11-21 18:48:58.073787+00', '2026-11-21 18:48:58.073787+00', 'ready', 'command', 50, 1, 3, 0, 0, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'by hand', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'by hand', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (30, '2026-11-21 18:48:58.089934+00', '2026-11-21 18:48:58.089934+00', 'running', 'command', 50, 1, 3, 1, 1, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', '2026-11-21 18:48:58.095581+00', 2, 'running', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (31, '2026-11-21 18:48:58.089934+00', '2026-11-21 18:48:58.089934+00', 'running', 'command', 50, 1, 3, 1, 1, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', '2026-11-21 18:48:58.095697+00', 2, 'running, canceled', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-21 18:48:58.09897+00', 'not wanted', NULL, NULL, NULL);
INSERT INTO pgqueue.task VALUES (33, '2026-11-21 18:48:58.089934+00', '2026-11-21 18:48:59.097677+00', 'scheduled', 'command', 50, 3, 3, 1, 1, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'tried once', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"message": "no"}', '[{"run": 1, "ended": "error", "error": {"message": "no"}, "worker": "sql", "attempt": 1, "started_at": "2026-11-21T18:48:58.09571+00:00", "finished_at": "2026-11-21T18:48:58.097681+00:00"}]');
INSERT INTO pgqueue.task VALUES (32, '2026-11-21 18:48:58.089934+00', '2026-11-21 18:48:58.089934+00', 'running', 'command', 50, 1, 3, 1, 1, 0, 0, false, false, 'default', '{"args": [], "file": "true"}', '2026-11-21 18:48:58.095704+00', 2, 'running, replaced', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 34, NULL, NULL);
INSERT INTO pgqueue.task VALUES (34, '2026-11-21 18:48:58.101103+00', '2026-11-21 18:48:58.101103+00', 'blocked', 'command', 50, 1, 3, 0, 0, 0, 1, false, false, 'default', '{"args": [], "file": "true"}', NULL, NULL, 'replacement', NULL, NULL, NULL, NULL, NULL, NULL, 'replaced', NULL, NULL, NULL, '{32}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO pgqueue.task_output_2026w47 VALUES (1, 1, 1, '2026-11-21 18:48:57.680071+00', 'output', 'hello', NULL);
INSERT INTO pgqueue.task_output_2026w47 VALUES (1, 1, 2, '2026-11-21 18:48:57.680227+00', 'error', 'careful', NULL);
INSERT INTO pgqueue.task_output_2026w47 VALUES (2, 1, 1, '2026-11-21 18:48:57.68797+00', 'error', 'no', NULL);
INSERT INTO pgqueue.task_output_2026w47 VALUES (2, 2, 1, '2026-11-21 18:48:57.956301+00', 'error', 'no', NULL);

INSERT INTO pgqueue.worker OVERRIDING SYSTEM VALUE VALUES (2, 'sql', 'h', 1, '0', NULL, 1, NULL, false, NULL, 23233, '2026-11-21 18:48:58.086555+00', '2026-11-21 18:48:58.087944+00', '2026-11-21 18:48:58.087944+00', false, NULL, '2026-11-21 18:48:58.115271+00', NULL);

SELECT pg_catalog.setval('pgqueue.arrival_id_seq', 10, true);

SELECT pg_catalog.setval('pgqueue.task_id', 34, true);

SELECT pg_catalog.setval('pgqueue.worker_id_seq', 2, true);

ALTER TABLE ONLY pgqueue.arrival
    ADD CONSTRAINT arrival_pkey PRIMARY KEY (transaction_id, id);

ALTER TABLE ONLY pgqueue.client_key
    ADD CONSTRAINT client_key_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY pgqueue.client_key
    ADD CONSTRAINT client_key_task_id_key UNIQUE (task_id);

ALTER TABLE ONLY pgqueue.dependency
    ADD CONSTRAINT dependency_pkey PRIMARY KEY (task_id, needs_id);

ALTER TABLE ONLY pgqueue.group_turn
    ADD CONSTRAINT group_turn_pkey PRIMARY KEY (queue, group_key);

ALTER TABLE ONLY pgqueue.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id, finished_at);

ALTER TABLE ONLY pgqueue.history_2026w47
    ADD CONSTRAINT history_2026w47_pkey PRIMARY KEY (id, finished_at);

ALTER TABLE ONLY pgqueue.history_2026w48
    ADD CONSTRAINT history_2026w48_pkey PRIMARY KEY (id, finished_at);

ALTER TABLE ONLY pgqueue.history_2026w49
    ADD CONSTRAINT history_2026w49_pkey PRIMARY KEY (id, finished_at);

ALTER TABLE ONLY pgqueue.history_default
    ADD CONSTRAINT history_default_pkey PRIMARY KEY (id, finished_at);

ALTER TABLE ONLY pgqueue.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY pgqueue.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (name);

ALTER TABLE ONLY pgqueue.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name);

ALTER TABLE ONLY pgqueue.script
    ADD CONSTRAINT script_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY pgqueue.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pgqueue.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);

CREATE INDEX dependency_needs ON pgqueue.dependency USING btree (needs_id);

CREATE INDEX finished_transaction ON pgqueue.finished USING btree (transaction_id);

CREATE INDEX history_failed ON ONLY pgqueue.history USING btree (finished_at) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w47_finished_at_idx ON pgqueue.history_2026w47 USING btree (finished_at) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_finished ON ONLY pgqueue.history USING brin (finished_at);

CREATE INDEX history_2026w47_finished_at_idx1 ON pgqueue.history_2026w47 USING brin (finished_at);

CREATE INDEX history_failed_id ON ONLY pgqueue.history USING btree (id) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w47_id_idx ON pgqueue.history_2026w47 USING btree (id) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_schedule ON ONLY pgqueue.history USING btree (schedule, finished_at) WHERE (schedule IS NOT NULL);

CREATE INDEX history_2026w47_schedule_finished_at_idx ON pgqueue.history_2026w47 USING btree (schedule, finished_at) WHERE (schedule IS NOT NULL);

CREATE INDEX history_2026w48_finished_at_idx ON pgqueue.history_2026w48 USING btree (finished_at) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w48_finished_at_idx1 ON pgqueue.history_2026w48 USING brin (finished_at);

CREATE INDEX history_2026w48_id_idx ON pgqueue.history_2026w48 USING btree (id) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w48_schedule_finished_at_idx ON pgqueue.history_2026w48 USING btree (schedule, finished_at) WHERE (schedule IS NOT NULL);

CREATE INDEX history_2026w49_finished_at_idx ON pgqueue.history_2026w49 USING btree (finished_at) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w49_finished_at_idx1 ON pgqueue.history_2026w49 USING brin (finished_at);

CREATE INDEX history_2026w49_id_idx ON pgqueue.history_2026w49 USING btree (id) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_2026w49_schedule_finished_at_idx ON pgqueue.history_2026w49 USING btree (schedule, finished_at) WHERE (schedule IS NOT NULL);

CREATE INDEX history_default_finished_at_idx ON pgqueue.history_default USING btree (finished_at) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_default_finished_at_idx1 ON pgqueue.history_default USING brin (finished_at);

CREATE INDEX history_default_id_idx ON pgqueue.history_default USING btree (id) WHERE (state = 'failed'::pgqueue.task_state);

CREATE INDEX history_default_schedule_finished_at_idx ON pgqueue.history_default USING btree (schedule, finished_at) WHERE (schedule IS NOT NULL);

CREATE INDEX schedule_due ON pgqueue.schedule USING btree (due_at) WHERE (active AND (ended_at IS NULL));

CREATE INDEX task_cancel ON pgqueue.task USING btree (worker_id) WHERE (cancel_requested_at IS NOT NULL);

CREATE INDEX task_claim ON pgqueue.task USING btree (queue, ((~ priority)), id) WHERE (state = 'ready'::pgqueue.task_state);

CREATE UNIQUE INDEX task_dedupe ON pgqueue.task USING btree (dedupe_key) WHERE (dedupe_key IS NOT NULL);

CREATE INDEX task_due ON pgqueue.task USING btree (run_at) WHERE (state = 'scheduled'::pgqueue.task_state);

CREATE INDEX task_expiry ON pgqueue.task USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (state = ANY (ARRAY['scheduled'::pgqueue.task_state, 'blocked'::pgqueue.task_state, 'ready'::pgqueue.task_state])));

CREATE INDEX task_line ON pgqueue.task USING btree (queue, group_key, id) WHERE ((state = 'blocked'::pgqueue.task_state) AND (group_key IS NOT NULL) AND (waits_for = 0));

CREATE INDEX task_output_task ON ONLY pgqueue.task_output USING btree (task_id, run, seq);

CREATE INDEX task_output_2026w47_task_id_run_seq_idx ON pgqueue.task_output_2026w47 USING btree (task_id, run, seq);

CREATE INDEX task_output_2026w48_task_id_run_seq_idx ON pgqueue.task_output_2026w48 USING btree (task_id, run, seq);

CREATE INDEX task_output_2026w49_task_id_run_seq_idx ON pgqueue.task_output_2026w49 USING btree (task_id, run, seq);

CREATE INDEX task_output_default_task_id_run_seq_idx ON pgqueue.task_output_default USING btree (task_id, run, seq);

CREATE INDEX task_running ON pgqueue.task USING btree (worker_id) WHERE (state = 'running'::pgqueue.task_state);

CREATE UNIQUE INDEX task_schedule ON pgqueue.task USING btree (schedule, tick) WHERE (schedule IS NOT NULL);

CREATE INDEX throughput_at ON pgqueue.throughput USING btree (step, at);

ALTER INDEX pgqueue.history_failed ATTACH PARTITION pgqueue.history_2026w47_finished_at_idx;

ALTER INDEX pgqueue.history_finished ATTACH PARTITION pgqueue.history_2026w47_finished_at_idx1;

ALTER INDEX pgqueue.history_failed_id ATTACH PARTITION pgqueue.history_2026w47_id_idx;

ALTER INDEX pgqueue.history_pkey ATTACH PARTITION pgqueue.history_2026w47_pkey;

ALTER INDEX pgqueue.history_schedule ATTACH PARTITION pgqueue.history_2026w47_schedule_finished_at_idx;

ALTER INDEX pgqueue.history_failed ATTACH PARTITION pgqueue.history_2026w48_finished_at_idx;

ALTER INDEX pgqueue.history_finished ATTACH PARTITION pgqueue.history_2026w48_finished_at_idx1;

ALTER INDEX pgqueue.history_failed_id ATTACH PARTITION pgqueue.history_2026w48_id_idx;

ALTER INDEX pgqueue.history_pkey ATTACH PARTITION pgqueue.history_2026w48_pkey;

ALTER INDEX pgqueue.history_schedule ATTACH PARTITION pgqueue.history_2026w48_schedule_finished_at_idx;

ALTER INDEX pgqueue.history_failed ATTACH PARTITION pgqueue.history_2026w49_finished_at_idx;

ALTER INDEX pgqueue.history_finished ATTACH PARTITION pgqueue.history_2026w49_finished_at_idx1;

ALTER INDEX pgqueue.history_failed_id ATTACH PARTITION pgqueue.history_2026w49_id_idx;

ALTER INDEX pgqueue.history_pkey ATTACH PARTITION pgqueue.history_2026w49_pkey;

ALTER INDEX pgqueue.history_schedule ATTACH PARTITION pgqueue.history_2026w49_schedule_finished_at_idx;

ALTER INDEX pgqueue.history_failed ATTACH PARTITION pgqueue.history_default_finished_at_idx;

ALTER INDEX pgqueue.history_finished ATTACH PARTITION pgqueue.history_default_finished_at_idx1;

ALTER INDEX pgqueue.history_failed_id ATTACH PARTITION pgqueue.history_default_id_idx;

ALTER INDEX pgqueue.history_pkey ATTACH PARTITION pgqueue.history_default_pkey;

ALTER INDEX pgqueue.history_schedule ATTACH PARTITION pgqueue.history_default_schedule_finished_at_idx;

ALTER INDEX pgqueue.task_output_task ATTACH PARTITION pgqueue.task_output_2026w47_task_id_run_seq_idx;

ALTER INDEX pgqueue.task_output_task ATTACH PARTITION pgqueue.task_output_2026w48_task_id_run_seq_idx;

ALTER INDEX pgqueue.task_output_task ATTACH PARTITION pgqueue.task_output_2026w49_task_id_run_seq_idx;

ALTER INDEX pgqueue.task_output_task ATTACH PARTITION pgqueue.task_output_default_task_id_run_seq_idx;

CREATE CONSTRAINT TRIGGER settle AFTER INSERT ON pgqueue.arrival DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.transaction_id <> '0'::xid8)) EXECUTE FUNCTION pgqueue.settle_arrivals();

