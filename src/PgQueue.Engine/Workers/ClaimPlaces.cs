using System.Diagnostics;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Where a worker's claims have got to in each queue. What was claimed leaves dead entries at the head of the index, for as
/// long as some session holds an old snapshot; a claim that went through all of them each time would be slower with every
/// task. So a claim goes on behind the last one, and only a small part of the time looks through from the head, for what
/// has come before that place: tasks of a higher priority, and those that are tried again.
/// </summary>
internal sealed class ClaimPlaces
{
    /// <summary>So many times as long as the last look from the head took, none is made.</summary>
    private const int Rest = 10;

    private readonly Dictionary<string, (int Priority, long Id)> _places = [];
    private long _looked;
    private TimeSpan _took;

    /// <summary>How long until the next claim is one from the head; zero where that is due.</summary>
    public TimeSpan UntilHead
    {
        get
        {
            var left = _took * Rest - Stopwatch.GetElapsedTime(_looked);
            return _looked == 0 || left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }

    /// <summary>The last claim was from the head: what it did not find was not there.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The places for the next claim, null for one from the head.</summary>
    public NpgsqlParameter Next()
    {
        IsComplete = UntilHead == TimeSpan.Zero;
        return new()
        {
            Value = IsComplete || _places.Count == 0
                ? DBNull.Value
                : new JsonObject(_places.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)new JsonArray(p.Value.Priority, p.Value.Id)))).ToJsonString(),
            NpgsqlDbType = NpgsqlDbType.Jsonb,
        };
    }

    /// <summary>Notes how far a claim got.</summary>
    /// <param name="claimed">What was claimed, in the order of claims.</param>
    /// <param name="took">How long it took.</param>
    public void Note(IReadOnlyList<ClaimedTask> claimed, TimeSpan took)
    {
        foreach (var task in claimed)
        {
            _places[task.Queue] = (task.Priority, task.Id);
        }

        if (IsComplete)
        {
            (_looked, _took) = (Stopwatch.GetTimestamp(), took);
        }
    }
}
