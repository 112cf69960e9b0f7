namespace PgQueue.PowerShell;

/// <summary>A queue that cmdlets talk to. Shows where it is and as whom, never the password; nor is that exported.</summary>
public class PqConnection
{
    private readonly Lazy<ConnectionTarget> _target;

    internal PqConnection(string connectionString, string schema)
    {
        ConnectionString = connectionString;
        Schema = schema;
        _target = new(() => ConnectionTarget.Of(connectionString));
    }

    private protected PqConnection(PqConnection other)
        : this(other.ConnectionString, other.Schema)
    {
        Version = other.Version;
        Embedded = other.Embedded;
    }

    /// <summary>The host with its port, or the folder of a Unix socket.</summary>
    public string Server => _target.Value.Server;

    /// <summary>The database.</summary>
    public string Database => _target.Value.Database;

    /// <summary>The schema that the queue is in.</summary>
    public string Schema { get; }

    /// <summary>The user logged in.</summary>
    public string User => _target.Value.User;

    /// <summary>PostgreSQL's version; null until it has been asked.</summary>
    public Version? Version { get; internal set; }

    /// <summary>True where it is the private server of this user.</summary>
    public bool Embedded { get; internal init; }

    internal string ConnectionString { get; }

    /// <summary>Begins a transaction. What it returns goes where a connection goes; end it with Commit(), Rollback() or Dispose().</summary>
    /// <exception cref="QueueException">The server can't be reached, or this is a transaction already.</exception>
    public PqTransaction BeginTransaction() => Session.Current.Begin(this);

    /// <summary>Where it leads, in one line.</summary>
    public override string ToString() => $"{Server}/{Database}, schema {Schema}";
}
