using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue.Bench;

/// <summary>What a queue can't do without, and nothing else: SQL from C#, prepared, on plain tables.</summary>
internal sealed class BareRole(string connectionString) : Role(connectionString)
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        switch (verb)
        {
            case "drain":
                var loops = Enumerable.Range(1, (int)with["connections"]!)
                    .Select(number => Task.Run(() => DrainAsync(number, (int)with["batch"]!, (string)with["move"]!, cancellationToken), cancellationToken));
                return new JsonObject { ["completed"] = (await Task.WhenAll(loops)).Sum() };
            case "copy":
                await CopyAsync((int)with["count"]!, cancellationToken);
                return null;
            default:
                throw Unknown(verb);
        }
    }

    /// <summary>Claims a batch, does nothing with it, moves it to the history; again and again until nothing is left.</summary>
    private async Task<int> DrainAsync(int number, int batch, string move, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var claiming = new NpgsqlCommand(Sql.Read("claim.sql"), connection)
        {
            Parameters = { new() { Value = (long)number }, new() { Value = batch } },
        };
        var moved = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
        await using var moving = new NpgsqlCommand(move, connection) { Parameters = { moved } };
        await claiming.PrepareAsync(cancellationToken);
        await moving.PrepareAsync(cancellationToken);
        for (var done = 0; ; done += ((long[])moved.Value!).Length)
        {
            var claimed = new List<long>(batch);
            await using (var rows = await claiming.ExecuteReaderAsync(cancellationToken))
            {
                while (await rows.ReadAsync(cancellationToken))
                {
                    claimed.Add(rows.GetInt64(0));
                    _ = rows.GetString(1);
                }
            }

            if (claimed.Count == 0)
            {
                return done;
            }

            moved.Value = claimed.ToArray();
            await moving.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>The fastest way that PostgreSQL has to get rows into the queue's own table.</summary>
    private async Task CopyAsync(int count, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        await using var copy = await connection.BeginBinaryImportAsync($"copy {Database.Schema}.task (queue, kind, spec) from stdin (format binary)", cancellationToken);
        for (var number = 0; number < count; number++)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync("default", NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync("method", NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync($$"""{"method":"{{WorkerRole.Handler}}","args":[{{number}}]}""", NpgsqlDbType.Jsonb, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
