using NpgsqlTypes;

namespace PgQueue;

/// <content>What is offered while somebody types. It must be quick on tables of any size, so it knows the newest only.</content>
public sealed partial class QueueClient
{
    /// <summary>The newest tasks in some states whose ids begin with some digits, the newest first.</summary>
    internal Task<IReadOnlyList<RecentTask>> GetRecentAsync(
        IReadOnlyList<TaskState> states, string digits, int limit, CancellationToken cancellationToken = default) => CallAsync(
        Database.Sql("Tasks/recent.sql"),
        [
            new() { Value = states.Select(DbWords.Of).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            new() { Value = QuerySql.Like(digits + "*"), NpgsqlDbType = NpgsqlDbType.Text },
            new() { Value = (long)limit, NpgsqlDbType = NpgsqlDbType.Bigint },
        ],
        row => new RecentTask(
            row.GetInt64(0),
            TaskRow.Text(row, 1) is { } text ? TaskLabel.Shorten(text) : null,
            row.GetString(2),
            DbWords.Parse<TaskState>(row.GetString(3))),
        cancellationToken);

    /// <summary>The names, tags and the like of the newest tasks that fit a pattern with wildcards, in the order of the alphabet.</summary>
    internal Task<IReadOnlyList<string>> GetRecentWordsAsync(
        RecentWord kind, string pattern, CancellationToken cancellationToken = default) => CallAsync(
        Database.Sql("Tasks/recent_words.sql"),
        [
            new() { Value = DbWords.Of(kind), NpgsqlDbType = NpgsqlDbType.Text },
            new() { Value = QuerySql.Like(pattern), NpgsqlDbType = NpgsqlDbType.Text },
        ],
        row => row.GetString(0),
        cancellationToken);
}
