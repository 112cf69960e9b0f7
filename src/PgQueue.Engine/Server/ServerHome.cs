namespace PgQueue;

/// <summary>The folder of one embedded server, and the places of the files in it.</summary>
/// <remarks>
/// When root is the caller, PostgreSQL's account owns <see cref="Cluster"/> and the socket's folder and nothing
/// else, and root never writes or deletes inside them: a link planted there would lead it astray.
/// </remarks>
internal sealed class ServerHome(string root)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Traversable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Readable = Traversable | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Root { get; } = root;

    /// <summary>PostgreSQL's own data directory. It exists only when initdb has completed.</summary>
    public string Cluster => Path.Combine(Root, "data");

    /// <summary>Where initdb works until it has completed.</summary>
    public string NewCluster => Path.Combine(Root, "data.new");

    public string PasswordFile => Path.Combine(Root, "password");

    /// <summary>The password as PostgreSQL's programs and Npgsql read it, for whoever is told of the server.</summary>
    public string PassFile => Path.Combine(Root, "pgpass");

    /// <summary>The password as initdb reads it, for the time it runs.</summary>
    public string InitPasswordFile => Path.Combine(Root, "password.init");

    /// <summary>What is known of the server; its presence marks the folder as one of ours.</summary>
    public string StateFile => Path.Combine(Root, "server.json");

    public string ConfigurationFile => Path.Combine(Root, "server.conf");

    public string LockFile => Path.Combine(Root, "lock");

    /// <summary>The socket's folder, where its path is short enough.</summary>
    public string SocketDirectory => Path.Combine(Root, "run");

    /// <summary>What the server says before its log collector runs.</summary>
    public string StartLog => Path.Combine(Cluster, "start.log");

    public string LogDirectory => Path.Combine(Cluster, "log");

    /// <summary>True for the file with the password of an embedded server.</summary>
    public static bool IsPassFile(string? path) =>
        path is not null && Path.GetDirectoryName(path) is { } root && new ServerHome(root) is var home && home.PassFile == path && File.Exists(home.StateFile);

    public bool ClusterExists => File.Exists(Path.Combine(Cluster, "PG_VERSION"));

    /// <summary>Everything that may lie in the folder.</summary>
    public IReadOnlyList<string> Directories => [Cluster, NewCluster, SocketDirectory];

    /// <summary>Everything that may lie in the folder, but for the lock. The mark comes last, so that an interrupted removal can be repeated.</summary>
    public IReadOnlyList<string> Files =>
        [InitPasswordFile, PasswordFile, PrivateFile.Unfinished(PasswordFile), PassFile, PrivateFile.Unfinished(PassFile), PrivateFile.Unfinished(ConfigurationFile),
         ConfigurationFile, PrivateFile.Unfinished(StateFile), StateFile];

    /// <summary>Makes the folder if it is missing.</summary>
    /// <exception cref="EmbeddedServerException">It exists and is not one of ours, or cannot be made.</exception>
    public void Create()
    {
        if (Directory.Exists(Root))
        {
            ThrowUnlessOurs("used");
            return;
        }

        try
        {
            CreateParents();
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Root);
            }
            else
            {
                Directory.CreateDirectory(Root, Private);
                File.SetUnixFileMode(Root, ServerAccount.CallerIsRoot ? Traversable : Private);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException($"The folder '{Root}' could not be made: {e.Message} Choose another DataDirectory.", e);
        }
    }

    /// <exception cref="EmbeddedServerException">The folder holds something else than an embedded server.</exception>
    public void ThrowUnlessOurs(string verb)
    {
        // Until the mark is there, only its first writer has been here.
        string[] early = [LockFile, PrivateFile.Unfinished(StateFile)];
        if (!File.Exists(StateFile) && Directory.EnumerateFileSystemEntries(Root).Except(early).FirstOrDefault() is { } other
            && !File.Exists(StateFile))
        {
            throw new EmbeddedServerException(
                $"The folder '{Root}' is not an embedded server's: it has no server.json but holds '{Path.GetFileName(other)}'. It is not {verb}. Name an empty or new folder.");
        }
    }

    /// <summary>The major version that made the data, or null where there is none yet.</summary>
    public int? ReadMajorVersion()
    {
        if (!ClusterExists)
        {
            return null;
        }

        var text = File.ReadAllText(Path.Combine(Cluster, "PG_VERSION")).Trim();
        return int.TryParse(text, out var major)
            ? major
            : throw new EmbeddedServerException($"'{Cluster}' was made by PostgreSQL '{text}', which is too old. 13 and newer are supported.");
    }

    /// <summary>Root's parents are made so that PostgreSQL's account can pass through them, whatever the umask.</summary>
    private void CreateParents()
    {
        var missing = new Stack<string>();
        for (var parent = Path.GetDirectoryName(Root); parent is not null && !Directory.Exists(parent); parent = Path.GetDirectoryName(parent))
        {
            missing.Push(parent);
        }

        foreach (var parent in missing)
        {
            Directory.CreateDirectory(parent);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(parent, ServerAccount.CallerIsRoot ? Readable : Private);
            }
        }
    }
}
