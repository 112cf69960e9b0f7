create or replace function pgqueue.wake_workers(queues text[]) returns void
language plpgsql
as $$
begin
end
$$
