using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>
/// A small shell process that outlives the worker by a moment: when the pipe from the worker ends, however the worker
/// ended, it kills everything that carries the worker's mark and removes the worker's temporary folder. Children that
/// speak the protocol also end by themselves; commands, and what tasks started, can't.
/// </summary>
internal sealed class Guardian : IAsyncDisposable
{
    private const string FolderVariable = "PGQUEUE_WORKER_FOLDER";

    private static readonly TimeSpan SweepTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StartAgain = TimeSpan.FromSeconds(1);

    private readonly string _mark;
    private readonly string _folder;
    private readonly Lock _lock = new();
    private readonly Task _watch;
    private Process _process;
    private bool _closed;

    /// <param name="mark">The worker's mark, the part before the slash.</param>
    /// <param name="folder">The worker's temporary folder, which need not be there yet.</param>
    public Guardian(string mark, string folder)
    {
        _mark = mark;
        _folder = folder;
        _process = Start();
        _watch = WatchAsync();
    }

    /// <summary>Lets it do its work, and waits for that.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _closed = true;
            _process.StandardInput.Close();
        }

        await _watch.WaitAsync(SweepTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await _process.WaitForExitAsync().ConfigureAwait(false);
            while (!TryReplace())
            {
                await Task.Delay(StartAgain).ConfigureAwait(false);
            }

            if (_closed)
            {
                return;
            }
        }
    }

    /// <summary>Somebody killed it: the children must not be left without one. False where none can be started now.</summary>
    private bool TryReplace()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return true;
            }

            try
            {
                var next = Start();
                _process.Dispose();
                _process = next;
                return true;
            }
            catch (Win32Exception)
            {
                return false; // No process can be started on this machine at the moment.
            }
        }
    }

    private Process Start() => Process.Start(new ProcessStartInfo(
        "/bin/sh",
        [
            "-c", EmbeddedFile.Read("Children/Unix/guardian.sh"), "pgqueue-guardian", $"{ChildEnvironment.Mark}={_mark}/",
            InheritedMark.OfWorker(_mark).ToString(CultureInfo.InvariantCulture),
        ])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        WorkingDirectory = "/",
        // Not an argument: others could see the path there before the folder is made, and make it themselves.
        Environment = { [FolderVariable] = _folder },
    })!;
}
