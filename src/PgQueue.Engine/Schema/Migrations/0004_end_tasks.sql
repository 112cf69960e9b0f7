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

-- Leaves it to be settled at the commit that these tasks have gone, for those that wait for them or for their group's
-- turn; what they waited for themselves is forgotten.
create function leave_lines(gone_ids bigint[], grouped_ids bigint[], waiting_ids bigint[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- The runs of a schedule that must not overlap wait one for another. Where one of them goes before its time, the next
-- waits for what that one waited for.
create function pass_on_waits(gone_ids bigint[]) returns void
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- Puts the letters of these failed tasks, whose numbers are in history, into their queues. Returns those queues.
create function write_letters(failed_ids bigint[]) returns setof text
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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
