namespace PgQueue.Unit;

/// <summary>Programs of this repository as they were built with the tests, in the same configuration.</summary>
internal static class BuiltFile
{
    /// <summary>The repository.</summary>
    public static string Root => Output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Host { get; } = Find("src/PgQueue.Host", "PgQueue.Host.dll");

    public static string Samples { get; } = Find("tests/TaskSamples", "PgQueue.TaskSamples.dll");

    public static string TaskHost { get; } = Find("src/PgQueue.TaskHost", "PgQueue.TaskHost.dll");

    /// <summary>The module as it is shipped.</summary>
    public static string Module => Present(Path.Combine(Root, "out", "PgQueue", "PgQueue.psd1"));

    // Not built with the other programs that use this class.
    public static string QuietWorker => Find("tests/QuietWorker", "PgQueue.QuietWorker.dll");

    /// <summary>…/tests/Unit/bin/&lt;configuration&gt;/net10.0/</summary>
    private static DirectoryInfo Output => new(AppContext.BaseDirectory);

    private static string Find(string project, string file) =>
        Present(Path.Combine(Root, project, "bin", Output.Parent!.Name, Output.Name, file));

    private static string Present(string path) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"{path} has to be built before these tests run.");
}
