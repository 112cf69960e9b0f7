-- Finished tasks of four weeks, in the weeks' partitions that they would have been in; one in a hundred failed.
do $$
declare
    week date;
begin
    for week in
        select generate_series(date_trunc('week', now() at time zone 'UTC') - interval '4 weeks',
                               date_trunc('week', now() at time zone 'UTC') - interval '1 week', interval '1 week')::date
    loop
        execute format('create table pgqueue.%I partition of pgqueue.history for values from (%L) to (%L)',
                       'history' || to_char(week, '_IYYY"w"IW'), week::text || ' 00:00:00+00', (week + 7)::text || ' 00:00:00+00');
    end loop;
end
$$;

insert into pgqueue.history (
    id, queue, priority, state, kind, spec, max_attempts, max_lost, created_at, run_at, started_at, finished_at, run, attempt,
    lost, worker_id, worker, ended, error)
select
    nextval('pgqueue.task_id'), 'default', 50,
    case when i % 100 = 0 then 'failed' else 'completed' end::pgqueue.task_state,
    'method', jsonb_build_object('method', 'noop', 'args', jsonb_build_array(i)), 1, 3, t.at, t.at, t.at, t.at, 1, 1, 0, 0, 'bench',
    case when i % 100 = 0 then 'error' else 'success' end::pgqueue.task_end,
    case when i % 100 = 0 then '{"message": "It failed.", "type": "System.Exception"}'::jsonb end
from generate_series(1, $1) i
cross join lateral (select now() - interval '27 days' * (1 - i / $1::double precision) as at) t
