using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// A cmdlet over asynchronous work. All of it is awaited on the pipeline's own thread, which pulls one result after the
/// other and writes it: nothing is written from elsewhere, and a stopped cmdlet has cleaned up before it returns.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "StopProcessing may come at any time, after Dispose too; a source without a timer holds nothing.")]
public abstract class EngineCmdlet : PSCmdlet
{
    private readonly CancellationTokenSource _stop = new();

    private protected EngineCmdlet()
    {
    }

    /// <summary>Canceled by Ctrl+C.</summary>
    private protected CancellationToken StopToken => _stop.Token;

    /// <summary>What an error that ends the cmdlet is about.</summary>
    private protected virtual object? ErrorTarget => null;

    /// <summary>Binds the settings.</summary>
    protected sealed override void BeginProcessing() => Guard(Begin);

    /// <summary>Takes one pipeline object.</summary>
    protected sealed override void ProcessRecord() => Guard(Process);

    /// <summary>Finishes.</summary>
    protected sealed override void EndProcessing() => Guard(End);

    /// <summary>Ends the engine's work under way.</summary>
    protected override void StopProcessing() => _stop.Cancel();

    private protected virtual void Begin()
    {
    }

    private protected virtual void Process()
    {
    }

    private protected virtual void End()
    {
    }

    /// <summary>The result of the engine's work.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return work(StopToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Awaits the engine's work.</summary>
    private protected void Await(Func<CancellationToken, Task> work)
    {
        try
        {
            work(StopToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>What the engine streams, pulled as the pipeline takes it.</summary>
    private protected IEnumerable<T> Pull<T>(Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        var items = source(StopToken).GetAsyncEnumerator(StopToken);
        try
        {
            while (Await(_ => items.MoveNextAsync().AsTask()))
            {
                yield return items.Current;
            }
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Writes an error about one item; the others go on.</summary>
    private protected void WriteItemError(string id, ErrorCategory category, string message, object? target) =>
        WriteError(new ErrorRecord(new ItemException(message), id, category, target));

    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (ErrorRecords.From(e, ErrorTarget) is { } record)
        {
            ThrowTerminatingError(record);
        }
    }
}
