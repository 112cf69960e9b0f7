namespace PgQueue.PowerShell;

/// <summary>What makes Use-PqTransaction roll back.</summary>
public enum RollbackPreference
{
    /// <summary>Any error that is written or ends the script block.</summary>
    Error,

    /// <summary>An error that ends the script block.</summary>
    TerminatingError,

    /// <summary>No error; only Ctrl+C and a lost connection.</summary>
    Never,
}
