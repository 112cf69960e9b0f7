namespace PgQueue.Chaos;

/// <summary>Nothing lies about in the database when all is done and all workers have gone.</summary>
internal static class LeftoverChecks
{
    private static readonly Dictionary<string, string> Queries = new()
    {
        ["no task is left"] = "select t.id || ' ' || t.state || ' of worker ' || coalesce(t.worker_id, 0) || ', waits for ' || t.waits_for || ', group ' || coalesce(t.group_key, '') from task t",
        ["no task has two ends"] = "select id || ' ended ' || count(*) || ' times' from history group by id having count(*) > 1",
        ["no client id has two tasks"] = "select client_id || ' has ' || count(*) from tasks where client_id is not null group by client_id having count(*) > 1",
        ["nothing is left to settle"] = "select a::text from arrival a",
        ["nobody waits for anything"] = "select d::text from dependency d",
        ["no group's turn is held"] = "select g::text from group_turn g",
        ["no worker is left"] = "select w.id || ' ' || w.name || ' of ' || w.joined_at from worker w where w.lost_at is null",
        ["no advisory lock is left"] = "select l.objid || ' held by ' || coalesce(a.application_name, '') from pg_locks l left join pg_stat_activity a using (pid) where l.locktype = 'advisory'",
        ["no worker's session is left"] = "select pid || ' ' || application_name from pg_stat_activity where application_name like 'PgQueue worker%'",
    };

    public static async Task RunAsync(World world)
    {
        foreach (var (rule, sql) in Queries)
        {
            foreach (var left in await world.Control.QueryAsync(sql, row => row.GetString(0), CancellationToken.None))
            {
                world.Breaches.Add(rule, left);
            }
        }
    }
}
