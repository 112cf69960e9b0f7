using System.Diagnostics;

namespace PgQueue;

/// <summary>A child by System.Diagnostics.Process, for systems other than Linux: no signals told apart from exit codes.</summary>
internal sealed class PortableChild : IChildProcess
{
    private readonly Process _process;

    private PortableChild(Process process, string mark)
    {
        (_process, Id, Mark) = (process, process.Id, mark);
        Exited = WaitAsync();
    }

    public int Id { get; }

    public string Mark { get; }

    public Task<ProcessExit> Exited { get; }

    public static PortableChild Start(ProcessStart start, string mark)
    {
        var info = new ProcessStartInfo(start.File, start.Args)
        {
            WorkingDirectory = start.Directory ?? "",
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return new PortableChild(process, mark);
    }

    public ValueTask<int> ReadOutputAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken);

    public ValueTask<int> ReadErrorAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _process.StandardError.BaseStream.ReadAsync(buffer, cancellationToken);

    public void Terminate() => _process.Kill();

    public long? EndTask() => null;

    public async Task KillTreeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await Exited.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ProcessExit> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return new ProcessExit(_process.ExitCode, null, null);
    }
}
