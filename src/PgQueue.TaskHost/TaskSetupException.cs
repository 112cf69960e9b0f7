namespace PgQueue.TaskHost;

/// <summary>The task can't be run as it was asked for: something it names is missing or doesn't fit.</summary>
internal sealed class TaskSetupException : Exception
{
    public TaskSetupException(string message)
        : base(message)
    {
    }

    public TaskSetupException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
