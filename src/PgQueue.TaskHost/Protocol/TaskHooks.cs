namespace PgQueue.Protocol;

/// <summary>What the worker's admin wants run in the child before and after each task, as scripts.</summary>
internal sealed record TaskHooks
{
    public string? Before { get; init; }

    public string? After { get; init; }

    /// <summary>Values of the hooks' <c>$using:</c> variables, as JSON what <see cref="ScriptSpec.Using"/> is.</summary>
    public string? Using { get; init; }

    /// <summary>The task itself runs in another child: this one is for the hooks alone.</summary>
    public bool Alone { get; init; }

    /// <summary>How such a task ended, for <see cref="After"/>; null for a success.</summary>
    public ErrorDetail? Error { get; init; }
}
