-- What a schedule says is in the first columns; the rest is how it stands.
alter table schedule
    add check (every <= interval '87600 hours'),
    add check (jitter <= interval '87600 hours'),
    add check (length(name) <= 200),
    add check (missed_limit <= 10000),
    -- Ticks after this time count. Null until it is active for the first time.
    add column counts_from timestamptz default now(),
    -- Ticks up to here that were not fired count as missed, however lately they were due.
    add column resumed_at timestamptz,
    -- Set when there will be no further tick.
    add column ended_at timestamptz,
    -- Ticks that were passed over: its previous task had not ended, or they were missed and not made up.
    add column skipped bigint not null default 0,
    -- Why it could not be fired, and when that is tried again.
    add column error text,
    add column retry_at timestamptz,
    -- When the maintainer has to look at it: at once where its next run is not known yet.
    add column due_at timestamptz not null generated always as (
        greatest(coalesce(next_run, '-infinity'), coalesce(retry_at, '-infinity'))) stored,
    -- One row with a time that the engine can't hold would stand in the way of all.
    add check (
        least(start_at, end_at, next_run, last_tick, counts_from, resumed_at, created_at) > '0001-01-02 00:00:00+00'
        and greatest(start_at, end_at, next_run, last_tick, counts_from, resumed_at, created_at)
            < '9999-12-30 00:00:00+00');

drop index schedule_next;
create index schedule_due on schedule (due_at) where active and ended_at is null;

-- No tick has two tasks; and what a schedule has unfinished is found fast.
create unique index task_schedule on task (schedule, tick) where schedule is not null;
create index history_schedule on history (schedule, finished_at) where schedule is not null;

-- Makes a schedule, or changes the one of that name: its runs so far stay, and its next run too where the rhythm (cron,
-- every, time_zone, start_at) is the same. task is an object of settings as add_tasks takes them. cron has 5 or 6 fields;
-- only the maintainer can read it and the time zone: where it can't, the schedule's error says why. active null leaves a
-- schedule that was suspended so, and makes a new one active.
create function register_schedule(
    name            text,
    task            jsonb,
    cron            text default null,
    every           interval default null,
    time_zone       text default 'UTC',
    overlap         overlap_policy default 'skip',
    missed          missed_policy default 'once',
    missed_limit    integer default 100,
    jitter          interval default null,
    start_at        timestamptz default null,
    end_at          timestamptz default null,
    max_runs        integer default null,
    active          boolean default null
)
returns void
language plpgsql
set search_path from current
as $$
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

-- Refuses now what would be refused at every tick.
create function check_scheduled_task(task jsonb) returns void
language plpgsql
set search_path from current
as $$
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

-- Forgets schedules. What they have added stays. Returns the names of those that were there.
create function unregister_schedules(names text[]) returns setof text
language plpgsql
set search_path from current
as $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    return query delete from schedule s where s.name = any (names) returning s.name;
end
$$;

create function unregister_schedule(name text) returns boolean
language sql
set search_path from current
as $$ select exists (select from unregister_schedules(array[name])) $$;

-- Stops schedules until they are resumed. Returns the names of those that were there.
create function suspend_schedules(names text[]) returns setof text
language plpgsql
set search_path from current
as $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    update schedule s set active = false where s.name = any (names) and s.active;
    return query select s.name from schedule s where s.name = any (names);
end
$$;

create function suspend_schedule(name text) returns boolean
language sql
set search_path from current
as $$ select exists (select from suspend_schedules(array[name])) $$;

-- Lets schedules go on. Ticks since their suspension count as missed. Returns the names of those that were there.
create function resume_schedules(names text[]) returns setof text
language plpgsql
set search_path from current
as $$
begin
    perform from schedule s where s.name = any (names) order by s.name for update;
    update schedule s
    set active = true, resumed_at = clock_timestamp(), counts_from = coalesce(s.counts_from, clock_timestamp()),
        retry_at = null
    where s.name = any (names) and not s.active;
    return query select s.name from schedule s where s.name = any (names);
end
$$;

create function resume_schedule(name text) returns boolean
language sql
set search_path from current
as $$ select exists (select from resume_schedules(array[name])) $$;

-- What a schedule adds: its task, under its name where it has none, after what it must not overlap with.
create function scheduled_task(s schedule, tick timestamptz, waits boolean) returns jsonb
language sql
set search_path from current
as $$
    select jsonb_build_object('name', s.name) || s.task || jsonb_strip_nulls(jsonb_build_object(
        'schedule', s.name,
        'tick', tick,
        'run_at', case when s.jitter > interval '0' and tick is not null then now() + random() * s.jitter end,
        'after_any', (
            select to_jsonb(array[max(t.id)]) from task t where waits and t.schedule = s.name having max(t.id) is not null)))
$$;

-- A run of each of these schedules now, apart from its rhythm; after what it has unfinished, unless it allows overlap.
create function start_schedules(names text[])
returns table (name text, id bigint, existing boolean)
language plpgsql
set search_path from current
as $$
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

create function start_schedule(name text) returns bigint
language plpgsql
set search_path from current
as $$
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

-- Schedules that are due, or whose next run is not known, locked for the rest of the transaction. now is its beginning,
-- which is also when the tasks that it adds were created: no task is older than its tick.
create function lock_due_schedules(max_schedules integer, only_name text default null)
returns table (
    now timestamptz, name text, cron text, every_us bigint, time_zone text, overlap text, missed text,
    missed_limit integer, start_at timestamptz, end_at timestamptz, max_runs integer, runs bigint,
    created_at timestamptz, counts_from timestamptz, resumed_at timestamptz, next_run timestamptz,
    last_tick timestamptz, unfinished boolean
)
language sql
set search_path from current
as $$
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

-- Seconds until lock_due_schedules has work, by this server's clock; null where there is none to come.
create function next_schedule() returns double precision
language plpgsql stable
set search_path from current
as $$
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

-- Adds the tasks of ticks and moves their schedules on, whose rows the caller has locked. fires is an array of
--     name, ticks (to be run, ascending), waits (each after the one before), skipped, last_tick, next_run, ended,
--     error (it could not be read: nothing else is given)
-- A schedule whose task is refused gets the reason as its error, and another try later; the others go on. Returns those
-- with a new error.
create function fire_schedules(fires jsonb)
returns table (name text, error text)
language plpgsql
set search_path from current
as $$
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

create function fire_together(fires jsonb)
returns table (name text, error text)
language plpgsql
set search_path from current
as $$
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

-- All schedules with how they stand, readable.
create view schedules as
select
    s.name, s.cron, s.every, s.time_zone, s.overlap, s.missed, s.missed_limit, s.jitter, s.start_at, s.end_at, s.max_runs,
    case
        when s.ended_at is not null then 'ended'
        when not s.active then 'suspended'
        when s.error is not null then 'error'
        else 'active'
    end as state,
    case when s.active and s.ended_at is null then s.next_run end as next_run,
    s.runs, s.skipped, s.last_tick, s.last_task_id,
    coalesce(
        (select t.state from task t where t.id = s.last_task_id),
        (select h.state from history h where h.id = s.last_task_id and h.finished_at >= s.created_at limit 1)
    ) as last_state,
    ended.ended as last_ended, ended.started_at as last_started_at, ended.finished_at as last_finished_at,
    s.error, s.task, s.created_at, s.updated_at
from schedule s
left join lateral (
    select h.ended, h.started_at, h.finished_at
    from history h
    where h.schedule = s.name and h.finished_at >= s.created_at
    order by h.finished_at desc
    limit 1
) ended on true;
