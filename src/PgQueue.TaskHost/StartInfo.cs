using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>What the worker told this process at its start.</summary>
/// <param name="Kind"><c>script</c> or <c>method</c>.</param>
/// <param name="Socket">Path of the worker's socket.</param>
/// <param name="Token">Proves to the worker that this is the process it started.</param>
internal sealed record StartInfo(string Kind, string Socket, string Token)
{
    /// <summary>
    /// Reads the start's values and takes them out of the environment, so that no task sees them;
    /// null where they are not there.
    /// </summary>
    public static StartInfo? TakeFromEnvironment(string kind)
    {
        var socket = Take(ChildEnvironment.Socket);
        var token = Take(ChildEnvironment.Token);
        foreach (var name in Take(ChildEnvironment.Drop)?.Split(';') ?? [])
        {
            Take(name);
        }

        return socket is null || token is null ? null : new StartInfo(kind, socket, token);
    }

    private static string? Take(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return string.IsNullOrEmpty(value) ? null : value;
    }
}
