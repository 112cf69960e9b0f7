namespace PgQueue;

/// <summary>Finds the PostgreSQL installation to run a server with.</summary>
internal static class BinaryFinder
{
    private const int Oldest = 13;

    /// <summary>The first usable one that can run the data.</summary>
    /// <param name="given">The option that names the folder, or null.</param>
    /// <param name="last">The folder the existing data was last run with, if known. It comes first in the search.</param>
    /// <param name="major">The version that made the existing data; null for a new server.</param>
    /// <param name="account">Who must be able to run it.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="EmbeddedServerException">There is none; the message says what to install or change.</exception>
    public static async Task<PostgresBinaries> FindAsync(
        string? given, string? last, int? major, ServerAccount account, CancellationToken cancellationToken)
    {
        var variable = Environment.GetEnvironmentVariable("PGQUEUE_PG_BIN");
        if (given is not null)
        {
            return await UseAsync(given, "BinDirectory", major, account, cancellationToken).ConfigureAwait(false);
        }

        return string.IsNullOrWhiteSpace(variable)
            ? await SearchAsync(last, major, account, cancellationToken).ConfigureAwait(false)
            : await UseAsync(variable, "PGQUEUE_PG_BIN", major, account, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<PostgresBinaries> UseAsync(
        string folder, string source, int? major, ServerAccount account, CancellationToken cancellationToken)
    {
        folder = Path.GetFullPath(folder);
        var missing = string.Join(", ", PostgresBinaries.MissingIn(folder));
        if (missing.Length > 0)
        {
            throw new EmbeddedServerException(
                $"{source} names '{folder}', which lacks {missing}. Name the folder of a PostgreSQL server installation that holds initdb, pg_ctl and postgres, or leave {source} unset to have one searched.");
        }

        var binaries = await PostgresBinaries.InspectAsync(PostgresBinaries.Resolve(folder), account, cancellationToken).ConfigureAwait(false);
        return Misfit(binaries, major) is { } misfit
            ? throw new EmbeddedServerException($"{source} names '{folder}', {misfit}")
            : binaries;
    }

    private static async Task<PostgresBinaries> SearchAsync(
        string? last, int? major, ServerAccount account, CancellationToken cancellationToken)
    {
        var rejected = new List<string>();
        foreach (var folder in BinaryFolders.All(last))
        {
            try
            {
                var binaries = await PostgresBinaries.InspectAsync(folder, account, cancellationToken).ConfigureAwait(false);
                if (Misfit(binaries, major) is not { } misfit)
                {
                    return binaries;
                }

                rejected.Add($"'{folder}', {misfit}");
            }
            catch (EmbeddedServerException e)
            {
                // Another installation may do; if none does, this one's reason is told.
                rejected.Add($"'{folder}': {e.Message}");
            }
        }

        throw new EmbeddedServerException(Explain(major, rejected));
    }

    private static string? Misfit(PostgresBinaries binaries, int? major)
    {
        if (major is { } needed && binaries.Version.Major != needed)
        {
            return $"which is PostgreSQL {binaries.Version}, but the data was made by PostgreSQL {needed}. Data can only be started by its own major version: install {needed}, or move the data with pg_dump, or remove it.";
        }

        return binaries.Version.Major < Oldest
            ? $"which is PostgreSQL {binaries.Version}; {Oldest} and newer are supported."
            : null;
    }

    private static string Explain(int? major, List<string> rejected)
    {
        var what = major is { } needed ? $"PostgreSQL {needed}, which made this server's data," : $"PostgreSQL {Oldest} or newer";
        var seen = rejected.Count == 0 ? "" : " Found, but of no use: " + string.Join(" ", rejected);
        return $"No server programs of {what} were found.{seen} {HowToInstall(major)} Or set PGQUEUE_PG_BIN to a folder that holds initdb, pg_ctl and postgres. "
            + $"Looked in PATH, the platform's usual folders and node_modules/{BinaryFolders.NpmPackage}.";
    }

    private static string HowToInstall(int? major)
    {
        var dash = major is { } a ? $"-{a}" : "";
        if (OperatingSystem.IsWindows())
        {
            return "Install it with 'winget install PostgreSQL.PostgreSQL." + (major ?? 17) + "'.";
        }

        if (OperatingSystem.IsMacOS())
        {
            return $"Install it with 'brew install postgresql@{major ?? 17}'.";
        }

        // The npm package has only pre-releases, which a bare major version doesn't select.
        var npm = major is null ? $", or without being root 'npm install {BinaryFolders.NpmPackage}'" : "";
        return $"Install it with 'apt-get install postgresql{dash}' (Debian, Ubuntu), 'dnf install postgresql-server' (Fedora, RHEL), 'apk add postgresql{major ?? 17}' (Alpine){npm}.";
    }
}
