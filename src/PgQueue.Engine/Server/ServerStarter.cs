using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PgQueue;

/// <summary>Starts a server that was not seen ready. Its lock is held.</summary>
internal sealed class ServerStarter(ServerHome home, EmbeddedServerOptions options)
{
    // Run as the server's own user, who owns the log. Beyond the standard streams, which pg_ctl replaces, the server
    // must not hold open what a test runner or make left inheritable; only bash can name descriptors above 9.
    // pg_ctl itself gives the server a session of its own.
    private const string StartScript = """
        umask 077
        : > "$1" || exit 1
        shift
        if [ -n "$BASH_VERSION" ]; then
            for f in /dev/fd/*; do
                n=${f##*/}
                [ "$n" -gt 2 ] && eval "exec $n>&-"
            done
        fi
        exec "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
        """;

    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(200);

    public async Task<(ServerState State, Observation Seen)> RunAsync(CancellationToken cancellationToken)
    {
        var state = ServerState.Load(home);
        if (state is null)
        {
            state = new ServerState { Owner = Environment.UserName };
            state.Save(home);
        }

        state.ThrowUnlessCallers(home);
        var seen = await ServerObserver.WaitWhileBusyAsync(home, state, cancellationToken).ConfigureAwait(false);
        return seen.Condition == ServerCondition.Ready
            ? (state, seen)
            : await StartStoppedAsync(state, seen, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(ServerState State, Observation Seen)> StartStoppedAsync(
        ServerState state, Observation seen, CancellationToken cancellationToken)
    {
        var major = home.ReadMajorVersion();
        var account = await ServerAccount.ResolveAsync(major is null ? null : state.Account, cancellationToken).ConfigureAwait(false);
        await ThrowUnlessReachableAsync(account, cancellationToken).ConfigureAwait(false);
        var last = major is null ? null : state.BinDirectory;
        var binaries = await BinaryFinder.FindAsync(options.BinDirectory, last, major, account, cancellationToken).ConfigureAwait(false);
        await SocketDirectory.RemoveAsync(home, state, account, cancellationToken).ConfigureAwait(false);
        state = state with { Account = account.Name, BinDirectory = binaries.Directory, Version = binaries.Version.ToString(), Host = null };
        state.Save(home);

        if (major is null)
        {
            var durable = !(options.Settings.TryGetValue("fsync", out var fsync) && fsync is "off" or "false" or "no" or "0");
            await ClusterInitializer.RunAsync(home, binaries, account, durable, cancellationToken).ConfigureAwait(false);
        }
        else if (seen.Pid is { } pid && pid.IsProcessIdTaken())
        {
            await PostmasterPid.ReleaseAsync(home.Cluster, account, cancellationToken).ConfigureAwait(false);
        }

        if (major is null || !File.Exists(home.PassFile))
        {
            ServerConnection.WritePassFile(home);
        }

        var (host, port) = OperatingSystem.IsWindows()
            ? ("127.0.0.1", FreePort(state.Port))
            : (SocketDirectory.Prepare(home, account), SocketDirectory.Port);
        state = state with { Host = host, Port = port };
        state.Save(home);
        PrivateFile.ReplaceReadable(home.ConfigurationFile, ServerConfiguration.Text(home, host, port, options.Settings));
        return (state, await StartAsync(state, binaries, account, cancellationToken).ConfigureAwait(false));
    }

    private async Task<Observation> StartAsync(
        ServerState state, PostgresBinaries binaries, ServerAccount account, CancellationToken cancellationToken)
    {
        while (true)
        {
            var begun = DateTime.UtcNow.AddSeconds(-1);
            var result = await RunPgCtlAsync(binaries, account, cancellationToken).ConfigureAwait(false);

            // pg_ctl gives up waiting while a long recovery goes on.
            var seen = await ServerObserver.WaitWhileBusyAsync(home, state, cancellationToken).ConfigureAwait(false);
            if (seen.Condition == ServerCondition.Ready)
            {
                return seen;
            }

            var log = ServerLog.Tail(home, begun);
            if (!log.Contains("pre-existing shared memory block", StringComparison.Ordinal))
            {
                throw new EmbeddedServerException(
                    $"PostgreSQL {binaries.Version} in '{home.Root}' did not start (pg_ctl's exit code {result.ExitCode}). {result.Output}{Environment.NewLine}"
                    + $"The end of its log:{Environment.NewLine}{log}{Environment.NewLine}Correct what the log names and start it again.");
            }

            // The main process was killed and children of it are still about to notice.
            await Task.Delay(s_retry, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<CommandResult> RunPgCtlAsync(PostgresBinaries binaries, ServerAccount account, CancellationToken cancellationToken)
    {
        var seconds = Math.Ceiling(options.StartTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "start", "-w", "-s", "-t", seconds, "-D", home.Cluster, "-l", home.StartLog,
            "-o", "-c config_file=" + QuoteForShell(home.ConfigurationFile),
        ];
        if (OperatingSystem.IsWindows())
        {
            File.Delete(home.StartLog);
            return ServerCommand.RunDetachedAsync(binaries.PgCtl, arguments, home.Root, cancellationToken);
        }

        return account.RunScriptAsync(StartScript, [home.StartLog, binaries.PgCtl, .. arguments], "/", cancellationToken);
    }

    private async Task ThrowUnlessReachableAsync(ServerAccount account, CancellationToken cancellationToken)
    {
        if (account.Name is null)
        {
            return;
        }

        var result = await account.RunScriptAsync("cd \"$1\"", [home.Root], "/", cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new EmbeddedServerException(
                $"PostgreSQL refuses to run as root and runs as user {account.Name}, who cannot enter '{home.Root}': {result.Output} Make the folders above it passable (chmod o+x), or choose another DataDirectory.");
        }
    }

    private static string QuoteForShell(string path) =>
        OperatingSystem.IsWindows() ? $"\"{path}\"" : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The port of last time if nobody took it since, else a free one.</summary>
    private static int FreePort(int last)
    {
        try
        {
            return Bind(last);
        }
        catch (SocketException) when (last != 0)
        {
            return Bind(0);
        }
    }

    private static int Bind(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
