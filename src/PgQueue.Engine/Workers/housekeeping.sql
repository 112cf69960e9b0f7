select {schema}.ensure_partitions();

select {schema}.drop_old_partitions();

delete from {schema}.worker where lost_at < now() - interval '1 day';
