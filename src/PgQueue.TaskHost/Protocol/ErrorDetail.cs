namespace PgQueue.Protocol;

/// <summary>An error as it is kept: an ErrorRecord's or an exception's parts, in plain text.</summary>
internal sealed record ErrorDetail
{
    public required string Message { get; init; }

    /// <summary>The exception's full type name.</summary>
    public string? Type { get; init; }

    /// <summary>The ErrorRecord's category, such as <c>ObjectNotFound</c>.</summary>
    public string? Category { get; init; }

    /// <summary>The ErrorRecord's FullyQualifiedErrorId.</summary>
    public string? ErrorId { get; init; }

    /// <summary>What the error was about, as text.</summary>
    public string? Target { get; init; }

    /// <summary>Where in the script: line, character and the line itself.</summary>
    public string? Position { get; init; }

    public string? ScriptStackTrace { get; init; }

    public string? StackTrace { get; init; }

    public ErrorDetail? Inner { get; init; }
}
