using System.Runtime.InteropServices;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>How to start a task host for a kind of task on this machine.</summary>
internal sealed class TaskHostLauncher
{
    private const string HostAssembly = "PgQueue.TaskHost.dll";
    private const string Diagnostics = "DOTNET_EnableDiagnostics";

    private readonly string _host;
    private readonly string? _dotnet;
    private readonly string? _pwsh;

    public TaskHostLauncher(WorkerOptions options)
    {
        var folder = options.TaskHostDirectory ?? Path.Combine(Path.GetDirectoryName(typeof(TaskHostLauncher).Assembly.Location)!, "TaskHost");
        _host = Path.Combine(folder, HostAssembly);
        var path = Environment.GetEnvironmentVariable("PATH");
        var here = Environment.CurrentDirectory;
        _dotnet = FindDotnet() ?? Executables.Find("dotnet", path, here);
        _pwsh = options.PowerShellPath ?? Executables.Find("pwsh", path, here);
    }

    /// <summary>The command line and the additional environment of a child for this kind.</summary>
    /// <exception cref="QueueException">Something that it needs is not on this machine.</exception>
    public (string File, IReadOnlyList<string> Args, Dictionary<string, string?> Environment) CommandFor(TaskKind kind)
    {
        if (!File.Exists(_host))
        {
            throw new QueueException(QueueError.InvalidArgument, $"The task host '{_host}' is missing: this install of PgQueue is not complete.");
        }

        if (kind == TaskKind.Script && _pwsh is null)
        {
            throw new QueueException(QueueError.InvalidArgument, $"Script tasks need PowerShell 7.6, and there is no pwsh in this worker's PATH on {Environment.MachineName}. Install it there, or let this worker serve only queues without scripts.");
        }

        var word = DbWords.Of(kind);
        var environment = new Dictionary<string, string?>();
        if (kind == TaskKind.Script && Path.GetDirectoryName(Resolve(_pwsh!)) is { } home
            && File.Exists(Path.Combine(home, "System.Management.Automation.dll")))
        {
            environment["PGQUEUE_PSHOME"] = home;
        }

        if (Environment.GetEnvironmentVariable(Diagnostics) is null)
        {
            // Quicker to start, and a killed child leaves no diagnostics socket behind. Not for what the task starts.
            environment[Diagnostics] = "0";
            environment[ChildEnvironment.Drop] = Diagnostics;
        }

        if (_dotnet is not null)
        {
            return (_dotnet, ["exec", _host, word], environment);
        }

        // A pwsh that brings its own .NET runs the host as well as dotnet does, only slower.
        var script = $"[Reflection.Assembly]::LoadFrom('{_host.Replace("'", "''", StringComparison.Ordinal)}') | Out-Null; exit [PgQueue.TaskHost.Program]::Main(@('{word}'))";
        return _pwsh is not null
            ? (_pwsh, ["-NoProfile", "-NonInteractive", "-Command", script], environment)
            : throw new QueueException(QueueError.InvalidArgument, $"Method tasks need the .NET 10 runtime, and there is neither dotnet nor pwsh in this worker's PATH on {Environment.MachineName}.");
    }

    /// <summary>The dotnet that this process itself runs on, where there is one.</summary>
    private static string? FindDotnet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var found = Path.Combine(root, name);
        return File.Exists(found) ? found : null;
    }

    private static string Resolve(string path) => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
}
