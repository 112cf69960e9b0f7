using System.Globalization;
using Npgsql;
using Xunit;

namespace PgQueue.Unit.Workers;

/// <summary>Looks at what a worker's process and the queue's table hold for as long as it works, and whether that grows.</summary>
internal sealed class EnduranceWatch
{
    /// <summary>What a worker may have: four of a pool, and the session that listens.</summary>
    private const int MaxConnections = 5;

    private const string Look =
        """
        select
            (select count(*)::integer from pg_stat_activity where application_name in ($1, 'PgQueue worker ' || $1)),
            pg_total_relation_size('{schema}.task'),
            pg_stat_get_dead_tuples('{schema}.task'::regclass)
        """;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly List<Sample> _samples = [];

    /// <summary>Runs a quiet worker to its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> RunAsync(TestQueue queue, int concurrency, TimeSpan within)
    {
        var name = $"endurance {queue.Schema}";
        var own = new NpgsqlConnectionStringBuilder(queue.ConnectionString) { ApplicationName = name };
        var environment = new Dictionary<string, string>
        {
            ["PGQUEUE_CONNECTION"] = own.ConnectionString,
            // Else the runtime lets garbage lie about as the processor's cache is large; what is of interest is what stays.
            ["DOTNET_GCgen0size"] = "0x800000",
        };
        await using var worker = HostProcess.StartOther(queue, BuiltFile.QuietWorker, environment, name, $"{concurrency}");
        using var limit = new CancellationTokenSource(within);
        await using var connection = new NpgsqlConnection(queue.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(queue.Client.Database.Qualify(Look), connection);
        command.Parameters.Add(new() { Value = name });
        using var timer = new PeriodicTimer(s_interval);
        while (!worker.HasExited)
        {
            await LookAsync(command, worker, limit.Token);
            await timer.WaitForNextTickAsync(limit.Token);
        }

        return await worker.WaitAsync();
    }

    /// <summary>The last third of the time must need no more than the first one did, but for what a runtime does by itself.</summary>
    public void AssertFlat(long moreMemory, long moreHeap)
    {
        Report();
        Assert.True(_samples.Count >= 9, $"{_samples.Count} looks are too few.");
        Assert.InRange(_samples.Max(s => s.Connections), 2, MaxConnections);
        AssertFlat("bytes of memory", s => s.Use.Memory, moreMemory);
        AssertFlat("bytes of live heap", s => s.Heap, moreHeap);
        AssertFlat("open handles", s => s.Use.Handles, 8);
        AssertFlat("threads", s => s.Use.Threads, 8);
        AssertFlat("connections", s => s.Connections, 2);
    }

    private async Task LookAsync(NpgsqlCommand command, HostProcess worker, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var heap = worker.Output.Split('\n').LastOrDefault(l => l.StartsWith("heap ", StringComparison.Ordinal));
        if (row.GetInt32(0) > 0 && heap is not null && ProcessUse.Of(worker.Id) is { } use)
        {
            _samples.Add(new(use, long.Parse(heap["heap ".Length..], CultureInfo.InvariantCulture), row.GetInt32(0), row.GetInt64(1), row.GetInt64(2)));
        }
    }

    private void AssertFlat(string what, Func<Sample, long> value, long tolerance)
    {
        var (first, last) = (Median(_samples.Take(_samples.Count / 3), value), Median(_samples.TakeLast(_samples.Count / 3), value));
        Assert.True(last <= first + tolerance, $"{last} {what} in the last third, {first} in the first.");
    }

    private static long Median(IEnumerable<Sample> samples, Func<Sample, long> value) =>
        samples.Select(value).Order().ToList() is var all ? all[all.Count / 2] : 0;

    private void Report()
    {
        foreach (var part in _samples.Chunk(Math.Max(1, _samples.Count / 9)))
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Median(part, s => s.Use.Memory) >> 20} MB, live heap {Median(part, s => s.Heap) >> 10} KB, {Median(part, s => s.Use.Handles)} handles, {Median(part, s => s.Use.Threads)} threads, {part.Min(s => s.Connections)} to {part.Max(s => s.Connections)} connections; task table {Median(part, s => s.TableSize) >> 20} MB, {Median(part, s => s.DeadRows)} dead rows"));
        }
    }

    private sealed record Sample(ProcessUse Use, long Heap, int Connections, long TableSize, long DeadRows);
}
