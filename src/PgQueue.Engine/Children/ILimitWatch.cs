namespace PgQueue;

/// <summary>Watches over what the processes of all running tasks hold, as far as this operating system tells it.</summary>
internal interface ILimitWatch : IDisposable
{
    /// <summary>Has the run ended when its child holds more than it may.</summary>
    /// <param name="child">The run's process.</param>
    /// <param name="control">The run.</param>
    /// <returns>To be disposed when the run has ended.</returns>
    IAsyncDisposable Watch(IChildProcess child, RunControl control);
}
