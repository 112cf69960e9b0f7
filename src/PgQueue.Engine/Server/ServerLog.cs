using System.Text;

namespace PgQueue;

/// <summary>The end of what the server wrote to its log.</summary>
internal static class ServerLog
{
    private const int Lines = 20;
    private const int Bytes = 8 * 1024;

    /// <summary>The last lines since a moment; a sentence where there are none.</summary>
    public static string Tail(ServerHome home, DateTime sinceUtc)
    {
        var files = new List<string> { home.StartLog };
        if (Directory.Exists(home.LogDirectory))
        {
            files.AddRange(Directory.EnumerateFiles(home.LogDirectory, "*.log"));
        }

        var lines = files
            .Where(file => File.Exists(file) && File.GetLastWriteTimeUtc(file) >= sinceUtc)
            .OrderBy(File.GetLastWriteTimeUtc)
            .SelectMany(LastLines)
            .TakeLast(Lines)
            .ToList();
        return lines.Count == 0 ? "(nothing was logged)" : string.Join(Environment.NewLine, lines);
    }

    private static string[] LastLines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(Bytes, file.Length), SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
