using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>A cmdlet that talks to a queue.</summary>
public abstract partial class QueueCmdlet : EngineCmdlet
{
    private QueueClient? _client;

    private protected QueueCmdlet()
    {
    }

    /// <summary>
    /// The queue: what Connect-PqQueue returned, or a connection string. Default: the session's connection, else that
    /// of the environment variable PGQUEUE_CONNECTION, else the embedded server, which is started. Inside a task there
    /// is no default but for Add-PqTask, which adds by the task's worker.
    /// </summary>
    [Parameter]
    [ConnectionTransformation]
    public PqConnection? Connection { get; set; }

    private protected override object? ErrorTarget => Connection;

    /// <summary>The queue's client; its schema has been checked.</summary>
    private protected QueueClient Client => _client ??= Checked();

    /// <summary>The schema where it is not the connection's.</summary>
    private protected virtual string? OtherSchema => null;

    /// <summary>Why it can't be used inside a transaction; null where it can.</summary>
    private protected virtual string? NotInTransaction => null;

    /// <summary>A client for a schema that may not be there yet.</summary>
    private protected QueueClient UncheckedClient()
    {
        Connection ??= DefaultConnection.Known ?? StartEmbedded();
        if (OtherSchema is { } schema && schema != Connection.Schema)
        {
            Connection = new PqConnection(Connection.ConnectionString, schema) { Embedded = Connection.Embedded };
        }

        if (NotInTransaction is { } why)
        {
            Session.Current.Client(Connection).Queue.Database.RefuseInTransaction(MyInvocation.MyCommand.Name, why);
        }

        return Live(Connection).Queue;
    }

    /// <summary>The embedded server. It is the one place where the schema is installed unasked.</summary>
    private protected PqConnection StartEmbedded()
    {
        InsideTask.RefuseEmbedded();
        WriteVerbose("Nothing is connected: using the embedded server.");
        var status = Await(token => Embedded.Server().StartAsync(token));
        var connection = new PqConnection(status.ConnectionString!, OtherSchema ?? DefaultConnection.Schema)
        {
            Embedded = true,
            Version = status.Version,
        };
        if (InstallsEmbedded && Live(connection) is { SchemaIsChecked: false } client)
        {
            Await(token => client.Queue.InstallSchemaAsync(token));
        }

        return Session.Current.Embedded = connection;
    }

    /// <summary>False for a cmdlet that makes or drops the schema itself.</summary>
    private protected virtual bool InstallsEmbedded => true;

    /// <summary>Says that there is no task of an id; the others go on.</summary>
    internal void WriteTaskNotFound(long id) => WriteItemError(
        nameof(QueueError.TaskNotFound), ErrorCategory.ObjectNotFound, $"There is no task {id} in {Connection}.", id);

    /// <summary>The tasks of ids, in no order; those that are not there are missing.</summary>
    internal IEnumerable<QueueTask> ReadTasks(IReadOnlyCollection<long> ids) =>
        Pull(token => Client.QueryAsync(new TaskQuery { Ids = ids }, token));

    private QueueClient Checked()
    {
        var queue = UncheckedClient();
        var client = Session.Current.Client(Connection!);
        if (!client.SchemaIsChecked)
        {
            Await(queue.CheckSchemaAsync);
            client.SchemaIsChecked = true;
        }

        return queue;
    }

    /// <summary>The session's client; a new one where the server has closed the connections of the old one meanwhile.</summary>
    private SessionClient Live(PqConnection connection)
    {
        var client = Session.Current.Client(connection);
        if (!client.MayBeStale())
        {
            return client;
        }

        try
        {
            Await(client.Queue.GetSchemaStatusAsync);
        }
        catch (QueueException e) when (e.Error == QueueError.ConnectionLost)
        {
            WriteVerbose($"{e.Message} Connecting again.");
            Session.Current.Close(connection);
        }

        return Session.Current.Client(connection);
    }
}
