namespace PgQueue;

/// <summary>What an upsert did.</summary>
public enum SetOutcome : long
{
    /// <summary>No task had that client id: one was added.</summary>
    Added,

    /// <summary>The task that waited, or had finished, was replaced under its own id.</summary>
    Replaced,

    /// <summary>The old one runs and is let finish; the new one runs after it.</summary>
    Queued,
}

/// <summary>The answer to an upsert.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Outcome">What was done.</param>
public readonly record struct SetTaskAnswer(long Id, SetOutcome Outcome);
