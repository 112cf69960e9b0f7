using System.ComponentModel;

namespace PgQueue;

/// <summary>Reads what a child prints, as lines, until it ends or nobody is left who should print.</summary>
internal static class ChildOutput
{
    /// <summary>How long the pipes may stay open after the child's end: what has left its session may hold them.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    public static async Task PumpAsync(
        IChildProcess child, Func<string, ValueTask> output, Func<string, ValueTask> error, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.WhenAll(
            ReadAsync(child.ReadOutputAsync, new LineDecoder(output), stop.Token),
            ReadAsync(child.ReadErrorAsync, new LineDecoder(error), stop.Token));
        await child.Exited.ConfigureAwait(false);
        stop.CancelAfter(Linger);
        await reading.ConfigureAwait(false);
    }

    private static async Task ReadAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> read, LineDecoder lines, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await read(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var got)
            {
                await lines.AddAsync(buffer.AsMemory(0, got)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Lingered long enough.
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            await lines.CompleteAsync().ConfigureAwait(false);
            throw;
        }

        await lines.CompleteAsync().ConfigureAwait(false);
    }
}
