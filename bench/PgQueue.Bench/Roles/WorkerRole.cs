using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A worker of the engine's in a process of its own, with a handler that does nothing.</summary>
internal sealed class WorkerRole(string connectionString) : Role(connectionString)
{
    public const string Handler = "noop";

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken) => verb switch
    {
        "drain" => await DrainAsync(with, cancellationToken),
        _ => throw Unknown(verb),
    };

    private async Task<JsonObject> DrainAsync(JsonObject with, CancellationToken cancellationToken)
    {
        var worker = new Worker(ConnectionString, Database.Schema, new WorkerOptions
        {
            Concurrency = (int)with["concurrency"]!,
            Mode = WorkerMode.Drain,
            Handlers = new Dictionary<string, TaskHandler> { [Handler] = (_, _) => Nothing },
        });
        var summary = await worker.RunAsync(cancellationToken);
        return new JsonObject { ["completed"] = summary.Completed, ["failed"] = summary.Failed };
    }

    private static Task<JsonNode?> Nothing { get; } = Task.FromResult<JsonNode?>(null);
}
