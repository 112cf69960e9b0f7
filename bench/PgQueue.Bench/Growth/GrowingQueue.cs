using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A queue with a worker that takes so many of the tasks that wait in it.</summary>
internal sealed class GrowingQueue(Database database, Crew worker)
{
    private const int Concurrency = 500;

    public Database Database => database;

    /// <summary>Puts finished tasks straight into the tables that keep and count them, and waiting ones beside them.</summary>
    public async Task FillAsync(int finished, int waiting, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync(Sql.Read("weeks.sql"), cancellationToken);
        await database.ExecuteAsync(Sql.Read("finished.sql"), cancellationToken, finished);
        await database.ExecuteAsync(Sql.Read("throughput.sql"), cancellationToken);
        await database.AddWaitingAsync(Database.Schema, waiting, cancellationToken);
        await database.SettleAsync(cancellationToken);
    }

    /// <summary>Fills up what waits, and has some of it done.</summary>
    /// <param name="tasks">How many are done.</param>
    /// <param name="waiting">How many wait when it begins, and some for the worker to be full to the end.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Tasks per second.</returns>
    public async Task<double> TakeAsync(int tasks, int waiting, CancellationToken cancellationToken)
    {
        var there = await database.ScalarAsync<long>("select count(*) from pgqueue.task", cancellationToken);
        await database.AddWaitingAsync(Database.Schema, (int)Math.Max(0, waiting + (2 * Concurrency) - there), cancellationToken);
        await database.ExecuteAsync("vacuum (analyze) pgqueue.task", cancellationToken);
        await database.ExecuteAsync("checkpoint", cancellationToken);
        var (seconds, answers) = await worker.TimeAsync("take", new JsonObject { ["concurrency"] = Concurrency, ["count"] = tasks }, cancellationToken);
        return (int)answers[0]["completed"]! / seconds;
    }
}
