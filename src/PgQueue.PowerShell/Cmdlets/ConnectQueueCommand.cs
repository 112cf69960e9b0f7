using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Logs in to a queue's database and makes it the session's default. The queue's schema need not be there yet:
/// Install-PqSchema makes it.
/// </summary>
[Cmdlet(VerbsCommunications.Connect, "PqQueue")]
[OutputType(typeof(PqConnection))]
public sealed class ConnectQueueCommand : EngineCmdlet
{
    private PqConnection? _connection;

    /// <summary>
    /// Npgsql keywords (Host=db;Username=me;Database=app) or a URL (postgresql://me@db/app), or what Get-PqServer emits. Default: the environment
    /// variable PGQUEUE_CONNECTION, else the embedded server, which is started.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ServerConnectionTransformation]
    [ValidateNotNullOrEmpty]
    public string? ConnectionString { get; set; }

    /// <summary>The schema the queue is in. Default: the environment variable PGQUEUE_SCHEMA, else pgqueue.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Schema { get; set; } = DefaultConnection.Schema;

    /// <summary>User and password, so that they need not stand in the connection string.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    private protected override object? ErrorTarget => _connection;

    private protected override void Process()
    {
        var (text, isUsual) = Find();
        if (Credential is { } login)
        {
            text = ConnectionStrings.WithLogin(text, login.UserName, login.GetNetworkCredential().Password);
        }

        _connection = new PqConnection(text, Schema) { Embedded = EmbeddedServer.IsAt(text) };
        Session.Current.Close(_connection);
        var client = Session.Current.Client(_connection).Queue;
        _connection.Version = Await(client.TestConnectionAsync);
        Greet(client, Await(client.GetSchemaStatusAsync), isUsual);
        Session.Current.Default = _connection;
        WriteObject(_connection);
    }

    private (string Text, bool IsUsual) Find()
    {
        if ((ConnectionString ?? DefaultConnection.OfEnvironment) is { } known)
        {
            return (known, false);
        }

        InsideTask.RefuseEmbedded();
        return (Await(token => Embedded.Server().StartAsync(token)).ConnectionString!, true);
    }

    /// <param name="client">The client.</param>
    /// <param name="status">How its schema stands.</param>
    /// <param name="isUsual">Nothing was named, so it is the embedded server, where the schema is installed unasked.</param>
    private void Greet(QueueClient client, SchemaStatus status, bool isUsual)
    {
        if (!status.Installed && isUsual)
        {
            Await(token => client.InstallSchemaAsync(token));
        }
        else if (!status.Installed)
        {
            WriteVerbose($"{_connection} is not there yet. Install it with Install-PqSchema.");
        }
    }
}
