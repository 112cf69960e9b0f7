using Xunit;

namespace PgQueue.Unit.Schedules;

public sealed class CronErrorTests
{
    [Theory]
    [InlineData("75 * * * *", "minute", 1, "minute: '75' is out of range; 0 to 59 are allowed (character 1 of '75 * * * *').")]
    [InlineData("* 1,24 * * *", "hour", 5, "hour: '24' is out of range; 0 to 23 are allowed (character 5 of '* 1,24 * * *').")]
    [InlineData("0-60 * * * * *", "second", 3, "second: '60' is out of range; 0 to 59 are allowed (character 3 of '0-60 * * * * *').")]
    [InlineData("0 0 1 13 *", "month", 7, "month: '13' is out of range; 1 to 12 or JAN to DEC are allowed (character 7 of '0 0 1 13 *').")]
    [InlineData("0 0 * * 8", "day-of-week", 9, "day-of-week: '8' is out of range; 0 to 7 or SUN to SAT are allowed (character 9 of '0 0 * * 8').")]
    [InlineData("*/60 * * * *", "minute", 3, "minute: step '60' is out of range; 1 to 59 are allowed (character 3 of '*/60 * * * *').")]
    [InlineData("0 0 L-31 * *", "day-of-month", 7, "day-of-month: days before the last '31' is out of range; 0 to 30 are allowed (character 7 of '0 0 L-31 * *').")]
    [InlineData("0 0 * * FRI#6", "day-of-week", 13, "day-of-week: occurrence in the month '6' is out of range; 1 to 5 are allowed (character 13 of '0 0 * * FRI#6').")]
    [InlineData("005 * * * *", "minute", 1, "minute: '005' has 3 digits; a number has one or two (character 1 of '005 * * * *').")]
    [InlineData("7- * * * *", "minute", 3, "minute: '7-' ends too early; allowed are *, */2, or 0 to 59 as in 1, 1-5, 1-5/2, 1/2 and lists of these (character 3 of '7- * * * *').")]
    [InlineData("0 0 1,15W * *", "day-of-month", 6, "day-of-month: '1,15W' cannot be read from ',15W' on; allowed are *, */2, or 1 to 31 as in 1, 1-5, 1-5/2, 1/2 and lists of these, or alone in the field L, L-3, LW, L-3W or 15W (character 6 of '0 0 1,15W * *').")]
    [InlineData("0 0 * * MONDAY", "day-of-week", 12, "day-of-week: 'MONDAY' cannot be read from 'DAY' on; allowed are *, */2, or 0 to 7 or SUN to SAT as in 1, 1-5, 1-5/2, 1/2 and lists of these, or alone in the field 5L or 5#2 (character 12 of '0 0 * * MONDAY').")]
    public void A_fault_in_a_field_names_the_field_the_value_what_is_allowed_and_the_place(string expression, string field, int position, string message)
    {
        var error = Assert.Throws<CronFormatException>(() => CronExpression.Parse(expression));
        Assert.Equal(message, error.Message);
        Assert.Equal((expression, field, position), (error.Expression, error.Field, error.Position));
    }

    [Theory]
    [InlineData("* * * *", "the expression has 4 fields; 5 are expected, minute hour day-of-month month day-of-week, or 6 with a leading second, separated by blanks or tabs (in '* * * *').")]
    [InlineData("", "the expression is empty; 5 are expected, minute hour day-of-month month day-of-week, or 6 with a leading second, separated by blanks or tabs (in '').")]
    [InlineData("@reboot", "the macro is not known; there are @every_second, @every_minute, @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, and nothing may follow them (in '@reboot').")]
    public void A_fault_of_the_whole_names_no_field(string expression, string message)
    {
        var error = Assert.Throws<CronFormatException>(() => CronExpression.Parse(expression));
        Assert.Equal(message, error.Message);
        Assert.Equal((expression, null, null), (error.Expression, error.Field, error.Position));
    }

    [Fact]
    public void A_wrong_number_of_fields_is_told_with_the_number_that_the_format_has()
    {
        var six = Assert.Throws<CronFormatException>(() => CronExpression.Parse("0 0 0 * * *", CronFormat.Standard));
        Assert.StartsWith("the expression has 6 fields; 5 are expected, minute hour", six.Message, StringComparison.Ordinal);
        var five = Assert.Throws<CronFormatException>(() => CronExpression.Parse("0 0 * * *", CronFormat.WithSeconds));
        Assert.StartsWith("the expression has 5 fields; 6 are expected, second minute hour", five.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trying_gives_the_message_instead_of_throwing_and_takes_null()
    {
        Assert.False(CronExpression.TryParse("75 * * * *", out var none, out var error));
        Assert.Null(none);
        Assert.Equal("minute: '75' is out of range; 0 to 59 are allowed (character 1 of '75 * * * *').", error);
        Assert.False(CronExpression.TryParse(null, out _, out error));
        Assert.StartsWith("the expression is empty", error, StringComparison.Ordinal);
        Assert.True(CronExpression.TryParse("@DAILY", CronFormat.WithSeconds, out var daily, out error));
        Assert.Null(error);
        Assert.Equal("@DAILY", daily.ToString());
    }

    [Fact]
    public void Arguments_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentNullException>("expression", () => CronExpression.Parse(null!));
        Assert.Throws<ArgumentOutOfRangeException>("format", () => CronExpression.Parse("* * * * *", (CronFormat)7));
        Assert.Throws<ArgumentNullException>("zone", () => CronExpression.Parse("* * * * *").GetNextOccurrence(default, null!));
        Assert.Throws<ArgumentNullException>("zone", () => CronExpression.Parse("* * * * *").GetOccurrences(default, null!));
    }

    [Fact]
    public void The_message_about_a_huge_text_stays_short()
    {
        var error = Assert.Throws<CronFormatException>(() => CronExpression.Parse(new string('9', 1_000_000) + " * * * *"));
        Assert.InRange(error.Message.Length, 1, 500);
        Assert.Equal(1_000_008, error.Expression.Length);
    }
}
