using Npgsql;

namespace PgQueue;

/// <summary>Keeps the partitions ahead, and clears what is kept no longer, once an hour.</summary>
internal sealed class Housekeeper(QueueDatabase database, WorkerSession session, Outage outage)
    : MaintainerDuty(session, outage, "The hourly housekeeping", TimeSpan.FromHours(1))
{
    private const int Batch = 2000;

    protected override async Task WorkAsync(CancellationToken stop)
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
