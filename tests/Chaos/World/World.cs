using System.Collections.Concurrent;

namespace PgQueue.Chaos;

/// <summary>All that a run consists of.</summary>
internal sealed class World
{
    private readonly ConcurrentQueue<Task> _watches = new();

    public World() => Schedules = new Schedules(this);

    public Schedules Schedules { get; }

    public required RunFolder Folder { get; init; }

    public required ChaosServer Server { get; init; }

    public required Control Control { get; init; }

    public required Fleet Fleet { get; init; }

    public required Adder Adder { get; init; }

    /// <summary>Its commits are done, and never answered.</summary>
    public required Adder Unanswered { get; init; }

    public required TaskMix Tasks { get; init; }

    public required Incidents Incidents { get; init; }

    public required Breaches Breaches { get; init; }

    /// <summary>Tasks that have no end yet, as of late: producers hold back when there are many.</summary>
    public long Backlog { get; set; }

    /// <summary>Something that looks later and adds its breaches then.</summary>
    public void Watch(Task watch) => _watches.Enqueue(watch);

    public Task WatchesAsync() => Task.WhenAll(_watches);
}
