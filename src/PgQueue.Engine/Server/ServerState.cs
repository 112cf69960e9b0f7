using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgQueue;

/// <summary>What is kept about a server between the processes that use it. Written under the lock.</summary>
internal sealed record ServerState
{
    public const int CurrentFormat = 1;

    /// <summary>Of this file.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>Who made the server; only this user may start and stop it.</summary>
    public required string Owner { get; init; }

    /// <summary>The user PostgreSQL runs as; null where it is the owner.</summary>
    public string? Account { get; init; }

    public string? BinDirectory { get; init; }

    public string? Version { get; init; }

    /// <summary>The socket's folder, or 127.0.0.1.</summary>
    public string? Host { get; init; }

    public int Port { get; init; }

    /// <summary>Null where the folder holds no server yet.</summary>
    public static ServerState? Load(ServerHome home)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(home.StateFile), ServerStateJson.Default.ServerState)
                ?? throw new JsonException("It is empty.");
            return state.Format <= CurrentFormat
                ? state
                : throw new EmbeddedServerException($"'{home.StateFile}' has format {state.Format}; this version knows {CurrentFormat}. Update PgQueue.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmbeddedServerException($"The embedded server in '{home.Root}' belongs to another user. Use it as that user, or set another DataDirectory.", e);
        }
        catch (JsonException e)
        {
            throw new EmbeddedServerException($"'{home.StateFile}' is damaged: {e.Message} Restore it, or delete the folder if its data can go.", e);
        }
    }

    public void Save(ServerHome home) =>
        PrivateFile.Replace(home.StateFile, JsonSerializer.Serialize(this, ServerStateJson.Default.ServerState));

    /// <exception cref="EmbeddedServerException">Files of two users would mix, and lock one of them out.</exception>
    public void ThrowUnlessCallers(ServerHome home)
    {
        if (Owner != Environment.UserName)
        {
            throw new EmbeddedServerException(
                $"The embedded server in '{home.Root}' belongs to user {Owner}, not to {Environment.UserName}. Use it as {Owner}, or set another DataDirectory.");
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ServerState))]
internal sealed partial class ServerStateJson : JsonSerializerContext;
