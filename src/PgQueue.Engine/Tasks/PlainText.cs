namespace PgQueue;

/// <summary>Text for a terminal, which obeys control characters, whoever has written them.</summary>
internal static class PlainText
{
    /// <summary>The text with a space for each control character.</summary>
    public static string Of(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
}
