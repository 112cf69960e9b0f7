using System.Diagnostics;
using System.Globalization;

namespace PgQueue.Chaos;

/// <summary>A worker in a process of its own.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly string _log;

    public WorkerProcess(string name, int concurrency, string connectionString, RunFolder folder)
    {
        Name = name;
        _log = Path.Combine(folder.Logs, name + ".log");
        // The shell only leads the output into a file, which needs nobody to read it, and becomes the worker.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1", "worker", _log,
            "dotnet", "exec", Unit.BuiltFile.Host, "worker", "--name", name, "--concurrency", concurrency.ToString(CultureInfo.InvariantCulture),
        ]);
        start.Environment["PGQUEUE_CONNECTION"] = connectionString;
        start.Environment["PGQUEUE_SCHEMA"] = Control.Schema;
        start.Environment["TMPDIR"] = folder.WorkerTemp;
        // A runtime that is killed leaves the socket of its diagnostics behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment[Processes.RunVariable] = folder.Mark;
        StartedAt = DateTimeOffset.UtcNow;
        _process = Process.Start(start)!;
        Id = _process.Id;
        Exited = _process.WaitForExitAsync();
    }

    public string Name { get; }

    public int Id { get; }

    public DateTimeOffset StartedAt { get; }

    public Task Exited { get; }

    public int ExitCode => _process.ExitCode;

    public DateTimeOffset? KilledAt { get; private set; }

    /// <summary>How long its children might go on after it was killed.</summary>
    public TimeSpan LastBreath { get; set; }

    /// <summary>It has had its place in the queue.</summary>
    public bool HasJoined => JoinedAt is not null;

    public DateTimeOffset? JoinedAt { get; private set; }

    public bool IsFrozen { get; private set; }

    public bool IsWhole => HasJoined && !IsFrozen && KilledAt is null && !Exited.IsCompleted;

    public string Log => File.Exists(_log) ? File.ReadAllText(_log) : "";

    /// <returns>False where it ended before it had its place in the queue.</returns>
    public async Task<bool> WaitUntilJoinedAsync()
    {
        while (!HasJoined && !Exited.IsCompleted)
        {
            if (Log.Contains("started   worker", StringComparison.Ordinal))
            {
                JoinedAt = DateTimeOffset.UtcNow;
            }

            await Task.WhenAny(Exited, Task.Delay(Look));
        }

        return HasJoined;
    }

    public void Kill()
    {
        lock (_lock)
        {
            KilledAt = DateTimeOffset.UtcNow;
            Processes.Signal(Id, Signal.Kill);
        }
    }

    public bool TryFreeze()
    {
        lock (_lock)
        {
            if (!IsWhole)
            {
                return false;
            }

            IsFrozen = true;
            Processes.Signal(Id, Signal.Stop);
            return true;
        }
    }

    public void Thaw()
    {
        lock (_lock)
        {
            IsFrozen = false;
            if (!Exited.IsCompleted)
            {
                Processes.Signal(Id, Signal.Continue);
            }
        }
    }

    public void Terminate()
    {
        if (!Exited.IsCompleted)
        {
            Processes.Signal(Id, Signal.Terminate);
        }
    }

    public void Dispose() => _process.Dispose();
}
