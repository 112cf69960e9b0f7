namespace PgQueue;

/// <summary>Many things in a message: enough of them to look, not a screen full.</summary>
internal static class FirstTen
{
    private const int Most = 10;

    /// <summary>The first ten, with commas; "…" for the others.</summary>
    public static string Of<T>(IReadOnlyCollection<T> all) =>
        string.Join(", ", all.Take(Most)) + (all.Count > Most ? ", …" : "");
}
