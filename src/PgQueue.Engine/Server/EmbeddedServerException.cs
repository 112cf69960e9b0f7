namespace PgQueue;

/// <summary>The embedded server could not be found, made, started, stopped or removed. The message says what to do.</summary>
public sealed class EmbeddedServerException : Exception
{
    /// <summary>Creates the exception.</summary>
    public EmbeddedServerException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    public EmbeddedServerException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
