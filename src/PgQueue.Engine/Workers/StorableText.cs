using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace PgQueue;

/// <summary>Text as PostgreSQL can store it: it takes neither NUL nor half a surrogate pair.</summary>
internal static partial class StorableText
{
    private const char NulSymbol = '\u2400';

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Clean(string? text)
    {
        if (text is null || !NeedsCleaning(text))
        {
            return text;
        }

        return string.Create(text.Length, text, static (clean, text) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                clean[i] = text[i] == '\0' ? NulSymbol : IsHalf(text, i) ? '\uFFFD' : text[i];
            }
        });
    }

    /// <summary>JSON text whose strings are storable: jsonb refuses the escapes of NUL and of half a pair.</summary>
    public static string CleanJson(string json) =>
        json.Contains("\\u", StringComparison.Ordinal) ? UnstorableEscape().Replace(json, Replace) : json;

    private static string Replace(Match match) => match.Groups["pair"].Success || match.Groups["slash"].Success
        ? match.Value
        : match.Groups["nul"].Success ? "\\u2400" : "\\ufffd";

    private static bool NeedsCleaning(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && IsHalf(text, i)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHalf(string text, int i) =>
        (char.IsHighSurrogate(text[i]) && (i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])))
        || (char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])));

    [GeneratedRegex(
        @"(?<slash>\\\\)|(?<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<nul>\\u0000)|(?<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})",
        RegexOptions.CultureInvariant)]
    private static partial Regex UnstorableEscape();
}
