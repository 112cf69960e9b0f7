using System.Reflection;
using Npgsql;

namespace PgQueue.Chaos;

/// <summary>Reads from the database what became of all tasks.</summary>
internal static class Archive
{
    public static async Task<List<TaskRecord>> ReadAsync(Control control)
    {
        using var file = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("tasks.sql")!);
        var rows = await control.QueryAsync(
            await file.ReadToEndAsync(), row => (Task: Task(row), Run: row.IsDBNull(13) ? null : Run(row)), CancellationToken.None);
        return [.. rows
            .GroupBy(r => r.Task.Id)
            .Select(g => g.First().Task with { Runs = [.. g.Select(r => r.Run).OfType<RunRecord>()] })];
    }

    /// <summary>When workers that did not say goodbye last took their place in the queue, by their names.</summary>
    public static async Task<ILookup<string, DateTimeOffset>> ReadJoinsAsync(Control control) =>
        (await control.QueryAsync("select name, joined_at from worker", row => (Name: row.GetString(0), At: row.GetFieldValue<DateTimeOffset>(1)), CancellationToken.None))
        .ToLookup(w => w.Name, w => w.At);

    private static TaskRecord Task(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Name = Text(row, 1),
        Queue = row.GetString(2),
        State = row.GetString(3),
        Group = Text(row, 4),
        Ended = Text(row, 5),
        Error = Text(row, 6),
        Attempt = row.GetInt32(7),
        MaxAttempts = row.GetInt32(8),
        Lost = row.GetInt32(9),
        Finished = row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10),
        Schedule = Text(row, 11),
        Tick = row.IsDBNull(12) ? null : row.GetFieldValue<DateTimeOffset>(12),
        Runs = [],
    };

    private static RunRecord Run(NpgsqlDataReader row) => new(
        row.GetInt32(13), row.GetInt32(14), row.IsDBNull(15) ? "?" : row.GetString(15), row.GetFieldValue<DateTimeOffset>(16),
        row.GetFieldValue<DateTimeOffset>(17), row.GetString(18));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
