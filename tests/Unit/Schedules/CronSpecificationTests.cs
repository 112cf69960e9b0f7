using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Schedules;

/// <summary>The rows of cron-cases.tsv and the lines of cron-invalid.txt; their heads are the specification.</summary>
public sealed class CronSpecificationTests
{
    private const int OccurrencesPerRow = 5;

    [Fact]
    public void Every_row_of_the_cases_holds()
    {
        var wrong = new List<string>();
        var rows = 0;
        foreach (var line in DataLines("cron-cases.tsv"))
        {
            rows++;
            var (expression, format, rest) = Columns(line, 5);
            var (zone, from, expected) = (TimeZoneInfo.FindSystemTimeZoneById(rest[0]), Time(rest[1]), rest[2]);
            var cron = CronExpression.Parse(expression, format);
            var found = cron.GetOccurrences(from, zone).Take(OccurrencesPerRow).ToList();
            var text = found.Count == 0 ? "NEVER" : string.Join(',', found.Select(t => t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));
            if (text != expected || found.Any(t => t.Offset != zone.GetUtcOffset(t.UtcDateTime)))
            {
                wrong.Add($"{line}\n    got {text}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {rows} rows are wrong:\n{string.Join('\n', wrong)}");
        Assert.Equal(3128, rows);
    }

    [Fact]
    public void Each_occurrence_of_the_cases_is_found_from_itself_when_it_may_be()
    {
        foreach (var line in DataLines("cron-cases.tsv"))
        {
            var (expression, format, rest) = Columns(line, 5);
            if (rest[2] != "NEVER")
            {
                var (cron, zone, time) = (CronExpression.Parse(expression, format), TimeZoneInfo.FindSystemTimeZoneById(rest[0]), Time(rest[2].Split(',')[0]));
                Assert.Equal(time, cron.GetNextOccurrence(time, zone, inclusive: true));
                Assert.Equal(time, cron.GetNextOccurrence(time.AddTicks(-1), zone, inclusive: true));
                Assert.NotEqual(time, cron.GetNextOccurrence(time.AddTicks(1), zone, inclusive: true));
                Assert.NotEqual(time, cron.GetNextOccurrence(time, zone));
            }
        }
    }

    [Fact]
    public void The_number_of_fields_tells_the_format()
    {
        foreach (var line in DataLines("cron-cases.tsv"))
        {
            var (expression, format, _) = Columns(line, 5);
            Assert.Equal(CronExpression.Parse(expression, format), CronExpression.Parse(expression));
        }
    }

    [Fact]
    public void Every_line_of_the_invalid_ones_is_refused()
    {
        var lines = 0;
        foreach (var line in DataLines("cron-invalid.txt"))
        {
            lines++;
            var (expression, format, rest) = Columns(line, 3);
            Assert.False(CronExpression.TryParse(expression, format, out var cron, out var error), $"'{expression}' was read in spite of: {rest[0]}");
            Assert.Null(cron);
            var thrown = Assert.Throws<CronFormatException>(() => CronExpression.Parse(expression, format));
            Assert.Equal(error, thrown.Message);
            Assert.Equal(expression, thrown.Expression);
            Assert.Contains($"'{expression}'", error, StringComparison.Ordinal);
        }

        Assert.Equal(50, lines);
    }

    private static IEnumerable<string> DataLines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Schedules", file)).Where(line => !line.StartsWith('#'));

    /// <summary>The columns; those behind the expression are counted from the end, since it may contain tabs.</summary>
    private static (string Expression, CronFormat Format, string[] Others) Columns(string line, int count)
    {
        var parts = line.Split('\t');
        var behind = parts[^(count - 1)..];
        return (string.Join('\t', parts[..^(count - 1)]), Enum.Parse<CronFormat>(behind[0]), behind[1..]);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
