namespace PgQueue.Bench;

/// <summary>A measurement that could not be made.</summary>
/// <param name="message">What went wrong, and where.</param>
internal sealed class BenchException(string message) : Exception(message);
