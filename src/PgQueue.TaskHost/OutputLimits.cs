using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>What is kept of one record. JSON may take six bytes for a character, and a frame has a limit.</summary>
internal static class OutputLimits
{
    /// <summary>Characters kept of a record's text.</summary>
    public const int Text = 1024 * 1024;

    /// <summary>Characters of CLIXML above which a record keeps its text only.</summary>
    public const int Clixml = 8 * 1024 * 1024;

    /// <summary>Characters kept of an error's message, position or stack trace.</summary>
    public const int ErrorPart = 64 * 1024;

    public static OutputRecord Apply(OutputRecord record) =>
        record.Text is { Length: > Text } text ? record with { Text = Cut(text, Text) } : record;

    /// <summary>The text's first <paramref name="limit"/> characters and a notice of how many are missing.</summary>
    public static string Cut(string text, int limit)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        var kept = char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
        return $"{text.AsSpan(0, kept)}… [truncated: {text.Length - kept} characters]";
    }
}
