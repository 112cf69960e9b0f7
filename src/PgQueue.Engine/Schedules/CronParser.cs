using System.Text;

namespace PgQueue;

/// <summary>Turns a cron expression's text into the local times it matches.</summary>
internal static class CronParser
{
    private const string FiveFields = "minute hour day-of-month month day-of-week";

    private static readonly (string Name, string Text)[] s_macros =
    [
        ("@every_second", "* * * * * *"),
        ("@every_minute", "* * * * *"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ];

    /// <param name="expression">The text.</param>
    /// <param name="format">How many fields it must have, or null to let their number tell.</param>
    /// <exception cref="CronFormatException">The text is not a cron expression of that format.</exception>
    public static CronPattern Parse(string expression, CronFormat? format)
    {
        var name = expression.AsSpan().Trim(" \t");
        return name is ['@', ..] ? ReadFields(Macro(name, expression), null) : ReadFields(expression, format);
    }

    private static string Macro(ReadOnlySpan<char> name, string expression)
    {
        foreach (var macro in s_macros)
        {
            if (Ascii.EqualsIgnoreCase(name, macro.Name))
            {
                return macro.Text;
            }
        }

        var known = string.Join(", ", s_macros.Select(m => m.Name));
        throw new CronFormatException($"the macro is not known; there are {known}, and nothing may follow them", expression);
    }

    private static CronPattern ReadFields(string expression, CronFormat? format)
    {
        var ranges = Split(expression);
        if (format is null ? ranges.Count is not (5 or 6) : ranges.Count != (int)format)
        {
            throw WrongCount(expression, format, ranges.Count);
        }

        // The implied second of five fields is a plain 0.
        var seconds = ranges.Count == 6 ? Reader(CronField.Second, 0).ReadSet() : 1;
        var f = ranges.Count - 5;
        return new CronPattern(
            seconds,
            Reader(CronField.Minute, f).ReadSet(),
            Reader(CronField.Hour, f + 1).ReadSet(),
            CronDayOfMonth.Read(Reader(CronField.DayOfMonth, f + 2)),
            (uint)Reader(CronField.Month, f + 3).ReadSet(),
            CronDayOfWeek.Read(Reader(CronField.DayOfWeek, f + 4)),
            ranges.Take(f + 2).Any(r => expression.AsSpan(r).ContainsAny("*?-/")));

        CronFieldReader Reader(CronField field, int index) =>
            new(expression, field, ranges[index].Start.Value, ranges[index].End.Value);
    }

    /// <summary>The places of what is between blanks and tabs; no other character separates.</summary>
    private static List<Range> Split(string expression)
    {
        var ranges = new List<Range>();
        foreach (var range in expression.AsSpan().SplitAny(" \t"))
        {
            if (!expression.AsSpan(range).IsEmpty)
            {
                ranges.Add(range);
            }
        }

        return ranges;
    }

    private static CronFormatException WrongCount(string expression, CronFormat? format, int count)
    {
        var expected = format switch
        {
            CronFormat.Standard => $"5 are expected, {FiveFields}",
            CronFormat.WithSeconds => $"6 are expected, second {FiveFields}",
            _ => $"5 are expected, {FiveFields}, or 6 with a leading second",
        };
        var given = count == 0 ? "the expression is empty" : $"the expression has {count} field{(count == 1 ? "" : "s")}";
        return new CronFormatException($"{given}; {expected}, separated by blanks or tabs", expression);
    }
}
