using System.Text.Json;
using PgQueue.Protocol;

namespace PgQueue;

/// <summary>A run's end as the database is told it.</summary>
internal sealed record FinishedRun
{
    public required long TaskId { get; init; }

    public required int Run { get; init; }

    public required TaskState State { get; init; }

    public required RunOutcome Outcome { get; init; }

    /// <summary>Not the task's end: run it again after this time.</summary>
    public TimeSpan? RetryIn { get; init; }

    /// <summary>That run does not count as an attempt.</summary>
    public bool Refund { get; init; }

    public string? ErrorJson => Outcome.Error is null
        ? null
        : StorableText.CleanJson(JsonSerializer.Serialize(Outcome.Error, ProtocolJson.Default.ErrorDetail));

    public string? ResultJson => Outcome.Result is null ? null : StorableText.CleanJson(Outcome.Result);

    /// <summary>What becomes of a task after a run.</summary>
    public static FinishedRun Decide(ClaimedTask task, RunOutcome outcome, StopReason? stopped)
    {
        if (stopped == StopReason.Released)
        {
            return Of(TaskState.Failed) with { RetryIn = TimeSpan.Zero, Refund = true };
        }

        if (outcome.End == TaskEnd.Success)
        {
            return Of(TaskState.Completed);
        }

        if (stopped == StopReason.Canceled)
        {
            return Of(TaskState.Canceled);
        }

        if (task.Attempt >= task.MaxAttempts)
        {
            return Of(TaskState.Failed);
        }

        try
        {
            var policy = RetryPolicy.FromJson(task.Retry);
            return RetryFilter.Allows(policy, outcome)
                ? Of(TaskState.Failed) with { RetryIn = policy.WaitAfter(task.Attempt, Random.Shared.NextDouble()) }
                : Of(TaskState.Failed);
        }
        catch (JsonException e)
        {
            return Of(TaskState.Failed) with
            {
                Outcome = outcome with
                {
                    Error = new ErrorDetail { Message = $"The task's retry policy can't be read, so it is not tried again: {e.Message}", Inner = outcome.Error },
                },
            };
        }

        FinishedRun Of(TaskState state) => new() { TaskId = task.Id, Run = task.Run, State = state, Outcome = outcome };
    }
}
