using System.Reflection;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>What a worker says of itself when it joins.</summary>
internal sealed record WorkerIdentity(string Name, string Host, int ProcessId, string Version, string[]? Queues, int Concurrency)
{
    public static WorkerIdentity Of(WorkerOptions options) => new(
        options.Name ?? $"{Environment.MachineName}:{Environment.ProcessId}",
        Environment.MachineName,
        Environment.ProcessId,
        typeof(WorkerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?",
        options.Queues.Count == 0 ? null : [.. options.Queues.Select(QuerySql.Like)],
        options.Concurrency);

    /// <summary>The queues as LIKE patterns; null for all.</summary>
    public NpgsqlParameter QueuesParameter() => new()
    {
        Value = (object?)Queues ?? DBNull.Value,
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
    };
}
