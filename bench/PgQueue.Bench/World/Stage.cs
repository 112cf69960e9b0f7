using Npgsql;

namespace PgQueue.Bench;

/// <summary>All that one bench runs on: a folder and a server of its own, databases, other processes. Nothing is left of it.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _owned = new();
    private readonly EmbeddedServer _server;
    private string? _connectionString;

    public Stage(BenchOptions options)
    {
        Options = options;
        Folder = Directory.CreateTempSubdirectory("pgqueue-bench-").FullName;
        // The server may run as another user.
        File.SetUnixFileMode(Folder, File.GetUnixFileMode(Folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _server = new EmbeddedServer(new EmbeddedServerOptions { DataDirectory = Path.Combine(Folder, "server") });
    }

    public BenchOptions Options { get; }

    public string Folder { get; }

    /// <summary>References that could not be measured, and why.</summary>
    public SortedSet<string> LeftOut { get; } = [];

    /// <summary>Tells whoever waits for the end how it goes.</summary>
    public static void Say(string text) => Console.Error.WriteLine(text);

    public void LeaveOut(string what)
    {
        if (LeftOut.Add(what))
        {
            Say($"LEFT OUT: {what}");
        }
    }

    /// <summary>A new database of the server's, which is started with the first.</summary>
    public async Task<Database> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        if (_connectionString is null)
        {
            var status = await _server.StartAsync(cancellationToken);
            Say($"PostgreSQL {status.Version}");
            _connectionString = ConnectionStrings.WithPassword(status.ConnectionString!);
        }

        await using (var server = new Database(_connectionString))
        {
            await server.ExecuteAsync($"create database {name}", cancellationToken);
        }

        return Own(new Database(new NpgsqlConnectionStringBuilder(_connectionString) { Database = name }.ConnectionString));
    }

    /// <summary>A new database with the queue's schema in it.</summary>
    public async Task<Database> CreateQueueAsync(string name, CancellationToken cancellationToken)
    {
        var database = await CreateDatabaseAsync(name, cancellationToken);
        await using var client = QueueClient.Create(database.ConnectionString);
        await client.InstallSchemaAsync(cancellationToken);
        return database;
    }

    /// <summary>Takes over what is to go at the end, in the reverse order.</summary>
    public T Own<T>(T thing)
        where T : IAsyncDisposable
    {
        _owned.Push(thing);
        return thing;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            while (_owned.TryPop(out var thing))
            {
                await thing.DisposeAsync();
            }
        }
        finally
        {
            await _server.RemoveAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
