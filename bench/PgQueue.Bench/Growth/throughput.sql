-- What the maintainer would have added up of them, had it been there.
with place as (
    update pgqueue.fold
    set seconds_from = date_trunc('minute', now() - interval '2 hours', 'UTC'),
        minutes_from = date_trunc('hour', now() - interval '3 days', 'UTC')
    returning seconds_from, minutes_from
)
insert into pgqueue.throughput (at, waited, ran, tasks, starts, runs, step, state, queue)
select
    date_trunc(s.step, h.finished_at, 'UTC'), sum(h.started_at - greatest(h.run_at, h.created_at)),
    sum(h.finished_at - h.started_at), count(*), count(*), count(*), s.step::pgqueue.throughput_step, h.state, h.queue
from pgqueue.history h
cross join place p
cross join lateral (
    select case when h.finished_at < p.minutes_from then 'hour' when h.finished_at < p.seconds_from then 'minute' else 'second' end as step
) s
group by 1, s.step, h.state, h.queue
