using System.Globalization;

namespace PgQueue;

/// <summary>Stops a server. Its lock is held.</summary>
internal sealed class ServerStopper(ServerHome home, EmbeddedServerOptions options)
{
    /// <returns>False where it was not running.</returns>
    public async Task<bool> RunAsync(ServerState state, ServerStopMode mode, CancellationToken cancellationToken)
    {
        var seen = await ServerObserver.ObserveAsync(home, state, cancellationToken).ConfigureAwait(false);
        if (seen.Condition == ServerCondition.Stopped)
        {
            return false;
        }

        state.ThrowUnlessCallers(home);
        var account = await ServerAccount.ResolveAsync(state.Account, cancellationToken).ConfigureAwait(false);

        // Those it runs with, whatever the options say; others only where they are gone.
        var given = state.BinDirectory is { } folder && !PostgresBinaries.MissingIn(folder).Any() ? folder : options.BinDirectory;
        var binaries = await BinaryFinder.FindAsync(given, null, home.ReadMajorVersion(), account, cancellationToken).ConfigureAwait(false);

        string[] arguments =
        [
            "stop", "-w", "-s", "-m", mode.ToString().ToLowerInvariant(), "-D", home.Cluster,
            "-t", Math.Ceiling(options.StartTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        ];
        var result = await account.RunAsync(binaries.PgCtl, arguments, Path.GetPathRoot(home.Root)!, killTree: false, cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{home.Root}' (process {seen.Pid?.ProcessId}) did not stop in mode {mode}: {result.Output} {Advice(mode)}");
        }

        await SocketDirectory.RemoveAsync(home, state, account, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>What to try when a mode took too long.</summary>
    public static string Advice(ServerStopMode mode) => mode switch
    {
        ServerStopMode.Smart => "It waits for its clients to disconnect; stop it in mode Fast to disconnect them.",
        ServerStopMode.Fast => "Stop it in mode Immediate; the next start then recovers from its log.",
        _ => "See the server's log, in data/log below its folder.",
    };
}
