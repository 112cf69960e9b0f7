using System.Text;

namespace PgQueue.Unit;

/// <summary>A way to the server that breaks off once, at a statement that a test names.</summary>
/// <param name="connectionString">The server.</param>
/// <param name="statement">The statement at which the line breaks.</param>
/// <param name="delivers">Whether the server still gets it, and only its answer is lost.</param>
internal sealed class LossyLine(string connectionString, string statement, bool delivers) : ServerLine(connectionString)
{
    private int _losses;

    public bool HasBroken => Volatile.Read(ref _losses) > 0;

    protected override async Task<bool> PassAsync(ReadOnlyMemory<byte> bytes, bool fromClient, int openedAt, Func<Task> send, CancellationToken end)
    {
        var isTheOne = fromClient
            && Encoding.Latin1.GetString(bytes.Span).Contains(statement, StringComparison.OrdinalIgnoreCase)
            && Interlocked.Exchange(ref _losses, 1) == 0;
        if (!isTheOne || delivers)
        {
            await send();
        }

        return !isTheOne;
    }
}
