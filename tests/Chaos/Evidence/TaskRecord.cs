namespace PgQueue.Chaos;

/// <summary>A run as the database remembers it.</summary>
/// <param name="Number">The run's number.</param>
/// <param name="Attempt">Which attempt it was.</param>
/// <param name="Worker">The worker's name.</param>
/// <param name="Started">When it was claimed.</param>
/// <param name="Finished">When its end was stored, or when it was taken from its worker.</param>
/// <param name="Ended">How it ended, in the words of task_end.</param>
internal sealed record RunRecord(int Number, int Attempt, string Worker, DateTimeOffset Started, DateTimeOffset Finished, string Ended)
{
    public bool WasLost => Ended == "lost";

    public bool Overlaps(DateTimeOffset from, DateTimeOffset until) => Started < until && from < Finished;
}

/// <summary>A task as the database remembers it.</summary>
internal sealed record TaskRecord
{
    public required long Id { get; init; }

    public required string? Name { get; init; }

    public required string Queue { get; init; }

    public required string State { get; init; }

    public required string? Group { get; init; }

    public required string? Ended { get; init; }

    public required string? Error { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required int Lost { get; init; }

    public required DateTimeOffset? Finished { get; init; }

    public required string? Schedule { get; init; }

    public required DateTimeOffset? Tick { get; init; }

    /// <summary>In their order.</summary>
    public required IReadOnlyList<RunRecord> Runs { get; init; }

    public bool IsFinished => State is "completed" or "failed" or "canceled";

    public override string ToString() =>
        $"task {Id} ({Name}, queue {Queue}, group {Group}) is {State}, ended {Ended}, attempt {Attempt} of {MaxAttempts}, lost {Lost}, {Error}"
        + string.Concat(Runs.Select(r => $"\n    run {r.Number} on {r.Worker} {r.Started:HH:mm:ss.fff} to {r.Finished:HH:mm:ss.fff}: {r.Ended}"));
}
