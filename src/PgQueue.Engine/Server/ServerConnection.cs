using Npgsql;

namespace PgQueue;

/// <summary>How clients reach the server.</summary>
internal static class ServerConnection
{
    public const string Superuser = "pgqueue";

    private const string MaintenanceDatabase = "postgres";

    private const int ProbeSeconds = 5;

    /// <summary>The keywords for the superuser. They name the file that holds the password, not the password.</summary>
    public static string StringFor(ServerHome home, ServerState state) => new NpgsqlConnectionStringBuilder
    {
        Host = state.Host,
        Port = state.Port,
        Username = Superuser,
        Database = MaintenanceDatabase,
        Passfile = home.PassFile,
    }.ConnectionString;

    /// <summary>The same as PostgreSQL's own programs take it.</summary>
    public static string UriFor(ServerHome home, ServerState state) =>
        $"postgresql://{Superuser}@/{MaintenanceDatabase}?host={Uri.EscapeDataString(state.Host!)}&port={state.Port}&passfile={Uri.EscapeDataString(home.PassFile)}";

    /// <summary>Writes the file that connection strings name, for the password that is there.</summary>
    /// <exception cref="EmbeddedServerException">The file with the password is missing.</exception>
    public static void WritePassFile(ServerHome home) => PrivateFile.Replace(home.PassFile, $"*:*:*:{Superuser}:{ReadPassword(home)}\n");

    /// <summary>Tries to log in. Both sides prove they know the password, so a foreign server can't pass for this one.</summary>
    public static async Task<ProbeResult> ProbeAsync(ServerHome home, ServerState state, CancellationToken cancellationToken)
    {
        if (state.Host is null)
        {
            return new ProbeResult(ProbeAnswer.None);
        }

        var builder = Builder(home, state);
        builder.Pooling = false;
        builder.Timeout = ProbeSeconds;
        builder.CommandTimeout = ProbeSeconds;
        builder.ApplicationName = "PgQueue status";
        try
        {
            var connection = new NpgsqlConnection(builder.ConnectionString);
            await using var _ = connection.ConfigureAwait(false);
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            var command = new NpgsqlCommand("select pg_postmaster_start_time()", connection);
            await using var __ = command.ConfigureAwait(false);
            var started = (DateTime?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            return new ProbeResult(ProbeAnswer.Ready, connection.PostgreSqlVersion, started is { } at ? new DateTimeOffset(at) : null);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            return new ProbeResult(ProbeAnswer.Ready);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            return new ProbeResult(ProbeAnswer.WrongPassword);
        }
        catch (NpgsqlException)
        {
            // Nobody listens, or the server is starting, recovering or shutting down.
            return new ProbeResult(ProbeAnswer.None);
        }
    }

    private static NpgsqlConnectionStringBuilder Builder(ServerHome home, ServerState state) => new()
    {
        Host = state.Host,
        Port = state.Port,
        Username = Superuser,
        Password = ReadPassword(home),
        Database = MaintenanceDatabase,
    };

    private static string ReadPassword(ServerHome home)
    {
        try
        {
            return File.ReadAllText(home.PasswordFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedServerException(
                $"The password of the embedded server in '{home.Root}' could not be read: {e.Message} Restore the file 'password' there, or delete the folder if its data can go.", e);
        }
    }
}

internal enum ProbeAnswer
{
    None,
    WrongPassword,
    Ready,
}

/// <summary>What a probe learned. Ready without a version means that every connection is taken.</summary>
internal sealed record ProbeResult(ProbeAnswer Answer, Version? Version = null, DateTimeOffset? StartedAt = null);
