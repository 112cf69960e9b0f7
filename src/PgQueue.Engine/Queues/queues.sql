select
    q.name, q.paused, q.max_concurrency, q.rate_count, q.rate_period, q.rate_burst, q.default_timeout,
    q.default_attempts, q.default_retry::text, q.dead_letter_queue,
    make_interval(secs => extract(epoch from r.retention)::double precision), r.retention_count, q.keep_all, q.created_at
from {schema}.queue q
join {schema}.retention r on r.queue = q.name
where $1::text[] is null or q.name like any ($1)
order by q.name
