using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>A producer and an idle worker in one process, so that one clock sees both ends.</summary>
internal sealed class LatencyRole : Role
{
    /// <summary>Milliseconds between two tasks: the worker is idle again by then.</summary>
    private const int ShortestPause = 20;
    private const int LongestPause = 100;

    private readonly QueueClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _joined = new();
    private readonly Fifo _fifo = new();
    private readonly Task _worker;
    private TaskCompletionSource<long> _started = new();

    public LatencyRole(string connectionString)
        : base(connectionString)
    {
        _client = QueueClient.Create(connectionString);
        _worker = new Worker(connectionString, Database.Schema, new WorkerOptions
        {
            Handlers = new Dictionary<string, TaskHandler> { [WorkerRole.Handler] = HandleAsync },
            OnEvent = e =>
            {
                if (e is WorkerStarted)
                {
                    _joined.SetResult();
                }
            },
        }).RunAsync(_stop.Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _worker;
        _stop.Dispose();
        await _client.DisposeAsync();
        _fifo.Dispose();
    }

    protected override async Task<JsonObject?> DoAsync(string verb, JsonObject with, CancellationToken cancellationToken)
    {
        await await Task.WhenAny(_joined.Task, _worker);
        var samples = (int)with["samples"]!;
        var all = new JsonArray();
        for (var i = 0; i < samples; i++)
        {
            await Task.Delay(Random.Shared.Next(ShortestPause, LongestPause), cancellationToken);
            all.Add((verb switch
            {
                "handler" => await HandlerAsync(cancellationToken),
                "command" => await CommandAsync(cancellationToken),
                _ => throw Unknown(verb),
            }).TotalMilliseconds);
        }

        return new JsonObject { ["milliseconds"] = all };
    }

    private async Task<TimeSpan> HandlerAsync(CancellationToken cancellationToken)
    {
        _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var added = Stopwatch.GetTimestamp();
        await _client.AddAsync(NewTask.ForHandler(WorkerRole.Handler), cancellationToken);
        return Stopwatch.GetElapsedTime(added, await _started.Task.WaitAsync(cancellationToken));
    }

    /// <summary>A shell writes a line to a pipe as the first thing it does.</summary>
    private async Task<TimeSpan> CommandAsync(CancellationToken cancellationToken)
    {
        var written = _fifo.NextLineAsync();
        var added = Stopwatch.GetTimestamp();
        await _client.AddAsync(NewTask.ForCommand("/bin/sh", "-c", "echo >\"$0\"", _fifo.Path), cancellationToken);
        return Stopwatch.GetElapsedTime(added, await written.WaitAsync(cancellationToken));
    }

    private Task<JsonNode?> HandleAsync(HandledTask task, CancellationToken cancellationToken)
    {
        _started.SetResult(Stopwatch.GetTimestamp());
        return Task.FromResult<JsonNode?>(null);
    }
}
