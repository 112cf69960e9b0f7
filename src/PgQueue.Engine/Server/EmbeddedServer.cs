namespace PgQueue;

/// <summary>
/// A private PostgreSQL of the user, for trying, tests and single machines. It outlives the process that started
/// it and runs until it is stopped. Any number of processes and threads may use it, start it and stop it at once.
/// </summary>
/// <remarks>
/// On Unix it listens on a socket in a folder only its user may enter, on Windows on a loopback port. Everyone
/// needs the generated password. When the caller is root, PostgreSQL runs as user postgres, else as nobody.
/// </remarks>
public sealed class EmbeddedServer
{
    private readonly EmbeddedServerOptions _options;
    private readonly ServerHome _home;

    /// <summary>Names a server. Nothing is made or started yet.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public EmbeddedServer(EmbeddedServerOptions? options = null)
    {
        _options = (options ?? new EmbeddedServerOptions()).Validated();
        _home = new ServerHome(_options.DataDirectory);
    }

    /// <summary>True for a connection string that an embedded server has made: it names the file with its password.</summary>
    /// <exception cref="QueueException">The connection string can't be read.</exception>
    internal static bool IsAt(string connectionString) => ServerHome.IsPassFile(ConnectionStrings.Parse(connectionString).Passfile);

    /// <summary>
    /// Starts the server if it is not running, and makes it first if need be. Returns when it accepts connections.
    /// A canceled start may leave it starting.
    /// </summary>
    /// <exception cref="EmbeddedServerException">It cannot be started; the message has the end of its log and what to do.</exception>
    public async Task<EmbeddedServerStatus> StartAsync(CancellationToken ct = default)
    {
        var status = await GetStatusAsync(ct).ConfigureAwait(false);
        if (status.Running)
        {
            return status;
        }

        var begun = DateTime.UtcNow;
        using var deadline = Deadline(ct);
        try
        {
            using var held = await ServerLock.AcquireAsync(_home, create: true, deadline.Token).ConfigureAwait(false);
            var (state, seen) = await new ServerStarter(_home, _options).RunAsync(deadline.Token).ConfigureAwait(false);
            return StatusOf(state, seen);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{_home.Root}' was not ready within {_options.StartTimeout.TotalSeconds:0.#} s: another process holds its lock, or it is still starting. Start it again to go on waiting, or raise StartTimeout. The end of its log:{Environment.NewLine}{ServerLog.Tail(_home, begun)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException($"The embedded server in '{_home.Root}' could not be started: {e.Message}", e);
        }
    }

    /// <summary>Stops the server and waits, for at most <see cref="EmbeddedServerOptions.StartTimeout"/>.</summary>
    /// <returns>False when it was not running.</returns>
    /// <exception cref="EmbeddedServerException">It did not stop in time; the message says what to do.</exception>
    public async Task<bool> StopAsync(ServerStopMode mode = ServerStopMode.Fast, CancellationToken ct = default)
    {
        using var deadline = Deadline(ct);
        try
        {
            if (ServerState.Load(_home) is null)
            {
                return false;
            }

            using var held = await ServerLock.AcquireAsync(_home, create: false, deadline.Token).ConfigureAwait(false);
            return held is not null && ServerState.Load(_home) is { } state
                && await new ServerStopper(_home, _options).RunAsync(state, mode, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{_home.Root}' did not stop within {_options.StartTimeout.TotalSeconds:0.#} s in mode {mode}. {ServerStopper.Advice(mode)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException($"The embedded server in '{_home.Root}' could not be stopped: {e.Message}", e);
        }
    }

    /// <summary>Looks at the server without changing anything, whether it exists or not.</summary>
    /// <exception cref="EmbeddedServerException">It belongs to another user, or its files are damaged.</exception>
    public async Task<EmbeddedServerStatus> GetStatusAsync(CancellationToken ct = default)
    {
        try
        {
            return ServerState.Load(_home) is { } state
                ? StatusOf(state, await ServerObserver.ObserveAsync(_home, state, ct).ConfigureAwait(false))
                : new EmbeddedServerStatus { DataDirectory = _home.Root };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException($"The embedded server in '{_home.Root}' could not be looked at: {e.Message}", e);
        }
    }

    /// <summary>Stops the server at once and deletes its folder with all data. Does nothing where there is none.</summary>
    /// <exception cref="EmbeddedServerException">The folder is not an embedded server's, or cannot be deleted.</exception>
    public async Task RemoveAsync(CancellationToken ct = default)
    {
        if (!Directory.Exists(_home.Root))
        {
            return;
        }

        using var deadline = Deadline(ct);
        try
        {
            _home.ThrowUnlessOurs("removed");
            await new ServerRemover(_home, _options).RunAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{_home.Root}' was not removed within {_options.StartTimeout.TotalSeconds:0.#} s: another process holds its lock, or it does not stop. Try again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException($"The embedded server in '{_home.Root}' could not be removed: {e.Message}", e);
        }
    }

    private CancellationTokenSource Deadline(CancellationToken ct)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(ct);
        source.CancelAfter(_options.StartTimeout);
        return source;
    }

    private EmbeddedServerStatus StatusOf(ServerState state, Observation seen)
    {
        var status = new EmbeddedServerStatus
        {
            DataDirectory = _home.Root,
            BinDirectory = state.BinDirectory,
            Version = seen.Version ?? (state.Version is null ? null : Version.Parse(state.Version)),
        };
        return seen.Condition switch
        {
            ServerCondition.Stopped => status,
            ServerCondition.Busy => status with { ProcessId = seen.Pid?.ProcessId },
            _ => status with
            {
                Running = true,
                ProcessId = seen.Pid?.ProcessId,
                Host = state.Host,
                Port = state.Port,
                ConnectionString = ServerConnection.StringFor(_home, state),
                Uri = ServerConnection.UriFor(_home, state),
                StartedAt = seen.StartedAt,
            },
        };
    }
}
