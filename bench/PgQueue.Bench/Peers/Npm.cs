using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PgQueue.Bench;

/// <summary>The peers' packages: those versions that bench/peers/package.json names, installed when they are first needed.</summary>
internal static class Npm
{
    private static bool? _installed;
    private static string? _problem;

    private static JsonObject Wanted { get; } = Read(Path.Combine(Places.Peers, "package.json"))!["dependencies"]!.AsObject();

    public static string Version(string package) => (string)Wanted[package]!;

    /// <returns>False where there is no node or npm, or npm could not install them; that has been said then.</returns>
    public static async Task<bool> TryInstallAsync(Stage stage, CancellationToken cancellationToken)
    {
        if (_installed is null)
        {
            _problem = await InstallAsync(cancellationToken);
            _installed = _problem is null;
        }

        if (_installed is false)
        {
            stage.LeaveOut($"{string.Join(" and ", Wanted.Select(p => p.Key).Where(p => p != "pg"))}: {_problem}");
        }

        return _installed.Value;
    }

    private static async Task<string?> InstallAsync(CancellationToken cancellationToken)
    {
        if (Programs.Find("node") is null)
        {
            return "there is no node on PATH. Install Node.js 20 or newer.";
        }

        if (Wanted.All(p => InstalledVersion(p.Key) == (string?)p.Value))
        {
            return null;
        }

        if (Programs.Find("npm") is null)
        {
            return "there is no npm on PATH to install them with.";
        }

        Stage.Say("Installing the peers' packages with npm ...");
        var start = new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"])
        {
            WorkingDirectory = Places.Peers,
            RedirectStandardOutput = true, // Standard output is for figures.
            RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        var output = Task.WhenAll(npm.StandardOutput.ReadToEndAsync(cancellationToken), npm.StandardError.ReadToEndAsync(cancellationToken));
        await npm.WaitForExitAsync(cancellationToken);
        return npm.ExitCode == 0 ? null : $"npm install ended with code {npm.ExitCode}: {string.Join(' ', await output).Trim()}";
    }

    private static string? InstalledVersion(string package) =>
        (string?)Read(Path.Combine(Places.Peers, "node_modules", package, "package.json"))?["version"];

    private static JsonNode? Read(string path) => File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) : null;
}
