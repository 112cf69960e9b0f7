using Microsoft.Win32.SafeHandles;

namespace PgQueue;

/// <summary>
/// Holds a server's folder against every other process and thread that starts, stops or removes it.
/// The operating system frees it when its holder dies.
/// </summary>
internal sealed class ServerLock : IDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private ServerLock(FileStream file) => _file = file;

    /// <summary>Waits until the lock is free, for as long as the token lets it.</summary>
    /// <param name="home">Whose lock.</param>
    /// <param name="create">Make the folder if need be; else null is returned where there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ServerLock?> AcquireAsync(ServerHome home, bool create, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (create)
            {
                home.Create();
            }
            else if (!Directory.Exists(home.Root))
            {
                return null;
            }

            if (TryOpen(home.LockFile) is { } file)
            {
                if (IsCurrent(file.SafeFileHandle, home.LockFile))
                {
                    return new ServerLock(file);
                }

                await file.DisposeAsync().ConfigureAwait(false);
            }

            await Task.Delay(s_retry, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream? TryOpen(string path)
    {
        // On Unix only None is an exclusive lock; on Windows the holder must be able to delete the file.
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (DirectoryNotFoundException)
        {
            // Removed by another process since it was looked for; the caller's loop looks again.
            return null;
        }
        catch (IOException e) when (File.Exists(path) && e is not PathTooLongException)
        {
            // Held by another.
            return null;
        }
    }

    /// <summary>
    /// Whether the locked file is still the one of that name: between opening and locking, its holder may have
    /// removed the folder and a third process made a new one. Two files never share a random time of writing.
    /// </summary>
    private static bool IsCurrent(SafeFileHandle handle, string path)
    {
        File.SetLastWriteTimeUtc(handle, DateTime.UnixEpoch.AddSeconds(Random.Shared.Next(1_000_000_000)));
        return File.Exists(path) && File.GetLastWriteTimeUtc(handle) == File.GetLastWriteTimeUtc(path);
    }
}
