using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PgQueue.Unit;

/// <summary>A worker, or a PowerShell, in a process of its own, to be stopped and killed for real.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private HostProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Output => string.Join('\n', _lines);

    /// <summary>Runs the host with these arguments on a queue.</summary>
    public static HostProcess Start(TestQueue queue, params string[] args) => Start(queue, new Dictionary<string, string>(), Line(args));

    /// <summary>Runs a script in a PowerShell that knows the queue by its environment.</summary>
    public static HostProcess StartPwsh(TestQueue queue, string script) =>
        Start(queue, new Dictionary<string, string>(), ["pwsh", "-NoProfile", "-NonInteractive", "-Command", script]);

    /// <summary>A worker that has its place in the queue.</summary>
    public static Task<HostProcess> WorkerAsync(TestQueue queue, params string[] args) => WorkerAsync(queue, new Dictionary<string, string>(), args);

    /// <summary>A worker that has its place in the queue, with environment variables of its own.</summary>
    public static Task<HostProcess> WorkerAsync(TestQueue queue, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        StartedAsync(StartWorker(queue, environment, args));

    /// <summary>Another program than the host, with the queue in its environment as the host has it.</summary>
    public static HostProcess StartOther(TestQueue queue, string program, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        Start(queue, environment, ["dotnet", "exec", program, .. args]);

    /// <summary>A worker that has only just been started.</summary>
    public static HostProcess StartWorker(TestQueue queue, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        Start(queue, environment, Line(["worker", .. args]));

    /// <summary>A worker run by another command, such as one that gives it a network of its own, with its way to the server.</summary>
    public static Task<HostProcess> WorkerByAsync(TestQueue queue, IReadOnlyList<string> by, string connectionString, params string[] args) =>
        StartedAsync(Start(queue, new Dictionary<string, string> { ["PGQUEUE_CONNECTION"] = connectionString }, [.. by, .. Line(["worker", .. args])]));

    private static string[] Line(params string[] args) => ["dotnet", "exec", BuiltFile.Host, .. args];

    private static async Task<HostProcess> StartedAsync(HostProcess worker)
    {
        await Until.TrueAsync(() => worker.HasExited || worker.Output.Contains("started   worker", StringComparison.Ordinal)
            ? Task.FromResult(true)
            : Task.FromResult(false));
        return worker.HasExited ? throw new InvalidOperationException(worker.Output) : worker;
    }

    private static HostProcess Start(TestQueue queue, IReadOnlyDictionary<string, string> environment, string[] line)
    {
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGQUEUE_CONNECTION"] = queue.ConnectionString;
        start.Environment["PGQUEUE_SCHEMA"] = queue.Schema;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new HostProcess(Process.Start(start)!);
    }

    public bool HasExited => _process.HasExited;

    public void Kill() => _process.Kill();

    public void Terminate() => _ = kill(_process.Id, SigTerm);

    /// <summary>Lets it stand still; its children go on.</summary>
    public void Freeze() => _ = kill(_process.Id, SigStop);

    public void Thaw() => _ = kill(_process.Id, SigCont);

    public async Task<int> WaitAsync(TimeSpan? within = null)
    {
        await _process.WaitForExitAsync().WaitAsync(within ?? TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not null)
        {
            _lines.Enqueue(e.Data);
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
