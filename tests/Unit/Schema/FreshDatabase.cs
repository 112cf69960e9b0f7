using System.Globalization;
using Npgsql;

namespace PgQueue.Unit.Schema;

/// <summary>A database of a test's own on the shared server, in which the queue's schema may have its usual name.</summary>
internal sealed class FreshDatabase : IAsyncDisposable
{
    private const string Schema = "pgqueue";

    private static int s_last;

    private readonly string _server;
    private readonly string _name;

    private FreshDatabase(string server, string name)
    {
        (_server, _name) = (server, name);
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        Queue = TestQueue.Of(ConnectionString, Schema);
    }

    public string ConnectionString { get; }

    /// <summary>The queue in it, which is not installed yet.</summary>
    public TestQueue Queue { get; }

    public static async Task<FreshDatabase> CreateAsync()
    {
        var server = await SharedServer.ConnectionStringAsync();
        var database = new FreshDatabase(
            server, string.Create(CultureInfo.InvariantCulture, $"pgqueue_unit_{Environment.ProcessId}_{Interlocked.Increment(ref s_last)}"));
        await RunAsync(server, $"create database {database._name}");
        return database;
    }

    /// <summary>Runs a script that leaves settings of its session behind.</summary>
    public Task RunAsync(string script) => RunAsync(ConnectionString, script);

    /// <summary>What the schema consists of, a line for each piece; the weeks' partitions are left out.</summary>
    public async Task<string[]> CatalogAsync() => (string[])(await Queue.SqlAsync(await FixtureAsync("catalog.sql")))!;

    /// <summary>Puts all that has happened in the queue so many weeks back.</summary>
    public async Task AgeAsync(int weeks)
    {
        if (weeks == 0)
        {
            return;
        }

        var age = await FixtureAsync("age.sql");
        await RunAsync(string.Create(CultureInfo.InvariantCulture, $"{age} call pg_temp.age({weeks})"));
    }

    public async ValueTask DisposeAsync()
    {
        await Queue.Client.DisposeAsync();
        await RunAsync(_server, $"drop database {_name} with (force)");
    }

    private static Task<string> FixtureAsync(string name) =>
        File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Schema", "Fixtures", name));

    private static async Task RunAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
