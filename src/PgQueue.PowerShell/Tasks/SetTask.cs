namespace PgQueue.PowerShell;

/// <summary>What Set-PqTask emits for each client id. Its Id binds to the parameters of the other cmdlets.</summary>
public sealed class SetTask
{
    // Boxed, see ModuleLifetime.
    private readonly object _outcome;

    internal SetTask(SetTaskAnswer answer)
    {
        Id = answer.Id;
        _outcome = answer.Outcome;
    }

    /// <summary>The task's id.</summary>
    public long Id { get; }

    /// <summary>Its name, if it was given one.</summary>
    public string? Name { get; internal init; }

    /// <summary>The queue it is in.</summary>
    public required string Queue { get; init; }

    /// <summary>Your own id for it.</summary>
    public required string ClientId { get; init; }

    /// <summary>Added: there was none. Replaced: it took the place of one that waited or had finished. Queued: it runs after the one that runs.</summary>
    public SetOutcome Outcome => (SetOutcome)_outcome;

    /// <summary>Its ids and what was done: <c>42 index (Replaced)</c>.</summary>
    public override string ToString() => $"{Id} {ClientId} ({Outcome})";
}
