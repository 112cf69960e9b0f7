-- Puts all that has happened in the schema pgqueue so many weeks back, the weeks' partitions with it.
create procedure pg_temp.age(weeks integer)
language plpgsql
as $$
declare
    part    record;
    field   record;
    week    date;
begin
    for part in
        select c.relname as name, p.relname as parent
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        join pg_class p on p.oid = i.inhparent
        where p.oid in ('pgqueue.history'::regclass, 'pgqueue.task_output'::regclass) and c.relname ~ '_[0-9]{4}w[0-9]{2}$'
        order by c.relname
    loop
        week := to_date(right(part.name, 7), 'IYYY"w"IW') - weeks * 7;
        execute format('alter table pgqueue.%I detach partition pgqueue.%I', part.parent, part.name);
        for field in
            select a.attname as name
            from pg_attribute a
            where a.attrelid = format('pgqueue.%I', part.name)::regclass and a.atttypid = 'timestamptz'::regtype and not a.attisdropped
        loop
            execute format('update pgqueue.%I set %2$I = %2$I - make_interval(weeks => %3$s)', part.name, field.name, weeks);
        end loop;
        execute format('alter table pgqueue.%I rename to %I', part.name, part.parent || to_char(week, '_IYYY"w"IW'));
        execute format(
            'alter table pgqueue.%I attach partition pgqueue.%I for values from (%L) to (%L)', part.parent,
            part.parent || to_char(week, '_IYYY"w"IW'), week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
    end loop;

    update pgqueue.task
    set created_at = created_at - make_interval(weeks => weeks),
        started_at = started_at - make_interval(weeks => weeks),
        run_at = run_at - make_interval(weeks => weeks),
        tick = tick - make_interval(weeks => weeks);
    update pgqueue.worker
    set started_at = started_at - make_interval(weeks => weeks),
        joined_at = joined_at - make_interval(weeks => weeks),
        seen_at = seen_at - make_interval(weeks => weeks),
        suspect_at = suspect_at - make_interval(weeks => weeks);
    update pgqueue.schedule
    set created_at = created_at - make_interval(weeks => weeks),
        counts_from = counts_from - make_interval(weeks => weeks),
        next_run = next_run - make_interval(weeks => weeks),
        last_tick = last_tick - make_interval(weeks => weeks);
end
$$;
