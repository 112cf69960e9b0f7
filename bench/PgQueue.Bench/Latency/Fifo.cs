using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PgQueue.Bench;

/// <summary>A named pipe that other processes write lines to, and the times at which these come.</summary>
internal sealed partial class Fifo : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pgqueue-bench-").FullName;
    private TaskCompletionSource<long> _next = new();

    public Fifo()
    {
        Path = System.IO.Path.Combine(_folder, "pipe");
        if (mkfifo(Path, 0x180) != 0)
        {
            throw new IOException($"The pipe {Path} could not be made: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        new Thread(Read) { IsBackground = true }.Start();
    }

    public string Path { get; }

    /// <summary>When the next line comes, as <see cref="Stopwatch.GetTimestamp"/> counts. One wait at a time.</summary>
    public Task<long> NextLineAsync() => (_next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Read()
    {
        // Open for both: it has no end while this one could write to it.
        using var pipe = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        while (pipe.ReadByte() == '\n')
        {
            _next.TrySetResult(Stopwatch.GetTimestamp());
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
