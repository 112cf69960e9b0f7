using Npgsql;

namespace PgQueue.Chaos;

/// <summary>A way to the database apart from the engine's: for faults and checks. Waits while the server is away.</summary>
internal sealed class Control(string connectionString)
{
    public const string Schema = "pgqueue";
    public const string ApplicationName = "chaos control";

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = ApplicationName,
        Pooling = false,
        SearchPath = Schema,
    }.ConnectionString;

    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] parameters)
    {
        while (true)
        {
            try
            {
                return await TryQueryAsync(sql, read, parameters, cancellationToken);
            }
            catch (NpgsqlException e) when (e is not PostgresException || e.IsTransient || e.SqlState?.StartsWith("57P", StringComparison.Ordinal) is true)
            {
                await Task.Delay(Again, cancellationToken); // The server is being restarted.
            }
        }
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params object[] parameters) =>
        (await QueryAsync(sql, row => row.GetFieldValue<T>(0), cancellationToken, parameters))[0];

    private async Task<List<T>> TryQueryAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, object[] parameters, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var all = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
        {
            all.Add(read(rows));
        }

        return all;
    }
}
