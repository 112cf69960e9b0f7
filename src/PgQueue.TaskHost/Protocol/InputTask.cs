using System.Text.Json;

namespace PgQueue.Protocol;

/// <summary>A task that another one waited for, with what came of it.</summary>
internal sealed record InputTask
{
    public required long Id { get; init; }

    public string? Name { get; init; }

    /// <summary>Its state by PowerShell's name, such as <c>Completed</c>; null where the task is not there any more.</summary>
    public string? State { get; init; }

    /// <summary>A method's return value.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>The objects that a script put out, or the lines of a command, in their order.</summary>
    public IReadOnlyList<InputRecord>? Records { get; init; }

    /// <summary>Why the result is not here, for the one who asks for it; null where it is.</summary>
    public string? Missing { get; init; }
}

/// <summary>One object or line of a task's output.</summary>
internal sealed record InputRecord
{
    public string? Text { get; init; }

    /// <summary>The object as CLIXML; null where the text says all.</summary>
    public string? Clixml { get; init; }
}
