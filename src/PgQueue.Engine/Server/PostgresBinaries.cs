using System.Globalization;
using System.Text.RegularExpressions;

namespace PgQueue;

/// <summary>One installation of PostgreSQL's server programs.</summary>
internal sealed record PostgresBinaries(string Directory, Version Version)
{
    public static readonly string[] Needed = ["initdb", "pg_ctl", "postgres"];

    public string Initdb => PathOf(Directory, "initdb");

    public string PgCtl => PathOf(Directory, "pg_ctl");

    /// <summary>Those of the needed programs that the folder lacks.</summary>
    public static IEnumerable<string> MissingIn(string directory) => Needed.Where(name => !File.Exists(PathOf(directory, name)));

    /// <summary>The folder the programs really are in, when this one only links to them.</summary>
    public static string Resolve(string directory)
    {
        var target = File.ResolveLinkTarget(PathOf(directory, "postgres"), returnFinalTarget: true);
        return target is not null && Path.GetDirectoryName(target.FullName) is { } real && !MissingIn(real).Any() ? real : directory;
    }

    /// <summary>Asks the server's program for its version, as the user that will run it.</summary>
    /// <exception cref="EmbeddedServerException">It can't be run or is no PostgreSQL.</exception>
    public static async Task<PostgresBinaries> InspectAsync(string directory, ServerAccount account, CancellationToken cancellationToken)
    {
        var file = PathOf(directory, "postgres");
        var result = await account.RunAsync(file, ["--version"], Path.GetPathRoot(directory)!, killTree: true, cancellationToken).ConfigureAwait(false);
        var match = Regex.Match(result.Output, @"\(PostgreSQL\) (\d+)(?:\.(\d+))?");
        if (!result.Succeeded || !match.Success)
        {
            var user = account.Name is null ? "" : $" as user {account.Name}";
            throw new EmbeddedServerException($"'{file} --version'{user} ended with exit code {result.ExitCode}: {result.Output}");
        }

        int Number(int group) => match.Groups[group].Success ? int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;
        return new PostgresBinaries(directory, new Version(Number(1), Number(2)));
    }

    private static string PathOf(string directory, string name) => Path.Combine(directory, ExecutablePath.FileName(name));
}
