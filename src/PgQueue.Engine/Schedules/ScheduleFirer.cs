using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Fires the schedules that are due: locks a batch, works out their ticks, and adds the tasks and moves the schedules on
/// in the same transaction. Whatever happens in between, a tick has its task exactly if its schedule has moved on.
/// </summary>
internal sealed class ScheduleFirer(QueueDatabase database, Action<string> report)
{
    private const int BatchSize = 500;

    /// <summary>No more tasks than about this are added in one transaction.</summary>
    private const int MostTasks = 5000;

    /// <summary>After so long at it the maintainer's other duties have their turn.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(300);

    /// <summary>Due but locked by somebody else: looked at again so soon.</summary>
    private static readonly TimeSpan LockedInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Fires what is due, as far as its turn allows.</summary>
    /// <returns>How long nothing will be due; null where there is nothing to come.</returns>
    public async Task<TimeSpan?> FireDueAsync(NpgsqlConnection connection, CancellationToken cancellationToken = default)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            var fired = 0;
            var due = await NextDueAsync(connection, cancellationToken).ConfigureAwait(false);
            if (due <= 0)
            {
                fired = await FireBatchAsync(connection, cancellationToken).ConfigureAwait(false);
                due = fired > 0 ? 0 : LockedInterval.TotalSeconds;
            }

            if (fired == 0 || since.Elapsed > Turn)
            {
                return due is { } seconds ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;
            }
        }
    }

    /// <summary>Fires a batch, or the one schedule that is named, in the transaction that is open.</summary>
    /// <returns>How many were due.</returns>
    public async Task<int> FireAsync(NpgsqlConnection connection, string? name, CancellationToken cancellationToken)
    {
        var plans = new List<SchedulePlan>();
        var tasks = 0;
        foreach (var row in await LockAsync(connection, name, cancellationToken).ConfigureAwait(false))
        {
            var plan = SchedulePlan.Of(row);
            plans.Add(plan);
            tasks += plan.Ticks.Count;
            if (tasks >= MostTasks)
            {
                break; // The others stay due.
            }
        }

        if (plans.Count > 0)
        {
            await ApplyAsync(connection, plans, cancellationToken).ConfigureAwait(false);
        }

        return plans.Count;
    }

    private async Task<int> FireBatchAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var fired = await FireAsync(connection, null, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return fired;
        }
    }

    private async Task<double?> NextDueAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify("select {schema}.next_schedule()"), connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as double?;
        }
    }

    private async Task<List<ScheduleRow>> LockAsync(NpgsqlConnection connection, string? name, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Schedules/due.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = BatchSize });
            command.Parameters.Add(new() { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var found = new List<ScheduleRow>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    found.Add(ScheduleRow.Read(rows));
                }

                return found;
            }
        }
    }

    private async Task ApplyAsync(NpgsqlConnection connection, List<SchedulePlan> plans, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Qualify("select name, error from {schema}.fire_schedules($1)"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = SchedulePlanJson.Array(plans), NpgsqlDbType = NpgsqlDbType.Jsonb });
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    report($"The schedule '{rows.GetString(0)}' can't run: {rows.GetString(1)}");
                }
            }
        }
    }
}
