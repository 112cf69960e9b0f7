using PgQueue.Protocol;

namespace PgQueue;

/// <summary>How a run ended, before anybody decides what becomes of the task.</summary>
internal sealed record RunOutcome(TaskEnd End)
{
    public int? ExitCode { get; init; }

    public int? Signal { get; init; }

    public long? PeakMemory { get; init; }

    public ErrorDetail? Error { get; init; }

    /// <summary>A method's return value.</summary>
    public string? Result { get; init; }

    /// <summary>What the AfterTask hook failed with; the outcome stands all the same.</summary>
    public ErrorDetail? AfterError { get; init; }

    public static RunOutcome Failed(TaskEnd end, string message, string? type = null) =>
        new(end) { Error = new ErrorDetail { Message = message, Type = type } };
}
