using Npgsql;

namespace PgQueue.Bench;

/// <summary>A database, and statements on it that have no part in what is measured.</summary>
internal sealed class Database(string connectionString) : IAsyncDisposable
{
    /// <summary>The schema of a queue in its database.</summary>
    public const string Schema = "pgqueue";

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "bench", CommandTimeout = 0 }.ConnectionString);

    public string ConnectionString => connectionString;

    public NpgsqlConnectionStringBuilder Settings => new(connectionString);

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Puts tasks that do nothing straight into a schema's table.</summary>
    public Task AddWaitingAsync(string schema, int count, CancellationToken cancellationToken) =>
        ExecuteAsync(Sql.Read("waiting.sql").Replace("{schema}", schema, StringComparison.Ordinal), cancellationToken, count);

    /// <summary>Statistics as autovacuum would have made them, and no checkpoint due from what was done before.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync("vacuum (analyze)", cancellationToken);
        await ExecuteAsync("checkpoint", cancellationToken);
    }

    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken).AsTask();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private NpgsqlCommand Command(string sql, object[] parameters)
    {
        var command = _source.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }

        return command;
    }
}
