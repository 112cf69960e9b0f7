namespace PgQueue.TaskHost.Scripts;

/// <summary>Where a PowerShell may lie.</summary>
internal static class PowerShellPlaces
{
    /// <summary>Folders that may be a <c>$PSHOME</c>, the likeliest first.</summary>
    public static IEnumerable<string> Candidates()
    {
        var executable = OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh";
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(folder, executable);
            if (File.Exists(path))
            {
                yield return Path.GetDirectoryName(Resolve(path))!;
                foreach (var place in OfDotnetTool(folder))
                {
                    yield return place;
                }
            }
        }

        foreach (var place in Usual())
        {
            yield return place;
        }
    }

    private static string Resolve(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            // A loop of links leads nowhere; the path itself leads no further.
            return path;
        }
    }

    // `dotnet tool install PowerShell` leaves a launcher beside a store with the real thing.
    private static IEnumerable<string> OfDotnetTool(string folder)
    {
        var store = Path.Combine(folder, ".store", "powershell");
        if (!Directory.Exists(store))
        {
            yield break;
        }

        var system = OperatingSystem.IsWindows() ? "win" : "unix";
        foreach (var any in Directory.EnumerateDirectories(store, "any", SearchOption.AllDirectories))
        {
            yield return Path.Combine(any, system);
            yield return any;
        }
    }

    private static IEnumerable<string> Usual()
    {
        if (OperatingSystem.IsWindows())
        {
            var programs = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
            return [Path.Combine(programs, "PowerShell", "7"), Path.Combine(programs, "PowerShell", "7-preview")];
        }

        return
        [
            "/opt/microsoft/powershell/7",
            "/usr/local/microsoft/powershell/7",
            "/snap/powershell/current/opt/powershell",
            "/opt/microsoft/powershell/7-preview",
            "/usr/local/microsoft/powershell/7-preview",
        ];
    }
}
