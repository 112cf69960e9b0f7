namespace PgQueue.Chaos;

/// <summary>Harm to connections and to the server.</summary>
internal sealed class DatabaseFaults(World world)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private const string WorkerSessions = "PgQueue worker ";

    /// <summary>Ends any session: a worker's, a producer's.</summary>
    public Task EndBackendAsync(double chance, CancellationToken stop) => EndAsync(FaultKind.EndBackend, "", chance, stop);

    /// <summary>Ends the session that holds a worker's place, and listens.</summary>
    public Task EndSessionAsync(double chance, CancellationToken stop) => EndAsync(FaultKind.EndSession, WorkerSessions, chance, stop);

    /// <summary>Adds a task in a session that is ended after its commit and before the answer.</summary>
    public async Task LoseAnswerAsync()
    {
        var adding = world.Unanswered.AddSurelyAsync(world.Tasks.Plain(0), new Booking("answer lost"));
        world.Incidents.Add(new Incident(DateTimeOffset.UtcNow, FaultKind.LoseAnswer, "a producer"));
        while (!adding.IsCompleted)
        {
            await world.Control.QueryAsync(
                "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'", row => row.GetBoolean(0), CancellationToken.None);
            await Task.WhenAny(adding, Task.Delay(Look));
        }

        await adding;
    }

    public async Task RestartAsync(FaultKind how, TimeSpan away)
    {
        var began = DateTimeOffset.UtcNow;
        await world.Server.RestartAsync(how, away);
        world.Incidents.Add(new Incident(began, how, "the server", DateTimeOffset.UtcNow));
    }

    private async Task EndAsync(FaultKind kind, string application, double chance, CancellationToken stop)
    {
        var sessions = await world.Control.QueryAsync(
            """
            select pid, application_name
            from pg_stat_activity
            where backend_type = 'client backend' and application_name like $1 || '%' and application_name <> $2
            order by backend_start, pid
            """,
            row => (Id: row.GetInt32(0), Application: row.GetString(1)), stop, application, Control.ApplicationName);
        if (sessions.Count == 0)
        {
            return;
        }

        var victim = sessions[(int)(chance * sessions.Count)];
        world.Incidents.Add(new Incident(DateTimeOffset.UtcNow, kind, victim.Application.Replace(WorkerSessions, "", StringComparison.Ordinal)));
        await world.Control.ScalarAsync<bool>("select pg_terminate_backend($1)", stop, victim.Id);
    }
}
