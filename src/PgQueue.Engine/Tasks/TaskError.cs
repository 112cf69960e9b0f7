using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>Why a run failed.</summary>
public sealed record TaskError
{
    /// <summary>What went wrong.</summary>
    public required string Message { get; init; }

    /// <summary>The exception's full type name, such as <c>System.IO.FileNotFoundException</c>; null where there was none.</summary>
    public string? Type { get; init; }

    /// <summary>The error's PowerShell category, such as <c>ObjectNotFound</c>.</summary>
    public string? Category { get; init; }

    /// <summary>The error's FullyQualifiedErrorId.</summary>
    public string? ErrorId { get; init; }

    /// <summary>What the error was about, as text.</summary>
    public string? Target { get; init; }

    /// <summary>Where in the script: line, character and the line itself.</summary>
    public string? Position { get; init; }

    /// <summary>The script's call stack.</summary>
    public string? ScriptStackTrace { get; init; }

    /// <summary>The .NET call stack.</summary>
    public string? StackTrace { get; init; }

    /// <summary>The error that caused this one.</summary>
    public TaskError? Inner { get; init; }

    /// <summary>The message.</summary>
    public override string ToString() => Message;

    internal static TaskError? FromJson(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            return From(JsonSerializer.Deserialize(json, ProtocolJson.Default.ErrorDetail));
        }
        catch (JsonException)
        {
            // Written by a SQL caller in a form of its own: shown as it is.
            return new TaskError { Message = json };
        }
    }

    private static TaskError? From(ErrorDetail? e) => e is null ? null : new()
    {
        Message = e.Message,
        Type = e.Type,
        Category = e.Category,
        ErrorId = e.ErrorId,
        Target = e.Target,
        Position = e.Position,
        ScriptStackTrace = e.ScriptStackTrace,
        StackTrace = e.StackTrace,
        Inner = From(e.Inner),
    };
}
