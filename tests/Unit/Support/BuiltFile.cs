namespace PgQueue.Unit;

/// <summary>Programs of this repository as they were built with the tests, in the same configuration.</summary>
internal static class BuiltFile
{
    public static string Host { get; } = Find("src/PgQueue.Host", "PgQueue.Host.dll");

    public static string Samples { get; } = Find("tests/TaskSamples", "PgQueue.TaskSamples.dll");

    public static string TaskHost { get; } = Find("src/PgQueue.TaskHost", "PgQueue.TaskHost.dll");

    private static string Find(string project, string file)
    {
        // …/tests/Unit/bin/<configuration>/net10.0/
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var path = Path.Combine(root, project, "bin", output.Parent.Name, output.Name, file);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} has to be built before these tests run.");
    }
}
