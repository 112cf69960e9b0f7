using Npgsql;

namespace PgQueue;

/// <summary>
/// What the maintainer does once in a while, for all workers, on a connection of its own so that nothing waits for it.
/// </summary>
/// <param name="database">Where it is done.</param>
/// <param name="session">Tells whether this worker is the maintainer.</param>
/// <param name="outage">Waits for a database that is away, and tells an admin what failed.</param>
/// <param name="name">The duty in a sentence: "NAME failed, and will be tried again".</param>
/// <param name="interval">How often it is done.</param>
internal abstract class MaintainerDuty(QueueDatabase database, WorkerSession session, Outage outage, string name, TimeSpan interval)
{
    /// <summary>How soon a worker that has become the maintainer notices that it has this duty too.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>After a failure: what an admin must see to is not told of every few seconds.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = Look;
            if (session.IsMaintainer)
            {
                try
                {
                    await outage.RetryAsync(_ => ConnectAndWorkAsync(stop), stop).ConfigureAwait(false);
                    wait = interval;
                }
                catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
                {
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    wait = Retry;
                    outage.Report($"{name} failed, and will be tried again: {e.Message}");
                }
            }

            await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Does it once.</summary>
    /// <param name="connection">A connection for it alone.</param>
    /// <param name="stop">Cancelled when the worker leaves: what is under way is brought to its end, nothing more is begun.</param>
    protected abstract Task WorkAsync(NpgsqlConnection connection, CancellationToken stop);

    private async Task ConnectAndWorkAsync(CancellationToken stop)
    {
        var connection = await database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await WorkAsync(connection, stop).ConfigureAwait(false);
        }
    }
}
