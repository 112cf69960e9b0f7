using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace PgQueue.PowerShell;

/// <summary>What a runspace keeps between cmdlets: its default connection and the clients in use.</summary>
internal sealed class Session
{
    private static readonly ConditionalWeakTable<Runspace, Session> Sessions = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string ConnectionString, string Schema), SessionClient> _clients = [];

    /// <summary>The calling runspace's.</summary>
    public static Session Current => Sessions.GetValue(Runspace.DefaultRunspace, Open);

    /// <summary>What Connect-PqQueue has set.</summary>
    public PqConnection? Default { get; set; }

    /// <summary>The client for a connection; its pool is shared by all cmdlets of the session.</summary>
    public SessionClient Client(PqConnection connection)
    {
        lock (_gate)
        {
            var key = (connection.ConnectionString, connection.Schema);
            if (!_clients.TryGetValue(key, out var client))
            {
                client = new SessionClient(QueueClient.Create(connection.ConnectionString, connection.Schema));
                _clients.Add(key, client);
            }

            return client;
        }
    }

    /// <summary>Closes a connection's client.</summary>
    public void Close(PqConnection connection)
    {
        lock (_gate)
        {
            if (_clients.Remove((connection.ConnectionString, connection.Schema), out var client))
            {
                client.Close();
            }
        }
    }

    /// <summary>Closes all.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Default = null;
            foreach (var client in _clients.Values)
            {
                client.Close();
            }

            _clients.Clear();
        }
    }

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
