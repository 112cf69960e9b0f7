using System.Globalization;
using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class ShortDurationTests
{
    [Theory]
    [InlineData("00:15:00", "15m")]
    [InlineData("00:00:00", "0s")]
    [InlineData("1.02:03:04.5", "1d2h3m4.5s")]
    [InlineData("7.00:00:00", "7d")]
    [InlineData("00:00:00.25", "0.25s")]
    [InlineData("-01:30:00", "-1h30m")]
    public void A_duration_is_written_whole_and_with_no_part_that_is_zero(string time, string text) =>
        Assert.Equal(text, ShortDuration.Of(TimeSpan.Parse(time, CultureInfo.InvariantCulture)));
}
