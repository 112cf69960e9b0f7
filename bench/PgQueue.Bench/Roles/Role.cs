using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>What this program does as another process of the bench's: the other end of a <see cref="LineProcess"/>.</summary>
/// <param name="connectionString">The database that it works on.</param>
internal abstract class Role(string connectionString) : IAsyncDisposable
{
    private const string ConnectionVariable = "PGQUEUE_BENCH_CONNECTION";

    protected string ConnectionString { get; } = connectionString;

    /// <summary>How to start this program as a role on a database.</summary>
    public static ProcessStartInfo Start(string role, Database database)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Places.Bench, "role", role]);
        start.Environment[ConnectionVariable] = database.ConnectionString;
        return start;
    }

    public static async Task RunAsync(string name, CancellationToken cancellationToken)
    {
        var connectionString = Environment.GetEnvironmentVariable(ConnectionVariable)
            ?? throw new BenchException($"{ConnectionVariable} is not set. A role is started by the bench, not by hand.");
        await using var role = Create(name, connectionString);
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            var order = JsonNode.Parse(line)!.AsObject();
            JsonObject answer;
            try
            {
                answer = await role.DoAsync((string)order["verb"]!, order, cancellationToken) ?? [];
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                answer = new JsonObject { ["error"] = e.ToString() };
            }

            Console.WriteLine(answer.ToJsonString());
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <returns>What there is to say about it; null for nothing.</returns>
    protected abstract Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken);

    protected static BenchException Unknown(string verb) => new($"There is no '{verb}' here.");

    private static Role Create(string name, string connectionString) => name switch
    {
        "worker" => new WorkerRole(connectionString),
        "producer" => new ProducerRole(connectionString),
        "bare" => new BareRole(connectionString),
        "spawn" => new SpawnRole(connectionString),
        "latency" => new LatencyRole(connectionString),
        _ => throw new BenchException($"There is no role '{name}'."),
    };
}
