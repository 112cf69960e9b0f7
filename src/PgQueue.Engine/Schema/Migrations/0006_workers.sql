-- How long a worker behind a pooler is taken to live after its last sign of life.
create function worker_lease() returns interval
language sql immutable
as $$ select interval '15 seconds' $$;

-- A new worker. It lives as long as the session that calls this holds worker_lock_key(id); a leased one, as long as it
-- renews its lease.
create function register_worker(
    name text, host text, process_id integer, version text, queues text[], concurrency integer,
    filter jsonb default null, leased boolean default false
)
returns bigint
language plpgsql
set search_path from current
as $$
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

-- Ends the session that holds a worker's lock though the worker has not been heard of: its network broke without a word to
-- the server, or the whole process stands still. The lock is free a moment later.
create function end_worker_session(worker_id bigint) returns void
language plpgsql
set search_path from current
as $$
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

-- Binds a living worker to the session that calls this, after its old one broke. False: it was given up, and its tasks
-- are others' now. The old session may still hold the lock on the server's side (its end was never told of the break):
-- it is ended.
create function rejoin_worker(worker_id bigint, leased boolean default false) returns boolean
language plpgsql
set search_path from current
as $$
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

-- Which of these runs are not the worker's, though it has them in hand? A standby that was promoted may not have heard of
-- the claim, and its sequences may give out the same ids once more.
create function foreign_runs(worker_id bigint, ids bigint[], runs integer[]) returns bigint[]
language sql stable
set search_path from current
as $$
    select coalesce(array_agg(h.id), '{}')
    from unnest(ids, runs) as h (id, run)
    left join task t
        on t.id = any (array[h.id]) and t.run = h.run and t.worker_id = foreign_runs.worker_id and t.state = 'running'
    where t.id is null
$$;

-- Does a leased worker hold the maintainer's office? It has no session to hold the lock with: its row says so, and it is
-- taken from one that has not been heard of. A worker with a session that takes the lock takes the office from it.
create function holds_office(worker_id bigint) returns boolean
language plpgsql
set search_path from current
as $$
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

-- What a worker asks for several times a second on its own session: is it still in office, was it told to stop, which of
-- its tasks are to be canceled, is it the maintainer (it takes the office if it is free), is it to stand in for one that
-- holds the office and has not been heard of for a while, which version has the schema, and which one must the worker
-- know to go on? One that knows only an older one has no office any more. Renews a leased worker's lease.
create function worker_tick(worker_id bigint, is_maintainer boolean, known_version integer default null)
returns table (
    alive boolean, stop_requested text, canceled bigint[], maintainer boolean, stands_in boolean, schema_version integer,
    needed_version integer
)
language plpgsql
set search_path from current
as $$
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

-- Takes the tasks of workers whose lock is free. A worker whose session broke has a moment to come back: the lock must
-- be free at two looks that lie at least patience apart. The lock, once taken here, is held to the end of the
-- transaction, so that a worker that comes back just now waits and then learns that it was given up.
--
-- A worker that holds its lock and has not been heard of for lease stands still: its session is ended, and the rest
-- follows from that. One that has a lease in the lock's place is given up when that is over; nobody could renew any while
-- the server was down.
--
-- Returns those given up, with how many tasks were taken from each, and, with null for that, those under suspicion.
--
-- thorough: looks for tasks whose worker is not there at all, which reads every running one.
create function recover_workers(
    patience interval default '500 milliseconds', lease interval default '15 seconds', thorough boolean default true
)
returns table (worker_id bigint, worker text, tasks integer)
language plpgsql
set search_path from current
as $$
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

-- Frees all that a worker has running, but what it knows of: to run again, or to its end where it was canceled or has been lost too often. A
-- run that the worker's death took counts as lost; one that its stop took never happened.
create function free_tasks(old_worker_id bigint, died boolean, known bigint[] default '{}') returns integer
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

-- A worker's own farewell. What it still has running (a stop that ran out of time) runs elsewhere at once.
create function unregister_worker(worker_id bigint) returns void
language plpgsql
set search_path from current
as $$
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

-- Puts due tasks where they belong, ready or in their group's line, max_tasks at the most. Returns how many.
create function promote_due(max_tasks integer default 5000) returns integer
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

-- Ends waiting tasks that are not worth running any more, max_tasks at the most. Returns how many.
create function expire_tasks(max_tasks integer default 1000) returns integer
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

-- Seconds until the next task is due, or expires, by this server's clock; null where there is none.
create function next_due() returns double precision
language plpgsql stable
set search_path from current
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
    return extract(epoch from least(
        (select min(t.run_at) from task t where t.state = 'scheduled'),
        (select min(t.expires_at) from task t
         where t.expires_at is not null and t.state in ('scheduled', 'blocked', 'ready'))
    ) - clock_timestamp())::double precision;
end
$$;

-- Tells workers to stop: to finish what they run, or at once. Returns the ids of those told.
create function stop_workers(ids bigint[], how text) returns setof bigint
language plpgsql
set search_path from current
as $$
begin
    return query
    update worker w set stop_requested = how where w.id = any (ids) and w.lost_at is null returning w.id;
    perform pg_notify(wake_channel(), '!stop');
end
$$;

-- Gives back what a worker holds without knowing it: a claim was made, and its answer lost on the way. Returns how many.
create function free_strays(worker_id bigint, known bigint[]) returns integer
language sql
set search_path from current
as $$ select free_tasks(worker_id, died => false, known => known) $$;
