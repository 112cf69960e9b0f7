using System.Diagnostics;
using PgQueue.Protocol;

namespace PgQueue.Unix;

/// <summary>
/// A small shell process that outlives the worker by a moment: when the pipe from the worker ends, however the worker
/// ended, it kills everything that carries the worker's mark and removes the worker's temporary folder. Children that
/// speak the protocol also end by themselves; commands, and what tasks started, can't.
/// </summary>
internal sealed class Guardian : IAsyncDisposable
{
    private readonly string[] _arguments;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _watch;
    private Process _process;

    /// <param name="mark">The worker's mark, the part before the slash.</param>
    /// <param name="directory">The worker's temporary folder.</param>
    public Guardian(string mark, string directory)
    {
        _arguments = ["-c", EmbeddedFile.Read("Children/Unix/guardian.sh"), "pgqueue-guardian", $"{ChildEnvironment.Mark}={mark}/", directory];
        _process = Start();
        _watch = WatchAsync();
    }

    /// <summary>Lets it do its work, and waits for that.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _process.StandardInput.Close();
        await _watch.ConfigureAwait(false);
        _process.Dispose();
        _closing.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await _process.WaitForExitAsync().ConfigureAwait(false);
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            // Somebody killed it: the children must not be left without one.
            _process.Dispose();
            _process = Start();
        }
    }

    private Process Start() => Process.Start(new ProcessStartInfo("/bin/sh", _arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        WorkingDirectory = "/",
    })!;
}
