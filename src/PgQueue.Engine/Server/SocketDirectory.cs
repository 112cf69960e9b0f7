using System.Buffers;
using System.Runtime.Versioning;
using System.Text;

namespace PgQueue;

/// <summary>The folder of the server's Unix socket.</summary>
internal static class SocketDirectory
{
    /// <summary>Part of the socket's name only. PostgreSQL's own default, so that clients need no -p.</summary>
    public const int Port = 5432;

    private static readonly SearchValues<char> s_separators = SearchValues.Create(",:;='\"@");

    /// <summary>
    /// Makes it anew: in the server's folder, or, where the socket's path would be longer than the system can
    /// connect to, a random private one in the temporary folder. Not in XDG_RUNTIME_DIR, which ends with the
    /// user's last session, while the server goes on.
    /// </summary>
    [UnsupportedOSPlatform("windows")]
    public static string Prepare(ServerHome home, ServerAccount account)
    {
        if (IsUsable(home.SocketDirectory))
        {
            return account.MakePrivateDirectory(home.SocketDirectory);
        }

        // Root's own temporary folder may be closed to the server's account.
        var name = SecretName.New();
        var folder = Path.Combine(Path.GetTempPath(), name);
        return account.MakePrivateDirectory(account.Name is null && IsUsable(folder) ? folder : Path.Combine("/tmp", name));
    }

    /// <summary>Deletes what is left of a stopped server's socket, wherever it was.</summary>
    public static async Task RemoveAsync(ServerHome home, ServerState state, ServerAccount account, CancellationToken cancellationToken)
    {
        await account.DeleteDirectoryAsync(home.SocketDirectory, cancellationToken).ConfigureAwait(false);
        if (state.Host is not { } host || !Path.IsPathFullyQualified(host))
        {
            return;
        }

        try
        {
            await account.DeleteDirectoryAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The temporary folder was cleared since and another user took the name; that one is not ours to delete.
        }
    }

    /// <summary>Whether clients can take it as a host: short enough, and without what separates hosts and keywords.</summary>
    private static bool IsUsable(string folder)
    {
        var longest = OperatingSystem.IsLinux() ? 107 : 103;
        return Encoding.UTF8.GetByteCount($"{folder}/.s.PGSQL.{Port}") <= longest
            && folder.AsSpan().IndexOfAny(s_separators) < 0;
    }
}
