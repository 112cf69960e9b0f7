-- What waited behind the migrations' locks could not be heard of meanwhile: nobody is dead for that. Whoever holds a
-- worker's row is alive anyway.
update worker w
set seen_at = clock_timestamp(),
    lease_until = case when w.lease_until is not null then clock_timestamp() + worker_lease() end
where w.id in (select l.id from worker l where l.lost_at is null for update skip locked);

-- Workers look at once what has become of the schema.
select pg_notify(wake_channel(), '!schema');
