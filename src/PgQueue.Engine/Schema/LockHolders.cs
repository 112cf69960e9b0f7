using System.Globalization;
using Npgsql;

namespace PgQueue;

/// <summary>Who keeps a schema's tables from being changed.</summary>
internal static class LockHolders
{
    private const int QueryShown = 200;

    /// <summary>Those whose transactions have held locks for longer than a time, in words; the oldest first.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        QueueDatabase database, NpgsqlConnection connection, TimeSpan longerThan, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(database.Sql("Schema/lock_holders.sql"), connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new() { Value = database.Schema });
            command.Parameters.Add(new() { Value = longerThan });
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var holders = new List<string>();
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    holders.Add(Describe(rows));
                }

                return holders;
            }
        }
    }

    private static string Describe(NpgsqlDataReader row)
    {
        string?[] about =
        [
            Named("user", TaskRow.Text(row, 1)),
            Named("application", TaskRow.Text(row, 2)),
            Named("from", TaskRow.Text(row, 3)),
            TaskRow.Text(row, 4),
            row.IsDBNull(5) ? null : string.Create(CultureInfo.InvariantCulture, $"for {TimeSpan.FromSeconds(row.GetDouble(5)):d\\.hh\\:mm\\:ss}"),
        ];
        var who = row.IsDBNull(0) ? "a prepared transaction" : string.Create(CultureInfo.InvariantCulture, $"process {row.GetInt32(0)}");
        var query = TaskRow.Text(row, 6) is { Length: > 0 } text ? ": " + Short(text) : "";
        return $"{who} ({string.Join(", ", about.OfType<string>())}){query}";
    }

    private static string? Named(string what, string? value) => string.IsNullOrEmpty(value) ? null : $"{what} {value}";

    private static string Short(string query)
    {
        var line = string.Join(' ', query.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= QueryShown ? line : line[..QueryShown] + " …";
    }
}
