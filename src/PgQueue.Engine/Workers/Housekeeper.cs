using Npgsql;

namespace PgQueue;

/// <summary>
/// What the maintainer does once an hour, on a connection of its own so that nothing waits for it: keeps the partitions
/// ahead, and clears what is kept no longer.
/// </summary>
internal sealed class Housekeeper(QueueDatabase database, WorkerSession session, Outage outage)
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>How soon a worker that has become the maintainer notices that it has this duty too.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private const int Batch = 2000;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = Look;
            if (session.IsMaintainer)
            {
                try
                {
                    await outage.RetryAsync(_ => WorkAsync(stop), stop).ConfigureAwait(false);
                    wait = Interval;
                }
                catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
                {
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    wait = Interval;
                    outage.Report($"The hourly housekeeping failed, and will be tried again: {e.Message}");
                }
            }

            await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WorkAsync(CancellationToken stop)
    {
        var connection = await database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(database.Sql("Workers/housekeeping.sql"), connection);
            await using (command.ConfigureAwait(false))
            {
                await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
                command.CommandText = database.Qualify("select {schema}.delete_old_tasks($1)");
                command.Parameters.Add(new() { Value = Batch });
                while (!stop.IsCancellationRequested
                    && await command.ExecuteScalarAsync(CancellationToken.None).ConfigureAwait(false) is >= Batch)
                {
                    // There is more.
                }
            }
        }
    }
}
