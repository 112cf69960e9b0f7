using Npgsql;

namespace PgQueue;

/// <summary>Keeps the partitions ahead, and clears what is kept no longer, once an hour.</summary>
internal sealed class Housekeeper(QueueDatabase database, WorkerSession session, Outage outage)
    : MaintainerDuty(database, session, outage, "The hourly housekeeping", TimeSpan.FromHours(1))
{
    private const int Batch = 2000;

    private readonly string _work = database.Sql("Workers/housekeeping.sql");
    private readonly string _delete = database.Qualify("select {schema}.delete_old_tasks($1)");

    protected override async Task WorkAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        var command = new NpgsqlCommand(_work, connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            command.CommandText = _delete;
            command.Parameters.Add(new() { Value = Batch });
            while (!stop.IsCancellationRequested
                && await command.ExecuteScalarAsync(CancellationToken.None).ConfigureAwait(false) is >= Batch)
            {
                // There is more.
            }
        }
    }
}
