namespace PgQueue;

/// <summary>Time zones by their IANA or Windows ids.</summary>
internal static class TimeZones
{
    /// <exception cref="QueueException">This machine knows no such time zone.</exception>
    public static TimeZoneInfo Find(string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
        ? zone
        : throw new QueueException(
            QueueError.UnknownTimeZone,
            $"There is no time zone '{id}'. Give an IANA or Windows id, such as Europe/Berlin or 'W. Europe Standard Time'; Get-TimeZone -ListAvailable lists them.");
}
