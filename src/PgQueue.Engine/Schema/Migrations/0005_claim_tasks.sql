-- Does a worker that picks its tasks by these want this one? Null means all.
create function is_wanted(
    priority integer, tags text[], name text, wanted_priorities int4range[], wanted_tags text[], wanted_names text[]
)
returns boolean
language sql immutable
as $$
    select (wanted_priorities is null or priority <@ any (wanted_priorities))
       and (wanted_tags is null or tags && wanted_tags)
       and (wanted_names is null or name ilike any (wanted_names))
$$;

-- How many tasks of a limited queue may start now. Its row is locked: no other claim of that queue is under way.
create function places_of(limited queue, out places integer, out tokens double precision)
language plpgsql
set search_path from current
as $$
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

-- The starts that a queue's rate allows by now: rate_burst in the beginning, and one more than that at the most, so that
-- a start that comes a little late costs none of the rate.
create function bucket(limited queue) returns double precision
language sql stable
set search_path from current
as $$
    select least(
        greatest(1, coalesce(limited.rate_burst, limited.rate_count / 10)) + 1,
        coalesce(limited.rate_tokens, greatest(1, coalesce(limited.rate_burst, limited.rate_count / 10)))
            + coalesce(extract(epoch from clock_timestamp() - limited.rate_tokens_at)::double precision, 0)
                * limited.rate_count / extract(epoch from limited.rate_period)::double precision)
$$;

-- Where in the order of task_claim a claim begins, given as [<priority>, <id>]: before all where null.
create function first_rank(place jsonb) returns integer
language sql immutable
as $$ select coalesce(~(place ->> 0)::integer, -2147483648) $$;

create function first_id(place jsonb) returns bigint
language sql immutable
as $$ select coalesce((place ->> 1)::bigint, 0) $$;

-- Up to max_tasks ready tasks for a worker, highest priority first, oldest first within one. Only queues that match one
-- of the LIKE patterns; all where queues is null. Rows scanned stay proportional to max_tasks times the number of queues.
--
-- caps says how many of a queue's tasks this worker runs at once, as [["<LIKE pattern>", <number>], ...], busy how many it
-- runs already, as {"<queue>": <number>, ...}.
--
-- beyond says behind which task to begin, as {"<queue>": [<priority>, <id>], ...}. What was claimed leaves its entries at
-- the head of the index until they are vacuumed away, which any session with an old snapshot prevents.
create function claim_tasks(
    worker_id bigint, queues text[], max_tasks integer, priorities int4range[] default null, tags text[] default null,
    names text[] default null, caps jsonb default null, busy jsonb default null, beyond jsonb default null
)
returns table (
    id bigint, run integer, attempt integer, max_attempts integer, queue text, priority integer, kind task_kind,
    name text, script_hash bytea, spec jsonb, timeout interval, memory_limit bigint, process_limit integer,
    retry jsonb, needs bigint[], schedule text, tick timestamptz
)
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

-- Seconds until the rate of some queue allows the next start of a task that is ready; null where none waits for that.
create function next_token(queues text[]) returns double precision
language plpgsql stable
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
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

-- Is anything left to do for a worker of these queues (LIKE patterns; all where null): ready, running or waiting for its
-- next attempt? What somebody has put off to a later time does not count, nor what waits in a paused queue.
create function has_work(
    queues text[], priorities int4range[] default null, tags text[] default null, names text[] default null
)
returns boolean
language sql stable
set search_path from current
as $$
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
