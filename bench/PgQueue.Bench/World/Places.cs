namespace PgQueue.Bench;

/// <summary>Where things of this repository are, as they were built.</summary>
internal static class Places
{
    // …/bench/PgQueue.Bench/bin/<configuration>/net10.0/
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory);

    private static readonly string Root = Output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    /// <summary>This program.</summary>
    public static string Bench => Built("bench/PgQueue.Bench", "PgQueue.Bench.dll");

    /// <summary>The worker as a service, as it is laid out for users.</summary>
    public static string Host => Existing("out/Host/PgQueue.Host.dll");

    /// <summary>The folder of the task host, compiled ahead as users have it.</summary>
    public static string TaskHost => Path.GetDirectoryName(Existing("out/Host/TaskHost/PgQueue.TaskHost.dll"))!;

    /// <summary>The module, as it is laid out for users.</summary>
    public static string Module => Existing("out/PgQueue/PgQueue.psd1");

    /// <summary>The least binary module that there is.</summary>
    public static string EmptyModule => Built("bench/EmptyModule", "PgQueue.Bench.EmptyModule.psd1");

    /// <summary>The peers' drivers, and what npm has installed for them.</summary>
    public static string Peers { get; } = Path.Combine(Root, "bench", "peers");

    /// <summary>A file of a project's, in this configuration.</summary>
    public static string Built(string project, string file) => Existing(Path.Combine(project, "bin", Output.Parent!.Name, Output.Name, file));

    private static string Existing(string path)
    {
        path = Path.Combine(Root, path);
        return File.Exists(path) ? path : throw new BenchException($"{path} is missing. Start the bench with ./build.sh bench, which builds it.");
    }
}
