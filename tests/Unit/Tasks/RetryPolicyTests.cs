using Xunit;

namespace PgQueue.Unit.Tasks;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData(Backoff.Fixed, 10, 10, 10, 10)]
    [InlineData(Backoff.Linear, 10, 20, 30, 40)]
    [InlineData(Backoff.Exponential, 10, 20, 40, 60)]
    public void The_wait_grows_as_the_backoff_says_up_to_its_cap(Backoff backoff, params int[] seconds)
    {
        var policy = new RetryPolicy { Delay = TimeSpan.FromSeconds(10), Backoff = backoff, MaxDelay = TimeSpan.FromMinutes(1) };

        Assert.Equal(seconds, Enumerable.Range(1, 4).Select(n => (int)policy.WaitAfter(n, 0.5).TotalSeconds));
    }

    [Fact]
    public void A_thousand_attempts_do_not_overflow()
    {
        var policy = new RetryPolicy { Delay = TimeSpan.FromSeconds(1), Backoff = Backoff.Exponential };

        Assert.Equal(TimeSpan.FromHours(1), policy.WaitAfter(1000, 0));
    }

    [Fact]
    public void Jitter_takes_away_its_part_at_the_most()
    {
        var policy = new RetryPolicy { Delay = TimeSpan.FromSeconds(10), Jitter = 0.3 };

        Assert.Equal(TimeSpan.FromSeconds(10), policy.WaitAfter(1, 0));
        Assert.Equal(TimeSpan.FromSeconds(7), policy.WaitAfter(1, 1));
    }

    [Fact]
    public void A_policy_survives_the_database()
    {
        var policy = new RetryPolicy { Delay = TimeSpan.FromSeconds(90), Backoff = Backoff.Linear, Jitter = 0.25, MaxDelay = TimeSpan.FromDays(2) };

        Assert.Equal(policy, RetryPolicy.FromJson(policy.ToJson()));
    }
}
