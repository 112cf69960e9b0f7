using System.Management.Automation;
using System.Runtime.ExceptionServices;

namespace PgQueue.PowerShell;

/// <summary>
/// All or nothing for what the cmdlets in a script block do on one connection. The block runs in the caller's scope; what
/// it emits comes when it is committed. One inside another joins it. Cmdlets in other runspaces (ForEach-Object -Parallel,
/// jobs) have no part in it.
/// </summary>
[Cmdlet(VerbsOther.Use, "PqTransaction")]
[OutputType(typeof(object))]
public sealed class UseTransactionCommand : QueueCmdlet
{
    /// <summary>What to do. Leaving it early by break, continue or exit rolls back.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock ScriptBlock { get; set; } = null!;

    /// <summary>
    /// What rolls back: Error, any error that is written or ends the block; TerminatingError, one that ends it; Never.
    /// Ctrl+C always does. Default: Error.
    /// </summary>
    [Parameter]
    public RollbackPreference RollbackPreference { get; set; }

    private protected override void End()
    {
        if (Connection is PqTransaction)
        {
            throw Refused("-Connection is a transaction already. Use its Commit() and Rollback(), or Use-PqTransaction with the connection that it was begun on.");
        }

        var isGiven = Connection is not null;
        var client = Client;
        var session = Session.Current;
        var usual = session.Default;
        session.Default = isGiven ? Connection : usual;
        try
        {
            if (session.Block(Connection!) is { } outer)
            {
                Join(outer);
            }
            else
            {
                RunOutermost(session, client);
            }
        }
        finally
        {
            if (isGiven && ReferenceEquals(session.Default, Connection))
            {
                session.Default = usual;
            }
        }
    }

    private void RunOutermost(Session session, QueueClient client)
    {
        var transaction = Await(client.BeginAsync);
        try
        {
            var run = new BlockRun(this, ScriptBlock);
            var block = new TransactionBlock(transaction);
            var thrown = RunInside(session, block, run);
            if (block.Doom is { } doom)
            {
                throw RolledBack($"A Use-PqTransaction inside it failed: {TransactionBlock.Describe(doom)}", doom);
            }

            CheckErrors(run);
            Await(transaction.CommitAsync);
            run.Emit();
            thrown?.Throw();
        }
        finally
        {
            transaction.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Runs the block with the session's cmdlets in the transaction.</summary>
    /// <returns>What ended the block, where that is to roll nothing back.</returns>
    private ExceptionDispatchInfo? RunInside(Session session, TransactionBlock block, BlockRun run)
    {
        session.Enter(Connection!, block);
        try
        {
            run.Run();
            return null;
        }
        catch (Exception e) when (RollbackPreference == RollbackPreference.Never && e is not PipelineStoppedException)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            session.Leave(Connection!);
        }
    }

    private void Join(TransactionBlock outer)
    {
        var run = new BlockRun(this, ScriptBlock);
        try
        {
            run.Run();
            CheckErrors(run);
        }
        catch (Exception e) when (RollbackPreference != RollbackPreference.Never)
        {
            outer.Doom ??= e;
            throw;
        }
        finally
        {
            run.Emit();
        }
    }

    private void CheckErrors(BlockRun run)
    {
        if (RollbackPreference == RollbackPreference.Error && run.FirstError is { } first)
        {
            var what = run.Errors == 1 ? "An error was written inside it" : $"{run.Errors} errors were written inside it, the first";
            throw RolledBack($"{what}: {first.Exception.Message} (-RollbackPreference TerminatingError lets such errors pass.)", first.Exception);
        }
    }

    private CmdletException RolledBack(string why, Exception cause) => CmdletException.Of(
        "TransactionRolledBack", ErrorCategory.OperationStopped, $"The transaction was rolled back: nothing of it was done. {why}", Connection, cause);

    private CmdletException Refused(string message) =>
        CmdletException.Of(nameof(QueueError.NotInTransaction), ErrorCategory.InvalidOperation, message, Connection);
}
