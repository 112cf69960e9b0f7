using System.Globalization;
using Npgsql;

namespace PgQueue.Unit;

/// <summary>A queue of a test's own: a schema on the shared server, dropped at the end.</summary>
internal sealed class TestQueue : IAsyncDisposable
{
    private static int s_last;

    private TestQueue(string connectionString, string schema)
    {
        ConnectionString = connectionString;
        Schema = schema;
        Client = QueueClient.Create(connectionString, schema);
    }

    public string ConnectionString { get; }

    public string Schema { get; }

    public QueueClient Client { get; }

    /// <summary>An installed queue.</summary>
    public static async Task<TestQueue> CreateAsync(string? name = null)
    {
        var queue = await CreateEmptyAsync(name);
        await queue.Client.InstallSchemaAsync();
        return queue;
    }

    /// <summary>An installed queue that is reached, and was installed, by another way than the direct one.</summary>
    public static async Task<TestQueue> CreateByAsync(string connectionString)
    {
        var queue = new TestQueue(connectionString, NewName());
        await queue.Client.InstallSchemaAsync();
        return queue;
    }

    /// <summary>A queue that may be there or not.</summary>
    public static TestQueue Of(string connectionString, string schema) => new(connectionString, schema);

    /// <summary>The name of a schema that is not there yet.</summary>
    public static async Task<TestQueue> CreateEmptyAsync(string? name = null) => new(
        await SharedServer.ConnectionStringAsync(),
        name ?? NewName());

    /// <summary>Runs SQL in which <c>{schema}</c> is this queue's schema.</summary>
    public async Task<object?> SqlAsync(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{schema}", Client.Database.QuotedSchema, StringComparison.Ordinal), connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }

        return await command.ExecuteScalarAsync();
    }

    /// <summary>Works until nothing is left to do.</summary>
    public async Task<WorkerSummary> DrainAsync(WorkerOptions? options = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var worker = new Worker(ConnectionString, Schema, (options ?? new()) with { Mode = WorkerMode.Drain });
        return await worker.RunAsync(limit.Token, limit.Token);
    }

    /// <summary>Adds a task, works until nothing is left, and returns the task as it is then.</summary>
    public async Task<QueueTask> RunAsync(NewTask task, WorkerOptions? options = null)
    {
        var added = await Client.AddAsync(task);
        await DrainAsync(options);
        return await TaskAsync(added.Id);
    }

    public async Task<QueueTask> TaskAsync(long id) =>
        await Client.GetAsync(id) ?? throw new InvalidOperationException($"There is no task {id}.");

    public async Task<List<QueueTask>> TasksAsync(TaskQuery? query = null)
    {
        var tasks = new List<QueueTask>();
        await foreach (var task in Client.QueryAsync(query ?? new TaskQuery { Ascending = true }))
        {
            tasks.Add(task);
        }

        return tasks;
    }

    public async Task<List<TaskOutput>> OutputAsync(long id)
    {
        var output = new List<TaskOutput>();
        await foreach (var record in Client.ReadOutputAsync(id))
        {
            output.Add(record);
        }

        return output;
    }

    private static string NewName() => string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId}_{Interlocked.Increment(ref s_last)}");

    public async ValueTask DisposeAsync()
    {
        await Client.UninstallSchemaAsync();
        await Client.DisposeAsync();
    }
}
