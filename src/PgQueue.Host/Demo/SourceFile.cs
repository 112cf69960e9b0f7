using System.Security.Cryptography;

namespace PgQueue.Host.Demo;

/// <summary>What the demonstration's method tasks run.</summary>
public static class SourceFile
{
    /// <summary>Hashes and measures a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Canceled when the task is to stop.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static async Task<SourceFileFacts> MeasureAsync(string path, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken);
        return new SourceFileFacts(Path.GetFileName(path), bytes.Length, bytes.Count(b => b == '\n'), Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Ends the process the hard way, as a bug in native code would.</summary>
    /// <param name="reason">What to say.</param>
    public static void Crash(string reason) => Environment.FailFast(reason);
}

/// <summary>A source file's measures.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Lines">Its lines.</param>
/// <param name="Sha256">Its hash, in hexadecimal.</param>
public sealed record SourceFileFacts(string Name, int Bytes, int Lines, string Sha256);
