using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>Which tasks a worker takes, as the parameters of the SQL functions that ask.</summary>
internal sealed class WorkerFilter
{
    private readonly string[]? _queues;
    private readonly NpgsqlRange<int>[]? _priorities;
    private readonly string[]? _tags;
    private readonly string[]? _names;
    private readonly JsonArray? _caps;

    public WorkerFilter(WorkerOptions options)
    {
        _queues = Patterns(options.Queues);
        _priorities = options.Priorities.Count == 0
            ? null
            : [.. options.Priorities.Select(p => new NpgsqlRange<int>(p.Lowest, true, p.Highest, true))];
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
        Add("priorities", _priorities?.Select(p => $"{p.LowerBound}-{p.UpperBound}"));
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

    /// <summary>The queues as LIKE patterns; null for all.</summary>
    public NpgsqlParameter Queues() => Of(_queues, NpgsqlDbType.Array | NpgsqlDbType.Text);

    /// <summary>Priorities, tags and names.</summary>
    public NpgsqlParameter[] Others() =>
    [
        Of(_priorities, NpgsqlDbType.Array | NpgsqlDbType.IntegerRange),
        Of(_tags, NpgsqlDbType.Array | NpgsqlDbType.Text),
        Of(_names, NpgsqlDbType.Array | NpgsqlDbType.Text),
    ];

    /// <summary>How many tasks of a queue it runs at once.</summary>
    public NpgsqlParameter Caps() => Of(_caps?.ToJsonString(), NpgsqlDbType.Jsonb);

    /// <summary>How many of each queue it runs already; of no interest where nothing caps them.</summary>
    public NpgsqlParameter Busy(RunningTasks running) => Of(
        _caps is null ? null : new JsonObject(running.ByQueue().Select(q => KeyValuePair.Create(q.Key, (JsonNode?)q.Value))).ToJsonString(),
        NpgsqlDbType.Jsonb);

    private static string[]? Patterns(IReadOnlyList<string> wildcards) =>
        wildcards.Count == 0 ? null : [.. wildcards.Select(QuerySql.Like)];

    private static NpgsqlParameter Of(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
