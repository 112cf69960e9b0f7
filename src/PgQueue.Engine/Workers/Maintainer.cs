using System.Diagnostics;
using Npgsql;

namespace PgQueue;

/// <summary>
/// The duties that one worker of a queue has for all: makes due tasks ready, frees the tasks of dead workers, keeps the
/// partitions ahead. Two at once would do no harm, only double work.
/// </summary>
internal sealed class Maintainer(QueueDatabase database, WorkerSession session, Outage outage)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HousekeepingInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2);

    private Stopwatch? _housekeeping;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = Interval;
            if (session.IsMaintainer)
            {
                try
                {
                    wait = await outage.RetryAsync(_ => WorkAsync(), stop).ConfigureAwait(false);
                }
                catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
                {
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    outage.Report($"Maintenance failed, and will be tried again: {e.Message}");
                }
            }

            await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>How long nothing will be due.</returns>
    private async Task<TimeSpan> WorkAsync()
    {
        var connection = await database.Source.OpenConnectionAsync().ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (_housekeeping is null || _housekeeping.Elapsed > HousekeepingInterval)
            {
                await HousekeepAsync(connection).ConfigureAwait(false);
                _housekeeping = Stopwatch.StartNew();
            }

            var due = await PromoteAsync(connection).ConfigureAwait(false);
            await RecoverAsync(connection).ConfigureAwait(false);
            return due is { } seconds && seconds < Interval.TotalSeconds
                ? TimeSpan.FromSeconds(Math.Max(seconds, ShortestWait.TotalSeconds))
                : Interval;
        }
    }

    private async Task<double?> PromoteAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/promote.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync().ConfigureAwait(false) as double?;
        }
    }

    private async Task RecoverAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand($"select worker, tasks from {database.QuotedSchema}.recover_workers()", connection);
        await using (command.ConfigureAwait(false))
        {
            var rows = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync().ConfigureAwait(false))
                {
                    outage.Report($"The worker {rows.GetString(0)} is dead. {rows.GetInt32(1)} tasks were taken from it.");
                }
            }
        }
    }

    private async Task HousekeepAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(database.Sql("Workers/housekeeping.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }
}
