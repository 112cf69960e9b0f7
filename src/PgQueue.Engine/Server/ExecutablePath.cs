namespace PgQueue;

/// <summary>Looks up executables in PATH, as a shell does.</summary>
internal static class ExecutablePath
{
    /// <summary>The folders of PATH, in order, full paths only.</summary>
    public static IEnumerable<string> Folders =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(Path.IsPathFullyQualified);

    /// <summary>The name with the platform's suffix for executables.</summary>
    public static string FileName(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    /// <summary>The full path of the first one, or null.</summary>
    public static string? Find(string name) =>
        Folders.Select(folder => Path.Combine(folder, FileName(name))).FirstOrDefault(File.Exists);
}
