-- Makes a queue, or changes its settings. settings is an object of some of
--     paused, max_concurrency, rate_count with rate_period and perhaps rate_burst, default_timeout, default_attempts,
--     default_retry, dead_letter_queue, retention, retention_count, keep_all
-- where null takes a setting away. True where the queue was made.
create function set_queue(name text, settings jsonb) returns boolean
language plpgsql
set search_path from current
as $$
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

-- For SQL callers: a paused queue's tasks wait; those that run go on. False where there is no such queue.
create function suspend_queue(name text) returns boolean
language sql
set search_path from current
as $$ select not set_queue(q.name, '{"paused": true}') from queue q where q.name = suspend_queue.name $$;

create function resume_queue(name text) returns boolean
language sql
set search_path from current
as $$ select not set_queue(q.name, '{"paused": false}') from queue q where q.name = resume_queue.name $$;

-- What is true of each queue now, and what it did since a time.
create function measure_queues(since timestamptz)
returns table (
    queue text, paused boolean, scheduled bigint, blocked bigint, ready bigint, running bigint, oldest_ready timestamptz,
    completed bigint, failed bigint, canceled bigint, average_wait interval, average_run interval
)
language sql stable
set search_path from current
as $$
    with waiting as (
        select
            t.queue,
            count(*) filter (where t.state = 'scheduled') as scheduled,
            count(*) filter (where t.state = 'blocked') as blocked,
            count(*) filter (where t.state = 'ready') as ready,
            count(*) filter (where t.state = 'running') as running,
            min(greatest(t.run_at, t.created_at)) filter (where t.state = 'ready') as oldest_ready
        from task t
        group by t.queue
    ),
    finished as (
        select
            h.queue,
            count(*) filter (where h.state = 'completed') as completed,
            count(*) filter (where h.state = 'failed') as failed,
            count(*) filter (where h.state = 'canceled') as canceled,
            avg(h.started_at - greatest(h.run_at, h.created_at)) filter (where h.attempt = 1 and h.lost = 0) as average_wait,
            avg(h.finished_at - h.started_at) as average_run
        from history h
        where h.finished_at >= since
        group by h.queue
    )
    select
        q.name, q.paused, coalesce(w.scheduled, 0), coalesce(w.blocked, 0), coalesce(w.ready, 0), coalesce(w.running, 0),
        w.oldest_ready, coalesce(f.completed, 0), coalesce(f.failed, 0), coalesce(f.canceled, 0), f.average_wait,
        f.average_run
    from queue q
    left join waiting w on w.queue = q.name
    left join finished f on f.queue = q.name
    order by q.name
$$;
