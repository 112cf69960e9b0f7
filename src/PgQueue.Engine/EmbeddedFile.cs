using System.Reflection;

namespace PgQueue;

/// <summary>The text files inside this assembly, by their path under the project: <c>Tasks/query.sql</c>.</summary>
internal static class EmbeddedFile
{
    private static readonly Assembly Home = typeof(EmbeddedFile).Assembly;

    public static string Read(string path)
    {
        var name = ResourceName(path);
        using var stream = Home.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"This assembly has no file {path}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>All files of a folder, in the order of their names.</summary>
    public static IReadOnlyList<string> List(string folder)
    {
        var prefix = ResourceName(folder) + ".";
        return [.. Home.GetManifestResourceNames()
            .Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
            .Select(n => folder + "/" + n[prefix.Length..])
            .Order(StringComparer.Ordinal)];
    }

    private static string ResourceName(string path) => "PgQueue." + path.Replace('/', '.');
}
