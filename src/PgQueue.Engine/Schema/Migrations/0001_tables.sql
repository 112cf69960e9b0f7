-- Runs with search_path set to the queue's schema alone; functions keep that path by SET search_path FROM CURRENT,
-- so they are safe to call from a trigger or from a session with any path of its own.

create type task_state as enum ('scheduled', 'blocked', 'ready', 'running', 'completed', 'failed', 'canceled');
create type task_kind as enum ('script', 'method', 'command');
create type task_end as enum (
    'success', 'error', 'exit_code', 'signal', 'timeout', 'memory', 'processes', 'lost', 'canceled', 'expired'
);
create type output_stream as enum (
    'output', 'error', 'warning', 'verbose', 'information', 'debug', 'progress'
);
create type group_order as enum ('fifo', 'lifo');
create type overlap_policy as enum ('skip', 'allow', 'queue');
create type missed_policy as enum ('skip', 'once', 'all');

create table queue (
    name                text primary key check (name <> '' and length(name) <= 200),
    paused              boolean not null default false,
    max_concurrency     integer check (max_concurrency >= 1),
    -- Starts allowed in a period: a bucket that fills evenly, rate_burst at once at the most.
    rate_count          integer check (rate_count >= 1),
    rate_period         interval check (rate_period > interval '0'),
    rate_burst          integer check (rate_burst >= 1),
    rate_tokens         double precision,
    rate_tokens_at      timestamptz,
    limited             boolean not null
                        generated always as (max_concurrency is not null or rate_count is not null) stored,
    default_timeout     interval check (default_timeout > interval '0' and default_timeout <= interval '3650 days'),
    default_attempts    integer check (default_attempts >= 1),
    default_retry       jsonb,
    dead_letter_queue   text check (dead_letter_queue <> name),
    -- How long, and how many, finished tasks are kept; what the defaults say where both are null.
    retention           interval check (retention > interval '0'),
    retention_count     bigint check (retention_count >= 0),
    keep_all            boolean not null default false,
    created_at          timestamptz not null default now(),
    check ((rate_count is null) = (rate_period is null) and (rate_burst is null or rate_count is not null))
);

insert into queue (name) values ('default');

-- What holds for queues that say nothing of their own: one row.
create table queue_defaults (
    retention           interval check (retention > interval '0'),
    retention_count     bigint check (retention_count >= 0)
);

insert into queue_defaults (retention) values (interval '30 days');

-- Script texts by hash: 100,000 tasks of one script store it once.
create table script (
    hash        bytea primary key,
    text        text not null,
    created_at  timestamptz not null default now()
);

create table worker (
    id              bigint generated always as identity primary key,
    name            text not null,
    host            text not null,
    process_id      integer not null,
    version         text not null,
    queues          text[],
    concurrency     integer not null,
    -- What else it picks its tasks by, for people to read.
    filter          jsonb,
    -- True while it waits with a free slot: only then is it worth a notification.
    asleep          boolean not null default false,
    stop_requested  text check (stop_requested in ('drain', 'now')),
    backend_pid     integer,
    started_at      timestamptz not null default now(),
    -- When the session that holds its lock began.
    joined_at       timestamptz not null default clock_timestamp(),
    -- Its last sign of life: every 5 seconds, and every second from the maintainer.
    seen_at         timestamptz not null default clock_timestamp(),
    -- It holds the maintainer's lock.
    maintains       boolean not null default false,
    -- Behind a pooler, where session locks don't hold, the lease is this time; null where the lock is.
    lease_until     timestamptz,
    -- When its advisory lock was first seen free.
    suspect_at      timestamptz,
    -- Set once its tasks were taken from it.
    lost_at         timestamptz
);

create sequence task_id as bigint;

-- Unfinished tasks only: what is finished moves to history, so this stays small and vacuum cheap. What is never null and
-- has a fixed width comes first: it is found without a look at what lies before it.
create table task (
    id                  bigint primary key default nextval('task_id'),
    created_at          timestamptz not null default now(),
    run_at              timestamptz not null default now(),
    state               task_state not null default 'ready',
    kind                task_kind not null,
    priority            integer not null default 50,
    max_attempts        integer not null default 1 check (max_attempts >= 1),
    max_lost            integer not null default 3 check (max_lost >= 0),
    -- Every start counts as a run; with the worker it fences a late answer. An attempt is a run that was the
    -- task's own affair; a lost one died with its worker.
    run                 integer not null default 0,
    attempt             integer not null default 0,
    lost                integer not null default 0,
    -- Of the tasks it was to run after, how many have not ended yet.
    waits_for           integer not null default 0,
    -- Its queue had a limit when it was claimed: its end is news for that queue.
    limited             boolean not null default false,
    -- Somebody waits for its end and wants a notification.
    watched             boolean not null default false,
    queue               text not null,
    spec                jsonb not null default '{}',
    started_at          timestamptz,
    worker_id           bigint,
    name                text,
    tags                text[],
    script_hash         bytea,
    timeout             interval check (timeout > interval '0' and timeout <= interval '3650 days'),
    memory_limit        bigint check (memory_limit > 0),
    -- What its processes may number at once; what the worker says where null.
    process_limit       integer check (process_limit > 0),
    retry               jsonb,
    client_id           text check (length(client_id) <= 500),
    dedupe_key          text check (length(dedupe_key) <= 500),
    group_key           text check (length(group_key) <= 500),
    group_order         group_order check (group_order is null or group_key is not null),
    -- The tasks it was to run after.
    needs               bigint[],
    dead_letter_queue   text,
    -- A dead letter stands for a failed task of another queue.
    dead_letter_of      bigint,
    dead_letter_from    text,
    expires_at          timestamptz,
    schedule            text,
    tick                timestamptz,
    cancel_requested_at timestamptz,
    cancel_reason       text,
    -- The task that took its place while it ran: this one never runs again.
    replaced_by         bigint,
    error               jsonb,
    -- The runs before this one, oldest first.
    past_runs           jsonb,
    check (state not in ('completed', 'failed', 'canceled')),
    check (kind <> 'script' or script_hash is not null or spec ? 'file'),
    check (state <> 'running' or worker_id is not null)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- ~priority falls as the priority rises: so (rank, id) grows along the order in which tasks are taken, and a claim can go on
-- behind a place in it.
create index task_claim on task (queue, (~priority), id) where state = 'ready';
create index task_due on task (run_at) where state = 'scheduled';
create index task_running on task (worker_id) where state = 'running';
create index task_cancel on task (worker_id) where cancel_requested_at is not null;
create index task_line on task (queue, group_key, id) where state = 'blocked' and group_key is not null and waits_for = 0;
create index task_expiry on task (expires_at)
    where expires_at is not null and state in ('scheduled', 'blocked', 'ready');
create unique index task_dedupe on task (dedupe_key) where dedupe_key is not null;

-- Finished tasks, by the week they finished in; retention drops partitions.
create table history (
    id                  bigint not null,
    queue               text not null,
    priority            integer not null,
    state               task_state not null check (state in ('completed', 'failed', 'canceled')),
    kind                task_kind not null,
    name                text,
    tags                text[],
    script_hash         bytea,
    spec                jsonb not null,
    timeout             interval,
    memory_limit        bigint,
    process_limit       integer,
    max_attempts        integer not null,
    max_lost            integer not null,
    retry               jsonb,
    client_id           text,
    dedupe_key          text,
    group_key           text,
    group_order         group_order,
    needs               bigint[],
    dead_letter_queue   text,
    dead_letter_of      bigint,
    dead_letter_from    text,
    -- The dead letter that stands for it in another queue.
    dead_letter_id      bigint,
    expires_at          timestamptz,
    schedule            text,
    tick                timestamptz,
    created_at          timestamptz not null,
    run_at              timestamptz not null,
    started_at          timestamptz,
    finished_at         timestamptz not null default now(),
    run                 integer not null,
    attempt             integer not null,
    lost                integer not null,
    worker_id           bigint,
    worker              text,
    replaced_by         bigint,
    ended               task_end not null,
    exit_code           integer,
    signal              integer,
    peak_memory         bigint,
    error               jsonb,
    result              jsonb,
    past_runs           jsonb,
    primary key (id, finished_at)
) partition by range (finished_at);

create index history_failed on history (finished_at) where state = 'failed';
create index history_failed_id on history (id) where state = 'failed';
create index history_finished on history using brin (finished_at);

-- What was finished lately: a row for each statement that moved tasks to history, their queue and their end. fold_finished
-- adds them up in throughput.
create table finished (
    -- Tells a fold what it has seen, whenever that was committed.
    transaction_id  xid8 not null default pg_current_xact_id(),
    at              timestamptz not null,
    -- How long those that started for the first time had waited for that, and how long all that had started ran.
    waited          interval,
    ran             interval,
    tasks           integer not null,
    starts          integer not null,
    runs            integer not null,
    state           task_state not null,
    queue           text not null
);

create index finished_transaction on finished (transaction_id);

create type throughput_step as enum ('second', 'minute', 'hour');

-- What was finished before: sums over a second, minute or hour, the coarser the longer ago.
create table throughput (
    -- When the step began.
    at              timestamptz not null,
    waited          interval,
    ran             interval,
    tasks           bigint not null,
    starts          bigint not null,
    runs            bigint not null,
    step            throughput_step not null,
    state           task_state not null,
    queue           text not null
);

create index throughput_at on throughput (step, at);

-- How far the folds have come: one row.
create table fold (
    -- Whose rows are in throughput, and whose the next fold puts there.
    folded          pg_snapshot,
    seen            pg_snapshot,
    seen_at         timestamptz,
    -- Who has written this row. Where that is not its xmin, it was restored from a dump, and the snapshots are those of
    -- another server.
    transaction_id  xid8,
    -- No seconds are kept from before the one, no minutes from before the other.
    seconds_from    timestamptz,
    minutes_from    timestamptz
);

insert into fold default values;

-- A client's own id for a task is unique until the task is cleared; it outlives the move to history.
create table client_key (
    client_id   text primary key,
    task_id     bigint not null unique
);

-- Who waits for whom. A row goes when the awaited task has ended.
create table dependency (
    task_id     bigint not null,
    needs_id    bigint not null,
    any_end     boolean not null default false,
    primary key (task_id, needs_id)
);

create index dependency_needs on dependency (needs_id);

-- Whose turn it is in each group that has any tasks in line. Only that one is ready or running, or waits for its retry.
create table group_turn (
    queue       text not null,
    group_key   text not null,
    task_id     bigint,
    primary key (queue, group_key)
);

-- What a transaction leaves to be settled when it commits: a group whose turn may be free, an awaited task that may have
-- ended. So no lock on a group or on an awaited task is held longer than a commit takes, however long the transaction.
create table arrival (
    -- 0 where the maintainer settles it, because its transaction can't see what was committed beside it.
    transaction_id  xid8 not null default pg_current_xact_id(),
    id              bigint generated always as identity,
    queue           text,
    group_key       text,
    needs_id        bigint,
    primary key (transaction_id, id)
);

-- The records of a task's streams, appended while it runs; run tells a lost run's records from the one that counts.
create table task_output (
    task_id     bigint not null,
    run         integer not null,
    seq         integer not null,
    at          timestamptz not null default clock_timestamp(),
    stream      output_stream not null,
    text        text,
    clixml      text
) partition by range (at);

create index task_output_task on task_output (task_id, run, seq);

create table schedule (
    name            text primary key check (name <> ''),
    cron            text,
    every           interval check (every >= interval '1 second'),
    time_zone       text not null default 'UTC',
    -- What to add at each tick, in the words of add_tasks.
    task            jsonb not null,
    overlap         overlap_policy not null default 'skip',
    missed          missed_policy not null default 'once',
    missed_limit    integer not null default 100 check (missed_limit >= 1),
    jitter          interval check (jitter >= interval '0'),
    start_at        timestamptz,
    end_at          timestamptz check (end_at > start_at),
    max_runs        integer check (max_runs >= 1),
    active          boolean not null default true,
    runs            bigint not null default 0,
    next_run        timestamptz,
    last_tick       timestamptz,
    last_task_id    bigint,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check ((cron is null) <> (every is null))
);

create index schedule_next on schedule (next_run) where active;

-- Makes the weekly partitions of history and task_output for this week and the two to come, and a default one for
-- rows whose week has none. Safe to call at any time; returns how many it made.
create function ensure_partitions() returns integer
language plpgsql
set search_path from current
as $$
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

select ensure_partitions();
