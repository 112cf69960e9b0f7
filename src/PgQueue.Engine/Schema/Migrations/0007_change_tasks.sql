-- Cancels tasks that have not finished. A waiting one ends at once; a running one is marked, and its worker is told to
-- end it. Returns what became of each that was there: 'canceled', or 'running' where the worker has been told.
create function cancel_tasks(ids bigint[], reason text default null)
returns table (id bigint, state task_state)
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
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

-- Makes finished tasks ready again, and brings waiting dead letters back. Each keeps its id, arguments and runs so far;
-- attempts are counted anew. Returns each id that was restarted, with the id of the task that runs for it now: another
-- one where a dead letter brought its failed task back. One that has not finished, is not there, or whose dedupe_key an
-- unfinished task holds, is missing.
create function restart_tasks(ids bigint[])
returns table (id bigint, task_id bigint)
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

create function restart_task(id bigint) returns boolean
language sql
set search_path from current
as $$ select exists (select from restart_tasks(array[id])) $$;

-- Deletes tasks and all that is kept of them. A running one stays: cancel it first. Returns the ids deleted.
create function remove_tasks(ids bigint[]) returns setof bigint
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- Changes waiting tasks. changes is an object of some of the settings
--     queue, priority, name, tags, timeout, memory_limit, process_limit, max_attempts, max_lost, retry, run_at or
--     delay, dead_letter_queue, expires_at or expire_after, args, params
-- where null takes a setting away, and args and params replace those of spec. Returns the ids changed: one that runs, has
-- finished or is not there is missing.
create function change_tasks(ids bigint[], changes jsonb) returns setof bigint
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- Adds tasks by their client_id, or puts them in the place of those that have it: the upsert. One that waits, or has
-- finished, is replaced under its own id, with no attempt used and no error left; its runs so far stay on record. One that
-- runs is let finish, without another attempt, and the new one runs after it. tasks and shared are as for add_tasks,
-- without dedupe_key. Returns one row for each, in the order given, with what happened: 'added', 'replaced', or 'queued'
-- behind the one that runs.
create function set_tasks(tasks jsonb, shared jsonb default '{}')
returns table (ordinal bigint, id bigint, outcome text)
language plpgsql
set search_path from current
as $$
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
$$;

-- One try of set_tasks for one task; nulls where a concurrent change asks for another.
create function set_task(client_id text, task jsonb, shared jsonb, out id bigint, out outcome text)
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- A task that is put in an old one's place must not wait for what waits for the old one.
create function refuse_cycle(old_id bigint, new_id bigint) returns void
language plpgsql
set search_path from current
as $$
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

-- Asks for a notification on end_channel() when these tasks end. Returns those that have not ended yet.
create function watch_tasks(ids bigint[]) returns setof bigint
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
