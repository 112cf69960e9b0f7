namespace PgQueue.Unit.TaskHost;

/// <summary>Where the programs under test lie: as they were built, in the same configuration as the tests.</summary>
internal static class TaskHostFiles
{
    public static string TaskHost { get; } = Built("src/PgQueue.TaskHost", "PgQueue.TaskHost.dll");

    public static string Samples { get; } = Built("tests/TaskSamples", "PgQueue.TaskSamples.dll");

    private static string Built(string project, string file)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Release"
            : "Debug";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, project, "bin", configuration, "net10.0", file);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException($"{project} has to be built before these tests run: {file} is not there ({configuration}).");
    }
}
