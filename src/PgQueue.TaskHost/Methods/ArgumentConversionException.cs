namespace PgQueue.TaskHost.Methods;

/// <summary>An argument can't become what its parameter is declared as.</summary>
internal sealed class ArgumentConversionException(string message, Exception? inner = null) : Exception(message, inner);
