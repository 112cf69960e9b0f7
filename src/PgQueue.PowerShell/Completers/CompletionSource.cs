using System.Collections;
using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Reads what is offered while somebody types: within a time in which nobody notices the wait, or nothing. Starts no
/// server, and never fails: the command itself will say what is wrong.
/// </summary>
internal static class CompletionSource
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>What came too late warms the connection up for the next time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>What the queue has that the command being typed would use; empty where there is none, or it takes too long.</summary>
    /// <param name="bound">The parameters given so far.</param>
    /// <param name="read">Reads it.</param>
    public static IReadOnlyList<T> Read<T>(IDictionary bound, Func<QueueClient, CancellationToken, Task<IReadOnlyList<T>>> read)
    {
        // The session is that of this thread's runspace.
        var session = Session.Current;
        var known = Given(bound["Connection"]) ?? DefaultConnection.Known ?? session.Embedded;
        var schema = DefaultConnection.Schema;
        return InTime(() => ReadAsync(session, known, schema, read));
    }

    /// <summary>What some work finds; empty where it takes too long.</summary>
    public static IReadOnlyList<T> InTime<T>(Func<Task<IReadOnlyList<T>>> work)
    {
        var reading = Task.Run(work);
        return reading.Wait(Patience) ? reading.Result : [];
    }

    private static PqConnection? Given(object? argument)
    {
        try
        {
            return argument is null ? null : new ConnectionTransformationAttribute().Transform(null!, argument) as PqConnection;
        }
        catch (ArgumentTransformationMetadataException)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(
        Session session, PqConnection? known, string schema, Func<QueueClient, CancellationToken, Task<IReadOnlyList<T>>> read)
    {
        using var patience = new CancellationTokenSource(Longest);
        try
        {
            return (known ?? await FindEmbeddedAsync(schema, patience.Token).ConfigureAwait(false)) is { } connection
                ? await read(session.Client(connection).Queue, patience.Token).ConfigureAwait(false)
                : [];
        }
        catch (Exception e) when (e is QueueException or EmbeddedServerException or CmdletException or OperationCanceledException)
        {
            return [];
        }
    }

    private static async Task<PqConnection?> FindEmbeddedAsync(string schema, CancellationToken cancellationToken)
    {
        if (InsideTask.Here is not null)
        {
            return null;
        }

        var status = await Embedded.Server().GetStatusAsync(cancellationToken).ConfigureAwait(false);
        return status.ConnectionString is { } text ? new PqConnection(text, schema) { Embedded = true, Version = status.Version } : null;
    }
}
