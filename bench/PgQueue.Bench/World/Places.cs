namespace PgQueue.Bench;

/// <summary>Where things of this repository are.</summary>
internal static class Places
{
    // …/bench/PgQueue.Bench/bin/<configuration>/net10.0/
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory);

    public static string Root { get; } = Output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    /// <summary>This program.</summary>
    public static string Bench { get; } = Path.Combine(AppContext.BaseDirectory, "PgQueue.Bench.dll");

    /// <summary>The peers' drivers, and what npm has installed for them.</summary>
    public static string Peers { get; } = Path.Combine(Root, "bench", "peers");

    /// <exception cref="FileNotFoundException">It has not been built.</exception>
    public static string Existing(string path) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing. Start the bench with ./build.sh bench, which builds it.");
}
