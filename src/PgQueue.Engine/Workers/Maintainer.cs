using System.Diagnostics;
using Npgsql;

namespace PgQueue;

/// <summary>
/// The duties that one worker of a queue has for all: makes due tasks ready, ends those that came too late, frees the
/// tasks of dead workers, fires schedules. Two at once would do no harm, only double work.
/// </summary>
internal sealed class Maintainer
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>While a worker is suspected to be dead: its tasks wait for the proof.</summary>
    private static readonly TimeSpan SuspicionInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How often to look for what should not be: tasks of a worker that is not there.</summary>
    private static readonly TimeSpan ThoroughInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LockedInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2);

    private readonly QueueDatabase _database;
    private readonly WorkerSession _session;
    private readonly Outage _outage;
    private readonly ScheduleFirer _schedules;
    private readonly Signal _appointed = new();
    private long _thorough;

    public Maintainer(QueueDatabase database, WorkerSession session, Outage outage)
    {
        (_database, _session, _outage) = (database, session, outage);
        _schedules = new ScheduleFirer(database, outage.Report);
        session.Appointed += _appointed.Set;
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var wait = Interval;
            if (_session.IsMaintainer || _session.StandsIn)
            {
                try
                {
                    wait = await _outage.RetryAsync(WorkAsync, stop).ConfigureAwait(false);
                }
                catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
                {
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    _outage.Report($"Maintenance failed, and will be tried again: {e.Message}");
                }
            }

            await _appointed.WaitAsync(wait, stop).ConfigureAwait(false);
        }
    }

    /// <returns>How long nothing will be due.</returns>
    private async Task<TimeSpan> WorkAsync(CancellationToken cancellationToken)
    {
        var connection = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var (promoted, due, schedule, suspicion) = await AskAsync(connection, cancellationToken).ConfigureAwait(false);
            var longest = suspicion ? SuspicionInterval : Interval;
            if (schedule <= 0)
            {
                schedule = (await _schedules.FireDueAsync(connection, cancellationToken).ConfigureAwait(false))?.TotalSeconds;
            }

            // Due and not promoted: somebody holds the row. What was promoted makes the answer an old one: look again.
            var task = promoted > 0 ? ShortestWait : due <= 0 ? LockedInterval : Wait(due, longest);
            return Wait(schedule, task);
        }
    }

    private static TimeSpan Wait(double? seconds, TimeSpan longest) => seconds is null
        ? longest
        : TimeSpan.FromSeconds(Math.Clamp(seconds.Value, ShortestWait.TotalSeconds, longest.TotalSeconds));

    /// <summary>Moves due tasks on and recovers dead workers' in one round trip: an idle maintainer does this twice a second.</summary>
    /// <returns>
    /// How many tasks were moved on, the seconds until the next task and the next schedule are due, and whether a worker is
    /// under suspicion.
    /// </returns>
    private async Task<(int Promoted, double? Due, double? Schedule, bool Suspicion)> AskAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var thorough = _thorough == 0 || Stopwatch.GetElapsedTime(_thorough) > ThoroughInterval;

        // Each a transaction of its own: together they would lock tasks in another order than that of their ids.
        var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
        await using (batch.ConfigureAwait(false))
        {
            batch.BatchCommands.Add(new(_database.Sql("Workers/promote.sql")));
            batch.BatchCommands.Add(new($"select worker, tasks from {_database.QuotedSchema}.recover_workers(thorough => $1)") { Parameters = { new() { Value = thorough } } });
            var rows = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                await rows.ReadAsync(cancellationToken).ConfigureAwait(false);
                var (promoted, due, schedule) = (rows.GetInt32(0), Seconds(rows, 1), Seconds(rows, 2));
                await rows.NextResultAsync(cancellationToken).ConfigureAwait(false);
                var suspicion = await TellAsync(rows, cancellationToken).ConfigureAwait(false);
                _thorough = thorough ? Stopwatch.GetTimestamp() : _thorough;
                return (promoted, due, schedule, suspicion);
            }
        }

        static double? Seconds(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);
    }

    /// <summary>Tells of the workers that are dead.</summary>
    /// <returns>True where one is under suspicion.</returns>
    private async Task<bool> TellAsync(NpgsqlDataReader workers, CancellationToken cancellationToken)
    {
        var suspicion = false;
        while (await workers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            suspicion |= workers.IsDBNull(1);
            if (!workers.IsDBNull(1))
            {
                _outage.Report($"The worker {workers.GetString(0)} is dead. {workers.GetInt32(1)} tasks were taken from it.");
            }
        }

        return suspicion;
    }
}
