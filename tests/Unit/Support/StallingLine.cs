namespace PgQueue.Unit;

/// <summary>A way to the server on which, for a time, nothing comes through; what was open then stays silent for ever.</summary>
internal sealed class StallingLine(string connectionString) : ServerLine(connectionString)
{
    private int _changes;

    /// <summary>Even where the line is whole, odd where it stalls.</summary>
    protected override int Now => Volatile.Read(ref _changes);

    private bool Stalls => Now % 2 == 1;

    public void Stall() => Change(Stalls);

    /// <summary>New connections come through again.</summary>
    public void Mend() => Change(!Stalls);

    protected override async Task<bool> PassAsync(ReadOnlyMemory<byte> bytes, bool fromClient, int openedAt, Func<Task> send, CancellationToken end)
    {
        if (Stalls || openedAt != Now)
        {
            await Task.Delay(Timeout.Infinite, end);
        }

        await send();
        return true;
    }

    private void Change(bool isSo)
    {
        if (!isSo)
        {
            Interlocked.Increment(ref _changes);
        }
    }
}
