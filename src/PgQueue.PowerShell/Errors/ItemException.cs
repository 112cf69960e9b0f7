namespace PgQueue.PowerShell;

/// <summary>What is wrong with one of a cmdlet's inputs.</summary>
public sealed class ItemException : Exception
{
    internal ItemException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
