using Npgsql;

namespace PgQueue;

/// <summary>Waiting for notifications for a limited time.</summary>
internal static class NotificationWait
{
    /// <summary>
    /// Returns when notifications have come or the time has run out. Npgsql counts in whole milliseconds and takes 0 for
    /// ever: less than one is rounded up here.
    /// </summary>
    public static Task<bool> WaitAtMostAsync(this NpgsqlConnection connection, TimeSpan time, CancellationToken cancellationToken) =>
        connection.WaitAsync((int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 1, int.MaxValue), cancellationToken);
}
