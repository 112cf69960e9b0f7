-- The queue's tables without what makes them a queue: the same columns and rows, the same index to claim by, a primary
-- key each; no checks, no other indexes, no partitions.
create schema bare;
create table bare.task (like pgqueue.task including defaults, primary key (id));
create index on bare.task (queue, priority desc, id) where state = 'ready';
create table bare.history (like pgqueue.history including defaults, primary key (id));
