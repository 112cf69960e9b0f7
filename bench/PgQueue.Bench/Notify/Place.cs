using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A queue with workers and many producers, all waiting to be told to begin.</summary>
internal sealed class Place(Database database, QueueClient client, Crew producers, int connections)
{
    public Database Database => database;

    public static Task PauseAsync(QueueClient client, bool paused, CancellationToken cancellationToken) =>
        client.SetQueueAsync("default", new QueueSettings { Paused = paused }, cancellationToken);

    /// <summary>Lets end what runs, and removes all tasks. The workers sleep then.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        await PauseAsync(client, true, cancellationToken);
        await Until.IsAsync(
            "the workers sleep",
            () => database.ScalarAsync<bool>(
                "select not exists (select from pgqueue.task where state = 'running') and (select bool_and(asleep) from pgqueue.worker where lost_at is null)",
                cancellationToken),
            cancellationToken);
        await database.ExecuteAsync("truncate pgqueue.task, pgqueue.history", cancellationToken);
        await database.SettleAsync(cancellationToken);
    }

    /// <summary>Gives the workers tasks for longer than anything is measured here; returns when nearly all places are taken.</summary>
    public async Task KeepBusyAsync(int backlog, int places, CancellationToken cancellationToken)
    {
        await client.AddAsync([.. Enumerable.Repeat(NewTask.ForHandler(WorkerRole.SlowHandler), backlog)], null, cancellationToken);
        await PauseAsync(client, false, cancellationToken);
        await Until.IsAsync(
            "the workers are busy",
            () => database.ScalarAsync<bool>(
                "select count(*) >= $1 from pgqueue.task where state = 'running'", cancellationToken, places * 3 / 4),
            cancellationToken);
    }

    /// <returns>Tasks added in a second, by all connections together.</returns>
    public async Task<double> AddAsync(int seconds, CancellationToken cancellationToken)
    {
        var answer = await producers.First.AskAsync("singles", new JsonObject { ["connections"] = connections, ["seconds"] = seconds }, cancellationToken);
        return (double)answer["rate"]!;
    }
}
