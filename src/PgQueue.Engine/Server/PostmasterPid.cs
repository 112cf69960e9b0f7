using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PgQueue;

/// <summary>PostgreSQL's postmaster.pid: the process that has, or had, the data directory.</summary>
internal sealed record PostmasterPid(int ProcessId, string DataDirectory, DateTimeOffset? StartedAt, string? Phase)
{
    /// <summary>Above every system's highest process id.</summary>
    private const int NobodysProcessId = int.MaxValue - 1;

    public static string PathIn(string cluster) => Path.Combine(cluster, "postmaster.pid");

    /// <summary>Null where there is none, or one that is only half written.</summary>
    public static PostmasterPid? Read(string cluster)
    {
        string[] lines;
        try
        {
            // PostgreSQL writes to it while it is read, and may delete it.
            using var file = new FileStream(PathIn(cluster), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, Encoding.UTF8);
            lines = reader.ReadToEnd().Split('\n');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        if (!int.TryParse(lines[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id) || id <= 0)
        {
            return null;
        }

        DateTimeOffset? started = lines.Length > 2 && long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
        return new PostmasterPid(id, lines.Length > 1 ? lines[1].Trim() : "", started, lines.Length > 7 ? lines[7].Trim() : null);
    }

    /// <summary>Whether the process is alive and this data directory's server, not another one that got the id since.</summary>
    public bool IsServerAlive() => OperatingSystem.IsLinux() ? HasCommandLineOfServer() : HasNameAndAgeOfServer();

    /// <summary>Whether any process has the id, a dead one its parent has not collected included.</summary>
    public bool IsProcessIdTaken()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// Frees the file of a process id that a foreign process has now, which PostgreSQL would take for its own server.
    /// Only the id is replaced: by the shared memory's key in the same file PostgreSQL sees whether children of the
    /// dead server still use the data, so the file must not be deleted.
    /// </summary>
    public static async Task ReleaseAsync(string cluster, ServerAccount account, CancellationToken cancellationToken)
    {
        var path = PathIn(cluster);
        var lines = await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false);
        lines[0] = NobodysProcessId.ToString(CultureInfo.InvariantCulture);
        var text = string.Join('\n', lines) + '\n';
        if (account.Name is null)
        {
            await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
            return;
        }

        var result = await account.RunScriptAsync("printf %s \"$1\" > \"$2\"", [text, path], "/", cancellationToken).ConfigureAwait(false);
        if (!result.Succeeded)
        {
            throw new EmbeddedServerException($"The left-over '{path}' could not be changed as user {account.Name}: {result.Output}");
        }
    }

    /// <summary>The command line is readable where a container withholds the working directory. A zombie's is empty.</summary>
    private bool HasCommandLineOfServer()
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{ProcessId.ToString(CultureInfo.InvariantCulture)}/cmdline").Split('\0');
            var option = Array.IndexOf(arguments, "-D");
            return option > 0 && option + 1 < arguments.Length && arguments[option + 1] == DataDirectory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool HasNameAndAgeOfServer()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.ProcessName.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
                && StartedAt is { } started
                && (process.StartTime.ToUniversalTime() - started.UtcDateTime).Duration() < TimeSpan.FromSeconds(10);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Gone, or another user's: in neither case the caller's server.
            return false;
        }
    }
}
