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
--     queue, priority, name, tags, timeout, memory_limit, max_attempts, max_lost, retry, run_at or delay,
--     client_id, dedupe_key
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
        'kind', 'script', 'spec', 'queue', 'priority', 'name', 'tags', 'timeout', 'memory_limit', 'max_attempts',
        'max_lost', 'retry', 'run_at', 'delay', 'client_id', 'dedupe_key'];
    common      record;
    common_hash bytea;
    wrong       record;
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

    select * into wrong
    from (
        select e.ord, k.key
        from jsonb_array_elements(tasks) with ordinality as e (task, ord), jsonb_object_keys(e.task) as k (key)
        union all
        select 0, jsonb_object_keys(shared)
    ) as given (ord, key)
    where given.key <> all (settings)
    limit 1;
    if found then
        raise exception 'task %: there is no setting "%"', wrong.ord, wrong.key
            using errcode = 'invalid_parameter_value', hint = 'Settings are ' || array_to_string(settings, ', ');
    end if;

    select * into common
    from jsonb_to_record(shared) as s (
        kind task_kind, script text, spec jsonb, queue text, priority integer, name text, tags text[],
        timeout interval, memory_limit bigint, max_attempts integer, max_lost integer, retry jsonb,
        run_at timestamptz, delay interval, client_id text, dedupe_key text);
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
            coalesce(g.max_attempts, common.max_attempts)           as max_attempts,
            coalesce(g.max_lost, common.max_lost, 3)                as max_lost,
            coalesce(g.retry, common.retry)                         as retry,
            coalesce(g.run_at, now() + g.delay, common.run_at, now() + common.delay, now()) as run_at,
            coalesce(g.client_id, common.client_id)                 as client_id,
            coalesce(g.dedupe_key, common.dedupe_key)               as dedupe_key
        from rows from (
            jsonb_to_recordset(tasks) as (
                kind task_kind, script text, spec jsonb, queue text, priority integer, name text, tags text[],
                timeout interval, memory_limit bigint, max_attempts integer, max_lost integer, retry jsonb,
                run_at timestamptz, delay interval, client_id text, dedupe_key text)
        ) with ordinality as g
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
            max_attempts, max_lost, retry, run_at, client_id, dedupe_key)
        select
            g.id, g.queue, g.priority,
            case when g.run_at > now() then 'scheduled' else 'ready' end::task_state,
            g.kind, g.name, g.tags, g.script_hash, g.spec, coalesce(g.timeout, q.default_timeout), g.memory_limit,
            coalesce(g.max_attempts, q.default_attempts, 1), g.max_lost, coalesce(g.retry, q.default_retry),
            g.run_at, g.client_id, g.dedupe_key
        from given g
        left join queue q on q.name = g.queue
        -- Keys in one order, so that two writers of the same keys don't lock each other out.
        order by g.dedupe_key nulls first, g.ord
        on conflict (dedupe_key) where dedupe_key is not null do nothing
        returning id, queue, state, client_id, dedupe_key
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
        (select count(*) from keys)
    into ords, ids, olds, queues, keys_wanted, keys_added
    from given g
    left join added a on a.id = g.id
    left join added twin on a.id is null and twin.dedupe_key = g.dedupe_key
    left join task old on a.id is null and old.dedupe_key = g.dedupe_key;

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
        raise exception 'client_id "%" is already used by task %', wrong.client_id, wrong.task_id
            using errcode = 'PQ001', detail = wrong.task_id::text,
                  hint = 'Every client_id is unique until its task is cleared.';
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
    max_attempts    integer default null,
    max_lost        integer default null,
    retry           jsonb default null,
    run_at          timestamptz default null,
    delay           interval default null,
    client_id       text default null,
    dedupe_key      text default null
)
returns bigint
language sql
set search_path from current
as $$
    select a.id
    from add_tasks(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'script', script, 'spec', spec, 'queue', queue, 'priority', priority, 'name', name,
        'tags', tags, 'timeout', timeout, 'memory_limit', memory_limit, 'max_attempts', max_attempts,
        'max_lost', max_lost, 'retry', retry, 'run_at', run_at, 'delay', delay, 'client_id', client_id,
        'dedupe_key', dedupe_key)))) a
$$;

-- One finished run, as past_runs keeps it.
create function run_record(
    run integer, attempt integer, worker text, started_at timestamptz, ended task_end, exit_code integer,
    signal integer, peak_memory bigint, error jsonb, finished_at timestamptz default clock_timestamp()
)
returns jsonb
language sql stable
set search_path from current
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'run', run, 'attempt', attempt, 'worker', worker, 'started_at', started_at, 'finished_at', finished_at,
        'ended', ended, 'exit_code', exit_code, 'signal', signal, 'peak_memory', peak_memory, 'error', error))
$$;

-- Wherever several tasks are changed, they are locked in the order of their ids first: two that change the same ones
-- would lock each other out.

-- Moves tasks to history: the only way there. The arrays belong together by position. A task is moved only while it is
-- in the run named and, where a worker is named, runs on that one; a cancel that was asked for wins over any answer.
create function end_tasks(
    worker_id bigint, ids bigint[], runs integer[], states task_state[], ends task_end[], exit_codes integer[],
    signals integer[], peaks bigint[], errors jsonb[], results jsonb[]
)
returns table (id bigint, state task_state)
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    done_ids    bigint[];
    done_states task_state[];
    watched_ids bigint[];
begin
    perform from task t where t.id = any (ids) order by t.id for update;

    with answer as (
        select *
        from unnest(ids, runs, states, ends, exit_codes, signals, peaks, errors, results)
            as a (id, run, state, ended, exit_code, signal, peak_memory, error, result)
    ),
    gone as (
        delete from task t
        using answer a
        where t.id = a.id
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
            case when t.cancel_requested_at is null then a.result end as result
    ),
    kept as (
        insert into history (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit, max_attempts,
            max_lost, retry, client_id, dedupe_key, group_key, group_order, dead_letter_queue, dead_letter_of,
            schedule, tick, created_at, run_at, started_at, finished_at, run, attempt, lost, worker_id, worker,
            ended, exit_code, signal, peak_memory, error, result, past_runs)
        select
            g.id, g.queue, g.priority, g.final_state, g.kind, g.name, g.tags, g.script_hash, g.spec, g.timeout,
            g.memory_limit, g.max_attempts, g.max_lost, g.retry, g.client_id, g.dedupe_key, g.group_key,
            g.group_order, g.dead_letter_queue, g.dead_letter_of, g.schedule, g.tick, g.created_at, g.run_at,
            g.started_at, clock_timestamp(), g.run, g.attempt, g.lost, g.worker_id, w.name,
            g.final_end, g.exit_code, g.signal, g.peak_memory, g.final_error, g.result, g.past_runs
        from gone g
        left join worker w on w.id = g.worker_id
    )
    select array_agg(g.id), array_agg(g.final_state), array_agg(g.id) filter (where g.watched)
    into done_ids, done_states, watched_ids
    from gone g;

    if watched_ids is not null then
        perform pg_notify(end_channel(), w::text) from unnest(watched_ids) w;
    end if;

    return query select * from unnest(done_ids, done_states);
end
$$;

-- A worker's answers for a batch of its runs. retry_in says: not the end, run again after that time; refund: that run
-- does not count as an attempt (the worker had to stop, the task did nothing wrong). Returns what was accepted: an id
-- that is missing was no longer this worker's.
create function finish_tasks(
    worker_id bigint, ids bigint[], runs integer[], states task_state[], ends task_end[], exit_codes integer[],
    signals integer[], peaks bigint[], errors jsonb[], results jsonb[], retry_in interval[], refunds boolean[]
)
returns table (id bigint, state task_state)
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    done_ids    bigint[];
    done_states task_state[];
    queues      text[];
begin
    if array_remove(retry_in, null) <> '{}' then
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
            where t.id = a.id
              and t.run = a.run
              and t.worker_id = finish_tasks.worker_id
              and t.state = 'running'
              and t.cancel_requested_at is null
              and w.id = finish_tasks.worker_id
            returning t.id, t.state, t.queue
        )
        select array_agg(g.id), array_agg(g.state), array_agg(distinct g.queue) filter (where g.state = 'ready')
        into done_ids, done_states, queues
        from again g;

        if queues is not null then
            perform wake_workers(queues);
        end if;
    end if;

    return query
    select * from unnest(done_ids, done_states)
    union all
    select e.*
    from (
        -- What should have run again is here only where a cancel came in between: end_tasks makes it canceled.
        select array_agg(a.id) as ids, array_agg(a.run) as runs, array_agg(a.state) as states, array_agg(a.ended) as ends,
               array_agg(a.exit_code) as exit_codes, array_agg(a.signal) as signals, array_agg(a.peak) as peaks,
               array_agg(a.error) as errors, array_agg(a.result) as results
        from unnest(finish_tasks.ids, finish_tasks.runs, finish_tasks.states, finish_tasks.ends, finish_tasks.exit_codes,
                    finish_tasks.signals, finish_tasks.peaks, finish_tasks.errors, finish_tasks.results, retry_in)
            as a (id, run, state, ended, exit_code, signal, peak, error, result, retry_in)
        where a.retry_in is null or exists (
            select from task t where t.id = a.id and t.run = a.run and t.cancel_requested_at is not null)
    ) a
    cross join lateral end_tasks(
        finish_tasks.worker_id, a.ids, a.runs, a.states, a.ends, a.exit_codes, a.signals, a.peaks, a.errors, a.results) e
    where a.ids is not null;
end
$$;

-- Up to max_tasks ready tasks for a worker, highest priority first, oldest first within one. Only queues that match one
-- of the LIKE patterns; all where queues is null. Rows scanned stay proportional to max_tasks times the number of queues.
create function claim_tasks(worker_id bigint, queues text[], max_tasks integer)
returns table (
    id bigint, run integer, attempt integer, max_attempts integer, queue text, priority integer, kind task_kind,
    name text, script_hash bytea, spec jsonb, timeout interval, memory_limit bigint, retry jsonb
)
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
begin
    if not exists (select from worker w where w.id = claim_tasks.worker_id and w.lost_at is null) then
        return; -- It was given up and does not know yet: what it claimed would belong to nobody.
    end if;

    return query
    with picked as materialized (
        select t.id
        from queue q
        cross join lateral (
            select t.id, t.priority
            from task t
            where t.queue = q.name and t.state = 'ready'
            order by t.priority desc, t.id
            limit max_tasks
            for update skip locked
        ) t
        where not q.paused and (queues is null or q.name like any (queues))
        order by t.priority desc, t.id
        limit max_tasks
    )
    update task t
    set state = 'running',
        worker_id = claim_tasks.worker_id,
        started_at = clock_timestamp(),
        run = t.run + 1,
        attempt = t.attempt + 1
    from picked p
    where t.id = p.id
    returning
        t.id, t.run, t.attempt, t.max_attempts, t.queue, t.priority, t.kind, t.name, t.script_hash, t.spec, t.timeout,
        t.memory_limit, t.retry;
end
$$;

-- Cancels tasks that have not finished. A waiting one ends at once; a running one is marked, and its worker is told to
-- end it. Returns what became of each that was there: 'canceled', or 'running' where the worker has been told.
create function cancel_tasks(ids bigint[], reason text default null)
returns table (id bigint, state task_state)
language plpgsql
set search_path from current
as $$
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

create function cancel_task(id bigint, reason text default null) returns boolean
language sql
set search_path from current
as $$ select exists (select from cancel_tasks(array[id], reason)) $$;

-- Makes finished tasks ready again. Each keeps its id, arguments and runs so far; attempts are counted anew. Returns the
-- ids restarted: one that has not finished, is not there, or whose dedupe_key an unfinished task holds, is missing.
create function restart_tasks(ids bigint[]) returns setof bigint
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    restarted   bigint[];
    queues      text[];
begin
    with old as (
        select h.* from history h where h.id = any (ids) order by h.id for update
    ),
    again as (
        insert into task (
            id, queue, priority, state, kind, name, tags, script_hash, spec, timeout, memory_limit, max_attempts,
            max_lost, retry, client_id, dedupe_key, group_key, group_order, dead_letter_queue, dead_letter_of,
            schedule, tick, created_at, run, past_runs)
        select
            o.id, o.queue, o.priority, 'ready', o.kind, o.name, o.tags, o.script_hash, o.spec, o.timeout,
            o.memory_limit, o.max_attempts, o.max_lost, o.retry, o.client_id, o.dedupe_key, o.group_key,
            o.group_order, o.dead_letter_queue, o.dead_letter_of, o.schedule, o.tick, o.created_at, o.run,
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
        delete from history h using old o, again a
        where a.id = o.id and h.id = o.id and h.finished_at = o.finished_at
        returning h.id
    )
    select array_agg(a.id), array_agg(distinct a.queue)
    into restarted, queues
    from again a
    join gone g using (id);

    if restarted is not null then
        insert into queue (name) select unnest(queues) on conflict do nothing;
        perform wake_workers(queues);
    end if;

    return query select unnest(restarted);
end
$$;

create function restart_task(id bigint) returns boolean
language sql
set search_path from current
as $$ select exists (select from restart_tasks(array[id])) $$;

-- Deletes tasks and all that is kept of them. A running one stays: cancel it first. Returns the ids deleted.
create function remove_tasks(ids bigint[]) returns setof bigint
language plpgsql
set search_path from current
as $$
#variable_conflict use_column
declare
    removed bigint[];
begin
    perform from task t where t.id = any (ids) order by t.id for update;
    perform from history h where h.id = any (ids) order by h.id for update;

    with waiting as (
        delete from task t where t.id = any (ids) and t.state <> 'running' returning t.id
    ),
    finished as (
        delete from history h where h.id = any (ids) returning h.id
    )
    select array_agg(r.id) into removed
    from (select id from waiting union all select id from finished) r;

    delete from client_key k where k.task_id = any (removed);
    delete from task_output o where o.task_id = any (removed);
    delete from dependency d where d.needs_id = any (removed);

    return query select unnest(removed);
end
$$;

-- Asks for a notification on end_channel() when these tasks end. Returns those that have not ended yet.
create function watch_tasks(ids bigint[]) returns setof bigint
language plpgsql
set search_path from current
as $$
begin
    perform from task t where t.id = any (ids) and not t.watched order by t.id for update;
    update task t set watched = true where t.id = any (ids) and not t.watched;
    return query select t.id from task t where t.id = any (ids);
end
$$;
