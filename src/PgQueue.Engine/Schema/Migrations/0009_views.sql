-- All tasks, unfinished and finished, as one readable table.
create view tasks as
select
    u.*,
    (select s.text from script s where s.hash = u.script_hash) as script
from (
    select
        t.id, t.name, t.queue, t.state, t.kind, t.priority, t.tags, t.script_hash, t.spec, t.timeout, t.memory_limit,
        t.process_limit, t.max_attempts, t.max_lost, t.retry, t.client_id, t.dedupe_key, t.group_key, t.group_order,
        t.needs, t.waits_for,
        t.expires_at, t.dead_letter_queue, t.dead_letter_of, null::bigint as dead_letter_id, t.replaced_by, t.schedule,
        t.tick, t.created_at,
        t.run_at, t.started_at, null::timestamptz as finished_at, t.run, t.attempt, t.lost, t.worker_id,
        (select w.name from worker w where w.id = t.worker_id) as worker,
        null::task_end as ended, null::integer as exit_code, null::integer as signal, null::bigint as peak_memory,
        t.error, null::jsonb as result, t.past_runs, t.cancel_requested_at
    from task t
    union all
    select
        h.id, h.name, h.queue, h.state, h.kind, h.priority, h.tags, h.script_hash, h.spec, h.timeout, h.memory_limit,
        h.process_limit, h.max_attempts, h.max_lost, h.retry, h.client_id, h.dedupe_key, h.group_key, h.group_order,
        h.needs, 0,
        h.expires_at, h.dead_letter_queue, h.dead_letter_of, h.dead_letter_id, h.replaced_by, h.schedule,
        h.tick, h.created_at,
        h.run_at, h.started_at, h.finished_at, h.run, h.attempt, h.lost, h.worker_id,
        h.worker,
        h.ended, h.exit_code, h.signal, h.peak_memory,
        h.error, h.result, h.past_runs, null::timestamptz
    from history h
) u;
