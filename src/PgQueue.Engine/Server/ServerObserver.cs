namespace PgQueue;

internal enum ServerCondition
{
    Stopped,

    /// <summary>Its process lives but takes no connections: it starts, recovers or stops.</summary>
    Busy,

    Ready,
}

/// <summary>What was seen of a server at one moment.</summary>
internal sealed record Observation(ServerCondition Condition, PostmasterPid? Pid = null, Version? Version = null, DateTimeOffset? StartedAt = null);

/// <summary>Looks at a server without changing anything.</summary>
internal static class ServerObserver
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    public static async Task<Observation> ObserveAsync(ServerHome home, ServerState state, CancellationToken cancellationToken)
    {
        if (PostmasterPid.Read(home.Cluster) is not { } pid)
        {
            return new Observation(ServerCondition.Stopped);
        }

        // Asked first: it can be proven right even where the process can't be seen, from another container for instance.
        var probe = await ServerConnection.ProbeAsync(home, state, cancellationToken).ConfigureAwait(false);
        if (probe.Answer == ProbeAnswer.Ready)
        {
            return new Observation(ServerCondition.Ready, pid, probe.Version, probe.StartedAt ?? pid.StartedAt);
        }

        if (!pid.IsServerAlive())
        {
            return new Observation(ServerCondition.Stopped, pid);
        }

        return probe.Answer == ProbeAnswer.WrongPassword
            ? throw new EmbeddedServerException(
                $"The embedded server in '{home.Root}' (process {pid.ProcessId}) refuses the password in '{home.PasswordFile}'. Set the role {ServerConnection.Superuser}'s password back to it.")
            : new Observation(ServerCondition.Busy, pid);
    }

    /// <summary>Waits while the server is starting or stopping, for as long as the token lets it.</summary>
    /// <exception cref="EmbeddedServerException">It says it is ready but its socket is gone.</exception>
    public static async Task<Observation> WaitWhileBusyAsync(ServerHome home, ServerState state, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = await ObserveAsync(home, state, cancellationToken).ConfigureAwait(false);
            if (seen.Condition != ServerCondition.Busy)
            {
                return seen;
            }

            if (seen.Pid is { Phase: "ready" } pid && state.Host is { } host && Path.IsPathFullyQualified(host) && !Directory.Exists(host))
            {
                throw new EmbeddedServerException(
                    $"The embedded server in '{home.Root}' runs (process {pid.ProcessId}), but the folder of its socket, '{host}', was deleted. Stop it and start it again.");
            }

            await Task.Delay(s_interval, cancellationToken).ConfigureAwait(false);
        }
    }
}
