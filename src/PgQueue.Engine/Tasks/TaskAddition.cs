using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace PgQueue;

/// <summary>
/// Tasks to be added once, however often that is tried. A connection that breaks in the middle of the commit leaves open
/// whether they are there. Client ids settle it: the next try looks whether each belongs to the very task whose id the
/// server had given it before the commit. (A task of the same id and client id can be no other; one of the same client
/// id and the same work could be somebody else's.)
/// </summary>
/// <param name="database">The queue's database.</param>
/// <param name="tasks">The tasks.</param>
/// <param name="shared">What they have in common.</param>
/// <param name="isOneStatement">They are added by one statement, which is a transaction of its own.</param>
/// <param name="add">Adds them on a connection.</param>
internal sealed class TaskAddition(
    QueueDatabase database, IReadOnlyList<NewTask> tasks, NewTask? shared, bool isOneStatement,
    Func<NpgsqlConnection, CancellationToken, Task<IReadOnlyList<AddedTask>>> add)
{
    /// <summary>How long it is tried while the database is away.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string Advice = " With client ids (-ClientId) it is found out, and tried again where need be.";

    private IReadOnlyList<AddedTask>? _unproven;

    /// <summary>True where trying again adds nothing twice: all have client ids.</summary>
    public bool IsRepeatable { get; } = !database.InTransaction && tasks.All(task => (task.ClientId ?? shared?.ClientId) is not null);

    /// <summary>Adds them; where that is safe, tries again while the database is away.</summary>
    /// <exception cref="QueueException">It could not be done, or nobody knows whether it was.</exception>
    public async Task<IReadOnlyList<AddedTask>> RunAsync(CancellationToken cancellationToken)
    {
        var since = Stopwatch.StartNew();
        var wait = new ReconnectWait();
        while (true)
        {
            try
            {
                return await TryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (QueueException e) when (IsRepeatable && e.IsTransient && database.HasConnected && since.Elapsed < Patience)
            {
                database.ClosePooled();
            }

            await Task.Delay(wait.Next(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tries once; adds nothing that an earlier try has added.</summary>
    /// <exception cref="QueueException">It could not be done, or nobody knows whether it was.</exception>
    public async Task<IReadOnlyList<AddedTask>> TryAsync(CancellationToken cancellationToken)
    {
        if (await WasDoneAsync(cancellationToken).ConfigureAwait(false))
        {
            return _unproven!;
        }

        try
        {
            if (isOneStatement && !IsRepeatable)
            {
                return await database.RunAsync(connection => add(connection, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            return await database.RunAtomicAsync(
                async connection =>
                {
                    var added = await add(connection, cancellationToken).ConfigureAwait(false);

                    // Taken by the server, so no earlier try was; from here on only the server knows whether this one is.
                    return _unproven = added;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (QueueException e) when (e.Error == QueueError.ConnectionLost && !IsRepeatable && !database.InTransaction)
        {
            throw new QueueException(e.Error, e.Message + Advice, e.InnerException);
        }
        catch (QueueException e) when (e.Error == QueueError.DuplicateClientId && _unproven is not null)
        {
            // The server came to the end of the earlier try's commit only now.
            if (await WasDoneAsync(cancellationToken).ConfigureAwait(false))
            {
                return _unproven;
            }

            throw;
        }
    }

    private async Task<bool> WasDoneAsync(CancellationToken cancellationToken)
    {
        if (_unproven is not { } added || !IsRepeatable)
        {
            return false;
        }

        var mine = tasks.Zip(added).Where(pair => !pair.Second.Existing).ToList();
        return await database.RunAsync(
            async connection =>
            {
                var command = new NpgsqlCommand(database.Sql("Tasks/keys.sql"), connection);
                await using (command.ConfigureAwait(false))
                {
                    command.Parameters.Add(new()
                    {
                        Value = mine.Select(pair => pair.First.ClientId ?? shared!.ClientId!).ToArray(),
                        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
                    });
                    command.Parameters.Add(new()
                    {
                        Value = mine.Select(pair => pair.Second.Id).ToArray(),
                        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
                    });
                    return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long found && found == mine.Count;
                }
            },
            cancellationToken).ConfigureAwait(false);
    }
}
