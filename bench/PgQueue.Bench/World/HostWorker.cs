using System.Diagnostics;
using System.Globalization;

namespace PgQueue.Bench;

/// <summary>A worker as a service: the host, in a process of its own.</summary>
internal sealed class HostWorker : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostWorker(Database database, string name, int concurrency)
    {
        Name = name;
        var start = new ProcessStartInfo(
            "dotnet", ["exec", Places.Host, "worker", "--name", name, "--concurrency", concurrency.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["PGQUEUE_CONNECTION"] = database.ConnectionString;
        // A runtime that is killed leaves the socket of its diagnostics behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Starts one; returns when it has its place in the queue.</summary>
    /// <exception cref="BenchException">It ended before that.</exception>
    public static async Task<HostWorker> StartAsync(Stage stage, Database database, string name, int concurrency, CancellationToken cancellationToken)
    {
        var worker = stage.Own(new HostWorker(database, name, concurrency));
        await worker._joined.Task.WaitAsync(cancellationToken);
        return worker;
    }

    /// <summary>Kills it with SIGKILL; its children are its guardian's affair.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        using var time = new CancellationTokenSource(EndTime);
        if (!_process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", $"{Id}"]);
            await stop.WaitForExitAsync(CancellationToken.None);
        }

        try
        {
            await _process.WaitForExitAsync(time.Token);
            await _reading.WaitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _reading;
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains(" started   worker ", StringComparison.Ordinal))
            {
                _joined.TrySetResult();
            }
        }

        _joined.TrySetException(new BenchException($"The worker {Name} ended before it had its place in the queue."));
    }
}
