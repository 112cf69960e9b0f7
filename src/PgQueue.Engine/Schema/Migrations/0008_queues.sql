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

-- How far the folds have come, as far as that can be believed.
create view fold_place as
select
    case when d.xmin = d.transaction_id::xid then d.folded end as folded,
    case when d.xmin = d.transaction_id::xid then d.seen end as seen,
    d.seen_at, d.seconds_from, d.minutes_from
from fold d;

-- What is in finished and in no throughput yet. That is all of it: what says how far the folds have come keeps this from
-- looking at what they have deleted, which stays where it is while any session has an old snapshot.
create view unfolded as
select f.*
from finished f
where f.transaction_id >= coalesce((select pg_snapshot_xmax(p.folded) from fold_place p), '0')
union all
select f.*
from finished f
where f.transaction_id = any (array(select pg_snapshot_xip(p.folded) from fold_place p));

create function fold_lock_key() returns bigint
language sql stable
set search_path from current
as $$ select hashtextextended(current_schema() || '.fold', 0) $$;

-- Adds up what has been there since the last fold but one, if that was so long ago. Whoever reads meanwhile sees all of it
-- before or after: it is one transaction. Returns how many rows of finished it was.
create function fold_finished(patience interval default '5 seconds') returns integer
language plpgsql
set search_path from current
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
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

-- Moves to throughput what one snapshot of the place sees and the other does not.
create function fold_seen(place fold_place) returns integer
language plpgsql
set search_path from current
as $$
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

-- Adds up what was done before a time in longer steps.
create function coarsen_throughput(fine throughput_step, coarse throughput_step, until timestamptz) returns void
language plpgsql
set search_path from current
as $$
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

-- What queues did since a time; it counts from the beginning of the step that the time falls into.
create function throughput_since(since timestamptz)
returns table (
    queue text, completed bigint, failed bigint, canceled bigint, average_wait interval, average_run interval
)
language sql stable parallel restricted
set search_path from current
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
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

-- What is true of each queue now, and what it did since a time.
create function measure_queues(since timestamptz)
returns table (
    queue text, paused boolean, scheduled bigint, blocked bigint, ready bigint, running bigint, oldest_ready timestamptz,
    completed bigint, failed bigint, canceled bigint, average_wait interval, average_run interval
)
language sql stable
set search_path from current
as $$
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
