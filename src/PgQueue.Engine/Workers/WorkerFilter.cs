using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>Which tasks a worker takes, as the parameters of the SQL functions that ask.</summary>
internal sealed class WorkerFilter
{
    private readonly string[]? _queues;
    private readonly IReadOnlyList<PriorityRange> _priorities;
    private readonly string[]? _tags;
    private readonly string[]? _names;
    private readonly JsonArray? _caps;

    public WorkerFilter(WorkerOptions options)
    {
        _queues = Patterns(options.Queues);
        _priorities = options.Priorities;
        _tags = options.Tags.Count == 0 ? null : [.. options.Tags];
        _names = Patterns(options.Names);
        _caps = options.QueueConcurrency.Count == 0
            ? null
            : new JsonArray([.. options.QueueConcurrency.Select(c => new JsonArray(QuerySql.Like(c.Key), c.Value))]);
    }

    /// <summary>What it picks by beside queues, for people to read; null where nothing.</summary>
    public NpgsqlParameter Description()
    {
        var all = new JsonObject();
        Add("priorities", _priorities.Count == 0 ? null : _priorities.Select(p => p.ToString()));
        Add("tags", _tags);
        Add("names", _names?.Select(QuerySql.Wildcard));
        Add("concurrency", _caps?.Select(c => $"{QuerySql.Wildcard((string)c![0]!)}: {c[1]}"));
        return Of(all.Count == 0 ? null : all.ToJsonString(), NpgsqlDbType.Jsonb);

        void Add(string name, IEnumerable<string>? values)
        {
            if (values is not null)
            {
                all[name] = new JsonArray([.. values.Select(v => JsonValue.Create(v))]);
            }
        }
    }

    /// <summary>What <see cref="Description"/> has stored, in words; null where nothing.</summary>
    public static string? Describe(string? stored)
    {
        if (stored is null || JsonNode.Parse(stored) is not JsonObject filter)
        {
            return null;
        }

        var parts = new[] { ("priorities", "priority"), ("tags", "tag"), ("names", "name"), ("concurrency", "at once") }
            .Where(p => filter[p.Item1] is JsonArray)
            .Select(p => $"{p.Item2} {string.Join(", ", filter[p.Item1]!.AsArray().Select(v => v?.ToString()))}");
        return string.Join("; ", parts);
    }

    /// <summary>The queues as LIKE patterns; null for all.</summary>
    public NpgsqlParameter Queues() => Of(_queues, NpgsqlDbType.Array | NpgsqlDbType.Text);

    /// <summary>Priorities, tags and names.</summary>
    public NpgsqlParameter[] Others() =>
    [
        Of(_priorities.Count == 0 ? null : _priorities.Select(Range).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.IntegerRange),
        Of(_tags, NpgsqlDbType.Array | NpgsqlDbType.Text),
        Of(_names, NpgsqlDbType.Array | NpgsqlDbType.Text),
    ];

    /// <summary>How many tasks of a queue it runs at once.</summary>
    public NpgsqlParameter Caps() => Of(_caps?.ToJsonString(), NpgsqlDbType.Jsonb);

    /// <summary>How many of each queue it runs already; of no interest where nothing caps them.</summary>
    public NpgsqlParameter Busy(RunningTasks running) => Of(
        _caps is null ? null : new JsonObject(running.ByQueue().Select(q => KeyValuePair.Create(q.Key, (JsonNode?)q.Value))).ToJsonString(),
        NpgsqlDbType.Jsonb);

    // The highest number can't be an upper bound: PostgreSQL keeps the number after it.
    private static NpgsqlRange<int> Range(PriorityRange range) =>
        new(range.Lowest, true, range.Lowest == int.MinValue, range.Highest, true, range.Highest == int.MaxValue);

    private static string[]? Patterns(IReadOnlyList<string> wildcards) =>
        wildcards.Count == 0 ? null : [.. wildcards.Select(QuerySql.Like)];

    private static NpgsqlParameter Of(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
