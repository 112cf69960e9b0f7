using System.Reflection;

namespace PgQueue;

/// <summary>What a worker says of itself when it joins.</summary>
internal sealed record WorkerIdentity(string Name, string Host, int ProcessId, string Version, int Concurrency, WorkerFilter Filter)
{
    public static WorkerIdentity Of(WorkerOptions options) => new(
        options.Name ?? $"{Environment.MachineName}:{Environment.ProcessId}",
        Environment.MachineName,
        Environment.ProcessId,
        typeof(WorkerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?",
        options.Concurrency,
        new WorkerFilter(options));
}
