using System.Runtime.InteropServices;

namespace PgQueue.Chaos;

/// <summary>The run's folder: its server, its ledger, its workers' logs and temporary files.</summary>
internal sealed partial class RunFolder : IDisposable
{
    private readonly bool _keep;

    public RunFolder(bool keep)
    {
        _keep = keep;
        Path = Directory.CreateTempSubdirectory("pgqueue-chaos-").FullName;
        // The server may run as another user.
        File.SetUnixFileMode(Path, File.GetUnixFileMode(Path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(Logs);
        Directory.CreateDirectory(WorkerTemp);
        File.WriteAllText(Ledger, "");
        File.Copy(System.IO.Path.Combine(AppContext.BaseDirectory, "task.sh"), TaskScript);
        if (mkfifo(Pipe, 0x180) != 0)
        {
            throw new IOException($"The pipe {Pipe} could not be made: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>What all processes of this run carry in their environment.</summary>
    public string Mark { get; } = Guid.NewGuid().ToString("N");

    public string Path { get; }

    public string Server => In("server");

    public string Logs => In("logs");

    /// <summary>Where the workers keep what they need for themselves.</summary>
    public string WorkerTemp => In("tmp");

    public string Ledger => In("ledger");

    public string TaskScript => In("task.sh");

    public string Pipe => In("pipe");

    public void Dispose()
    {
        if (!_keep)
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
