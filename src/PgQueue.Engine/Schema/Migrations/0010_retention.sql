-- How long, and how many, each queue's finished tasks are kept; null where without end.
create view retention as
select
    q.name as queue,
    case when not q.keep_all then coalesce(q.retention, d.retention) end as retention,
    case when not q.keep_all then coalesce(q.retention_count, d.retention_count) end as retention_count
from queue q
cross join queue_defaults d;

-- Sets what holds for queues that say nothing of their own; null: without end.
create function set_retention(retention interval, retention_count bigint) returns void
language sql
set search_path from current
as $$
    update queue_defaults
    set retention = set_retention.retention, retention_count = set_retention.retention_count
$$;

-- The end of the week that a partition holds, by its name; null for the default partition.
create function partition_end(partition_name text) returns timestamptz
language sql immutable
as $$
    select case
        when partition_name ~ '_[0-9]{4}w[0-9]{2}$'
            then (to_date(right(partition_name, 7), 'IYYY"w"IW') + 7)::timestamp at time zone 'UTC'
    end
$$;

-- Drops the weeks that no queue keeps any more. Returns how many partitions.
create function drop_old_partitions() returns integer
language plpgsql
set search_path from current
as $$
declare
    longest interval;
    part    record;
    dropped integer := 0;
begin
    if exists (select from retention r where r.retention is null) then
        return 0; -- Some queue keeps all.
    end if;

    select max(r.retention) into longest from retention r;
    -- A lock that somebody holds is not waited for: there is time.
    perform set_config('lock_timeout', '200ms', true);

    for part in
        select c.relname::text as name, p.relname::text as parent, partition_end(c.relname) as ends
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        join pg_class p on p.oid = i.inhparent
        where p.oid in ('history'::regclass, 'task_output'::regclass)
          and partition_end(c.relname) < now() - longest
        order by p.relname, c.relname
    loop
        begin
            if part.parent = 'history' then
                execute format(
                    'delete from client_key k using %I h where h.client_id is not null and k.task_id = h.id', part.name);
            elsif exists (select from history h where h.created_at < part.ends)
                or exists (select from task t where t.created_at < part.ends and t.run > 0) then
                continue; -- Output of a task that is kept: it was added then and may have run.
            end if;

            execute format('drop table %I', part.name);
            dropped := dropped + 1;
        exception when lock_not_available then
            null;
        end;
    end loop;

    delete from task_output_default o
    where o.at < now() - longest
      and not exists (select from task t where t.id = o.task_id)
      and not exists (select from history h where h.id = o.task_id);

    return dropped;
end
$$;

-- Deletes finished tasks that their queue keeps no longer, max_tasks at the most: those of queues that keep less than the
-- longest, and of those that keep less than a week; the others go by the week. Returns how many.
create function delete_old_tasks(max_tasks integer default 5000) returns integer
language plpgsql
set search_path from current
as $$
declare
    longest interval;
    endless boolean;
    kept    record;
    surplus bigint[];
    deleted integer := 0;
begin
    select max(r.retention), bool_or(r.retention is null) into longest, endless from retention r;

    for kept in
        select r.* from retention r where r.retention is not null or r.retention_count is not null order by r.queue
    loop
        -- What is in the default partition goes with no week.
        if endless or kept.retention < longest or kept.retention < interval '1 week'
            or exists (
                select from history_default h where h.queue = kept.queue and h.finished_at < now() - kept.retention)
        then
            select array_agg(h.id) into surplus
            from (
                select h.id
                from history h
                where h.queue = kept.queue and h.finished_at < now() - kept.retention
                limit max_tasks - deleted
            ) h;
            deleted := deleted + (select count(*) from remove_tasks(surplus));
        end if;

        if kept.retention_count is not null then
            select array_agg(h.id) into surplus
            from (
                select h.id
                from history h
                where h.queue = kept.queue
                order by h.finished_at desc
                offset kept.retention_count
                limit max_tasks - deleted
            ) h;
            deleted := deleted + (select count(*) from remove_tasks(surplus));
        end if;

        exit when deleted >= max_tasks;
    end loop;

    return deleted;
end
$$;
