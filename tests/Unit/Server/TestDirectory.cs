using Xunit;

namespace PgQueue.Unit;

/// <summary>
/// A folder for one embedded server, removed with it. What killed runs have left is removed by the next run:
/// the lock on a folder's owner file dies with its run.
/// </summary>
internal sealed class TestDirectory : IAsyncDisposable
{
    private const string Prefix = "pgqueue-test-";

    private static readonly Lazy<Task> s_sweep = new(SweepAsync);

    private readonly FileStream _owner;

    private TestDirectory(string path)
    {
        Path = path;
        _owner = Lock(path) ?? throw new IOException($"'{path}' is new and yet locked.");
    }

    public string Path { get; }

    /// <summary>Where the server goes; not made yet.</summary>
    public string Server => In(Path);

    public static async Task<TestDirectory> CreateAsync()
    {
        await s_sweep.Value;
        var path = Directory.CreateTempSubdirectory(Prefix).FullName;
        if (!OperatingSystem.IsWindows())
        {
            // The server may run as another user.
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        return new TestDirectory(path);
    }

    /// <summary>Options for a server in it that trades durability for speed.</summary>
    public EmbeddedServerOptions Options(params (string Name, string Value)[] settings) => new()
    {
        DataDirectory = Server,
        StartTimeout = TimeSpan.FromSeconds(30),
        Settings = settings.Prepend(("fsync", "off")).ToDictionary(setting => setting.Item1, setting => setting.Item2),
    };

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync(Path);
        await _owner.DisposeAsync();
    }

    private static string In(string path) => System.IO.Path.Combine(path, "server");

    private static FileStream? Lock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "owner"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task SweepAsync()
    {
        foreach (var path in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            // A young folder may be another run's that is about to lock it.
            if (Directory.GetCreationTimeUtc(path) > DateTime.UtcNow.AddMinutes(-1))
            {
                continue;
            }

            try
            {
                if (Lock(path) is { } owner)
                {
                    await RemoveAsync(path);
                    await owner.DisposeAsync();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or EmbeddedServerException)
            {
                // Another user's, for instance. No test depends on it.
                TestContext.Current.SendDiagnosticMessage($"'{path}' of an earlier run could not be removed: {e.Message}");
            }
        }
    }

    private static async Task RemoveAsync(string path)
    {
        if (File.Exists(System.IO.Path.Combine(In(path), "server.json")))
        {
            await new EmbeddedServer(new EmbeddedServerOptions { DataDirectory = In(path) }).RemoveAsync();
        }

        Directory.Delete(path, recursive: true);
    }
}
