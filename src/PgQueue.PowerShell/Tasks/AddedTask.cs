namespace PgQueue.PowerShell;

/// <summary>What Add-PqTask emits for each task. Its Id binds to the parameters of the other cmdlets.</summary>
public sealed record AddedTask
{
    /// <summary>The task's id.</summary>
    public required long Id { get; init; }

    /// <summary>Its name, if it was given one.</summary>
    public string? Name { get; init; }

    /// <summary>The queue it was added to.</summary>
    public required string Queue { get; init; }

    /// <summary>True where -DedupeKey named an unfinished task: it is that one, and nothing was added.</summary>
    public required bool Existing { get; init; }

    /// <summary>Its id and its name.</summary>
    public override string ToString() => $"{Id} {Name}".TrimEnd();
}
