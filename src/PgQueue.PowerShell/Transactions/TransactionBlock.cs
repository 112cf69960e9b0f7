using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The transaction of a Use-PqTransaction that is being run.</summary>
internal sealed class TransactionBlock(QueueTransaction transaction)
{
    public SessionClient Client { get; } = new(transaction.Queue) { InTransaction = true, SchemaIsChecked = true };

    /// <summary>The error of a Use-PqTransaction inside it; with one, none of it may stay.</summary>
    public Exception? Doom { get; set; }

    /// <summary>An error's text for one who is told that it rolled the transaction back.</summary>
    public static string Describe(Exception error) =>
        (error as IContainsErrorRecord)?.ErrorRecord?.Exception.Message ?? error.Message;
}
