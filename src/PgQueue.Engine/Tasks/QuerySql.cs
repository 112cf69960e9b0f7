using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>A <see cref="TaskQuery"/> as SQL over the view <c>tasks</c>: only the filters given, all values as parameters.</summary>
internal sealed class QuerySql
{
    private readonly List<NpgsqlParameter> _parameters = [];
    private readonly List<string> _conditions = [];
    private readonly string _schema;

    private QuerySql(string quotedSchema) => _schema = quotedSchema;

    /// <summary>A condition that limits a statement to the query's tasks, or an empty text.</summary>
    public static (string Where, IReadOnlyList<NpgsqlParameter> Parameters) Where(TaskQuery query, string quotedSchema)
    {
        var sql = new QuerySql(quotedSchema);
        sql.Collect(query);
        return (sql._conditions.Count == 0 ? "" : "where " + string.Join("\n  and ", sql._conditions), sql._parameters);
    }

    /// <summary>The order and the page of the query.</summary>
    public static string OrderAndPage(TaskQuery query)
    {
        Check(query.Limit is null or >= 0, nameof(query.Limit), query.Limit);
        Check(query.Offset >= 0, nameof(query.Offset), query.Offset);
        var text = new StringBuilder("order by ");
        var way = query.Ascending ? "" : " desc";
        if (query.SortBy != TaskSort.Id)
        {
            text.Append(SortKey(query.SortBy)).Append(way).Append(" nulls last, ");
        }

        // Without a limit the planner would sort all of them before the first comes; one that it can't know makes it
        // look for a way that soon has the first.
        text.Append("id").Append(way).Append(CultureInfo.InvariantCulture, $"\nlimit {query.Limit?.ToString(CultureInfo.InvariantCulture) ?? "(select 9223372036854775807)"}");

        if (query.Offset > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\noffset {query.Offset}");
        }

        return text.ToString();
    }

    private static string SortKey(TaskSort by) => by == TaskSort.Duration ? "finished_at - started_at" : DbWords.Of(by);

    /// <summary>PowerShell's wildcards as a LIKE pattern.</summary>
    public static string Like(string wildcard)
    {
        var like = new StringBuilder(wildcard.Length + 8);
        foreach (var c in wildcard)
        {
            _ = c switch
            {
                '*' => like.Append('%'),
                '?' => like.Append('_'),
                '%' or '_' or '\\' => like.Append('\\').Append(c),
                _ => like.Append(c),
            };
        }

        return like.ToString();
    }

    /// <summary>A LIKE pattern as PowerShell's wildcards: the way back from <see cref="Like"/>.</summary>
    public static string Wildcard(string like)
    {
        var text = new StringBuilder(like.Length);
        for (var i = 0; i < like.Length; i++)
        {
            _ = like[i] switch
            {
                '%' => text.Append('*'),
                '_' => text.Append('?'),
                '\\' when i + 1 < like.Length => text.Append(like[++i]),
                var c => text.Append(c),
            };
        }

        return text.ToString();
    }

    private void Collect(TaskQuery query)
    {
        Any("id = any ($)", query.Ids, NpgsqlDbType.Bigint);
        States(query.States);
        Any($"kind = any ($::{_schema}.task_kind[])", query.Kinds?.Select(DbWords.Of), NpgsqlDbType.Text);
        Any("queue like any ($)", query.Queues?.Select(Like), NpgsqlDbType.Text);
        Any("name ilike any ($)", query.Names?.Select(Like), NpgsqlDbType.Text);
        Any("tags @> $", query.Tags, NpgsqlDbType.Text);
        Any("client_id = any ($)", query.ClientIds, NpgsqlDbType.Text);
        Any("worker like any ($)", query.Workers?.Select(Like), NpgsqlDbType.Text);
        Any("priority = any ($)", query.Priorities, NpgsqlDbType.Integer);
        Any("group_key like any ($)", query.Groups?.Select(Like), NpgsqlDbType.Text);
        Any("schedule like any ($)", query.Schedules?.Select(Like), NpgsqlDbType.Text);
        Any($"ended = any ($::{_schema}.task_end[])", query.Ends?.Select(DbWords.Of), NpgsqlDbType.Text);
        Any("exit_code = any ($)", query.ExitCodes, NpgsqlDbType.Integer);
        Any(
            "(error ->> 'type' ilike any ($) or substring(error ->> 'type' from '[^.+]*\\Z') ilike any ($))",
            query.ErrorTypes?.Select(Like), NpgsqlDbType.Text);
        One("error ->> 'message' ilike $", query.ErrorText is null ? null : "%" + Like(query.ErrorText) + "%", NpgsqlDbType.Text);
        One("created_at >= $", query.CreatedFrom?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("created_at < $", query.CreatedBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("run_at >= $", query.DueFrom?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("run_at < $", query.DueBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("started_at >= $", query.StartedFrom?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("started_at < $", query.StartedBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("finished_at >= $", query.FinishedFrom?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        One("finished_at < $", query.FinishedBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
    }

    /// <summary>Written out: by a parameter the planner would not see which of the indexes for some states serve it.</summary>
    private void States(IReadOnlyCollection<TaskState>? states)
    {
        if (states is { Count: > 0 })
        {
            _conditions.Add($"state in ({string.Join(", ", states.Select(s => $"'{DbWords.Of(s)}'"))})");
        }
    }

    private void Any<T>(string condition, IEnumerable<T>? values, NpgsqlDbType type)
    {
        if (values?.ToArray() is { Length: > 0 } array)
        {
            One(condition, array, NpgsqlDbType.Array | type);
        }
    }

    private void One(string condition, object? value, NpgsqlDbType type)
    {
        if (value is null)
        {
            return;
        }

        _parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        _conditions.Add(condition.Replace("$", "$" + _parameters.Count, StringComparison.Ordinal));
    }

    private static void Check(bool condition, string name, long? value)
    {
        if (!condition)
        {
            throw new QueueException(QueueError.InvalidArgument, $"{name} '{value}' must not be negative.");
        }
    }
}
