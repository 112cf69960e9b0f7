namespace PgQueue;

/// <summary>Finds executables as a shell would.</summary>
internal static class Executables
{
    private static readonly string[] WindowsEndings = ["", ".exe", ".cmd", ".bat"];

    /// <summary>The full path of an executable, or null.</summary>
    /// <param name="name">A path, or a name to be found in the search path.</param>
    /// <param name="searchPath">The value of PATH.</param>
    /// <param name="directory">What a relative path starts from.</param>
    public static string? Find(string name, string? searchPath, string directory)
    {
        if (name.Contains('/', StringComparison.Ordinal) || (OperatingSystem.IsWindows() && name.Contains('\\', StringComparison.Ordinal)))
        {
            return Try(Path.GetFullPath(name, directory));
        }

        return (searchPath ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Try(Path.GetFullPath(Path.Combine(folder, name), directory)))
            .FirstOrDefault(found => found is not null);
    }

    private static string? Try(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            return File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0
                ? path
                : null;
        }

        return WindowsEndings.Select(ending => path + ending).FirstOrDefault(File.Exists);
    }
}
