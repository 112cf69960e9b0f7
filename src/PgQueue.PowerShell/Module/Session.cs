using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace PgQueue.PowerShell;

/// <summary>What a runspace keeps between cmdlets: its default connection and the clients in use.</summary>
internal sealed partial class Session
{
    private static readonly ConditionalWeakTable<Runspace, Session> Sessions = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string ConnectionString, string Schema), SessionClient> _clients = [];

    /// <summary>The calling runspace's.</summary>
    public static Session Current => Sessions.GetValue(Runspace.DefaultRunspace, Open);

    /// <summary>What Connect-PqQueue has set.</summary>
    public PqConnection? Default { get; set; }

    /// <summary>The embedded server's, once a cmdlet has used it for want of another; completion starts none.</summary>
    public PqConnection? Embedded { get; set; }

    /// <summary>
    /// The client for a connection: that of the transaction it is or is used in, else one whose pool is shared by all
    /// cmdlets of the session.
    /// </summary>
    public SessionClient Client(PqConnection connection)
    {
        if (connection is PqTransaction { Client: var own })
        {
            return own;
        }

        lock (_gate)
        {
            var key = Key(connection);
            if (_blocks.TryGetValue(key, out var block))
            {
                return block.Client;
            }

            if (!_clients.TryGetValue(key, out var client))
            {
                client = new SessionClient(QueueClient.Create(connection.ConnectionString, connection.Schema));
                _clients.Add(key, client);
            }

            return client;
        }
    }

    /// <summary>Closes a connection's client, and rolls its transactions back.</summary>
    /// <exception cref="CmdletException">The connection is that of a Use-PqTransaction that is being run.</exception>
    public void Close(PqConnection connection)
    {
        if (connection is PqTransaction own)
        {
            own.Dispose();
            return;
        }

        RefuseInBlock(connection);
        lock (_gate)
        {
            EndTransactions(t => Key(t) == Key(connection));
            if (_clients.Remove(Key(connection), out var client))
            {
                client.Close();
            }
        }
    }

    /// <summary>Closes all.</summary>
    public void Close()
    {
        DetachJobs();
        lock (_gate)
        {
            Default = null;
            EndTransactions(_ => true);
            foreach (var client in _clients.Values)
            {
                client.Close();
            }

            _clients.Clear();
        }
    }

    private static (string ConnectionString, string Schema) Key(PqConnection connection) => (connection.ConnectionString, connection.Schema);

    private static Session Open(Runspace runspace)
    {
        var session = new Session();
        runspace.StateChanged += (_, change) =>
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Broken)
            {
                session.Close();
            }
        };
        return session;
    }
}
