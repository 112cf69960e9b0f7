using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PgQueue.PowerShell;

/// <summary>Text measured in a terminal's columns.</summary>
internal static partial class Cells
{
    // East Asian wide and full-width characters, and emoji.
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60),
        (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    public static int Count(string text) => text.EnumerateRunes().Sum(Width);

    /// <summary>Cuts a text off where it is too wide.</summary>
    public static string Cut(string text, int width)
    {
        if (Count(text) <= width)
        {
            return text;
        }

        var result = new StringBuilder();
        var left = width - 1;
        foreach (var rune in text.EnumerateRunes().TakeWhile(rune => (left -= Width(rune)) >= 0))
        {
            result.Append(rune);
        }

        return width > 0 ? result.Append('…').ToString() : "";
    }

    /// <summary>A text of just this width, cut off or with spaces after it.</summary>
    public static string Fit(string text, int width)
    {
        var cut = Cut(text, width);
        return cut + new string(' ', Math.Max(0, width - Count(cut)));
    }

    /// <summary>A text on one line without anything that a terminal would obey.</summary>
    public static string Plain(string text) => string.Concat(text.EnumerateRunes().Select(rune => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format => " ",
        _ => rune.ToString(),
    }));

    /// <summary>A text without colors and the like.</summary>
    public static string WithoutStyle(string text) => Style().Replace(text, "");

    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Style();

    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0
        : Array.Exists(s_wide, range => rune.Value >= range.First && rune.Value <= range.Last) ? 2
        : 1;
}
