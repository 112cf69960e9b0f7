select {schema}.ensure_partitions();

select {schema}.drop_old_partitions();

delete from {schema}.worker where lost_at < now() - interval '1 day';

-- As much as Measure-PqQueue promises.
delete from {schema}.throughput where step = 'hour' and at < now() - interval '1 year';
