namespace PgQueue;

/// <summary>Stands in for a guard or a watch where none is needed.</summary>
internal sealed class NothingToEnd : IAsyncDisposable
{
    public static readonly NothingToEnd Instance = new();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
