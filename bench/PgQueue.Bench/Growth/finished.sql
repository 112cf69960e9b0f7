-- Finished tasks of four weeks, in the order they finished in; one in a hundred failed.
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
