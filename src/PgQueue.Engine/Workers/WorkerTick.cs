using Npgsql;

namespace PgQueue;

/// <summary>What a worker is told when it asks what is new.</summary>
/// <param name="StopRequested">How it is to stop; null where it is not.</param>
/// <param name="Canceled">Those of its tasks that somebody has canceled.</param>
/// <param name="IsMaintainer">It holds the maintainer's office.</param>
/// <param name="StandsIn">The maintainer has not been heard of for a while.</param>
/// <param name="Schema">The schema's version.</param>
internal sealed record WorkerTick(string? StopRequested, long[] Canceled, bool IsMaintainer, bool StandsIn, SchemaVersion Schema)
{
    // Column 0 says whether the worker is still in office.
    public static WorkerTick Read(NpgsqlDataReader row) => new(
        TaskRow.Text(row, 1), row.GetFieldValue<long[]>(2), row.GetBoolean(3), row.GetBoolean(4),
        new SchemaVersion(row.GetInt32(5), row.GetInt32(6)));
}
