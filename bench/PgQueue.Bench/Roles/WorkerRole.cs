using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A worker of the engine's in a process of its own, with a handler that does nothing.</summary>
internal sealed class WorkerRole(string connectionString) : Role(connectionString)
{
    public const string Handler = "noop";

    /// <summary>One that takes a while, without using the processor.</summary>
    public const string SlowHandler = "slow";

    private static readonly TimeSpan SlowTime = TimeSpan.FromMilliseconds(100);

    private StandingWorker? _standing;

    private static Task<JsonNode?> Nothing { get; } = Task.FromResult<JsonNode?>(null);

    public override ValueTask DisposeAsync() => _standing?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        switch (verb)
        {
            // Works until nothing is left, and leaves.
            case "drain":
                var worker = new Worker(ConnectionString, Database.Schema, Options(with) with { Mode = WorkerMode.Drain });
                return new JsonObject { ["completed"] = (await worker.RunAsync(cancellationToken)).Completed };

            // Works until it has begun so many, ends those, and leaves.
            case "take":
                return await TakeAsync(with, cancellationToken);

            // Joins, and stays for whatever it is asked next.
            case "join":
                _standing = await StandingWorker.StartAsync(ConnectionString, Options(with), cancellationToken);
                return null;

            // Returns when it has completed so many more.
            case "complete":
                await _standing!.CompleteAsync((int)with["count"]!, cancellationToken);
                return null;

            default:
                throw Unknown(verb);
        }
    }

    private async Task<JsonObject> TakeAsync(JsonObject with, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var left = (int)with["count"]!;
        var worker = new Worker(ConnectionString, Database.Schema, Options(with) with
        {
            Handlers = new Dictionary<string, TaskHandler> { [Handler] = TakeOneAsync },
        });
        return new JsonObject { ["completed"] = (await worker.RunAsync(enough.Token)).Completed };

        Task<JsonNode?> TakeOneAsync(HandledTask task, CancellationToken stop)
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                enough.Cancel();
            }

            return Nothing;
        }
    }

    private static async Task<JsonNode?> SlowAsync(HandledTask task, CancellationToken cancellationToken)
    {
        await Task.Delay(SlowTime, cancellationToken);
        return null;
    }

    private static WorkerOptions Options(JsonObject with) => new()
    {
        Concurrency = (int)with["concurrency"]!,
        Handlers = new Dictionary<string, TaskHandler> { [Handler] = (_, _) => Nothing, [SlowHandler] = SlowAsync },
        TaskHostDirectory = (string?)with["taskHost"],
    };
}
