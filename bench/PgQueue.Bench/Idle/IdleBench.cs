using System.Diagnostics;

namespace PgQueue.Bench;

/// <summary>What a worker costs that has nothing to do: the host as a service, after it has run some tasks.</summary>
internal sealed class IdleBench(Stage stage)
{
    private const int Tasks = 20;
    private const double Megabyte = 1e6;

    private readonly int _windows = stage.Options.Pick(3, 2);
    // What it does again and again is compiled anew, better, in its first minutes.
    private readonly TimeSpan _settle = TimeSpan.FromSeconds(stage.Options.Pick(150, 10));
    private readonly TimeSpan _window = TimeSpan.FromSeconds(stage.Options.Pick(30, 15));

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var queue = await stage.CreateQueueAsync("queue", cancellationToken);
        // Another database: what is asked there does not count among the worker's statements.
        var watch = await stage.CreateDatabaseAsync("watch", cancellationToken);
        var worker = await HostWorker.StartAsync(stage, queue, "idle", Environment.ProcessorCount, cancellationToken);
        await using (var client = QueueClient.Create(queue.ConnectionString))
        {
            var ids = (await client.AddAsync([.. Enumerable.Repeat(NewTask.ForCommand("true"), Tasks)], null, cancellationToken)).Select(t => t.Id);
            await client.WaitAsync([.. ids], cancellationToken: cancellationToken);
        }

        var (processor, server, memory, statements) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        await Task.Delay(_settle, cancellationToken);
        for (var window = 1; window <= _windows; window++)
        {
            var before = await LookAsync(worker.Id, watch, cancellationToken);
            await Task.Delay(_window, cancellationToken);
            var after = await LookAsync(worker.Id, watch, cancellationToken);
            var time = after.At - before.At;
            processor.Add((after.Processor - before.Processor) / time * 100);
            server.Add((after.Server - before.Server) / time * 100);
            memory.Add(after.Memory / Megabyte);
            statements.Add((after.Statements - before.Statements) / time.TotalMinutes);
        }

        return
        [
            Figure.Alone("idle", "% of a core", new Series(processor), Goal.ValueAtMost(0.5)),
            Figure.Alone("idle.server", "% of a core, its sessions", new Series(server)),
            Figure.Alone("idle.memory", "MB", new Series(memory), Goal.ValueAtMost(80)),
            Figure.Alone("idle.statements", "per minute", new Series(statements)),
        ];
    }

    private static async Task<Sight> LookAsync(int workerId, Database watch, CancellationToken cancellationToken)
    {
        var sessions = await watch.ScalarAsync<int[]>("select array_agg(pid) from pg_stat_activity where datname = 'queue'", cancellationToken);
        var statements = await watch.ScalarAsync<long>("select xact_commit + xact_rollback from pg_stat_database where datname = 'queue'", cancellationToken);
        using var worker = Process.GetProcessById(workerId);
        return new Sight(TimeSpan.FromSeconds(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency), worker.TotalProcessorTime, worker.WorkingSet64, statements)
        {
            Server = sessions.Select(Time).Aggregate(TimeSpan.Zero, (sum, time) => sum + time),
        };
    }

    private static TimeSpan Time(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime;
    }

    private sealed record Sight(TimeSpan At, TimeSpan Processor, long Memory, long Statements)
    {
        public required TimeSpan Server { get; init; }
    }
}
