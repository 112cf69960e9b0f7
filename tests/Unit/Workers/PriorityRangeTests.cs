using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class PriorityRangeTests
{
    [Theory]
    [InlineData("High", 75, 75, "75")]
    [InlineData("-3", -3, -3, "-3")]
    [InlineData("low..HIGH", 25, 75, "25..75")]
    [InlineData(" 50 .. 100 ", 50, 100, "50..100")]
    [InlineData("High..", 75, int.MaxValue, "75..")]
    [InlineData("..-1", int.MinValue, -1, "..-1")]
    [InlineData("7..7", 7, 7, "7")]
    public void A_range_is_read_and_written(string text, int lowest, int highest, string written)
    {
        var range = PriorityRange.Parse(text);

        Assert.Equal((lowest, highest), (range.Lowest, range.Highest));
        Assert.Equal(written, range.ToString());
        Assert.Equal(range, PriorityRange.Parse(written));
    }

    [Theory]
    [InlineData("", "'' is no priority*")]
    [InlineData("..", "'..' is no priority*")]
    [InlineData("soon", "'soon' is no priority*")]
    [InlineData("1.5", "'1.5' is no priority*")]
    [InlineData("1...3", "'1...3' is no priority*")]
    [InlineData("High..Low", "*must begin with the lower one*")]
    [InlineData("99999999999", "*is no priority*")]
    public void What_is_no_range_is_refused(string text, string says)
    {
        var error = Assert.Throws<QueueException>(() => PriorityRange.Parse(text));

        Assert.Equal(QueueError.InvalidArgument, error.Error);
        Assert.Matches("^" + System.Text.RegularExpressions.Regex.Escape(says).Replace("\\*", ".*", StringComparison.Ordinal), error.Message);
    }
}
