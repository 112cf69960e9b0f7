using Xunit;

namespace PgQueue.Unit.Connections;

public sealed class ConnectionStringTests
{
    [Theory]
    [InlineData("postgresql://me:s%40fe@db.example:6000/app?sslmode=require&application_name=x", "db.example", 6000, "me", "s@fe", "app")]
    [InlineData("postgres://me@db/app", "db", 5432, "me", null, "app")]
    [InlineData("postgresql://", "localhost", 5432, null, null, null)]
    [InlineData("postgresql://%2Fvar%2Frun%2Fpostgresql/app", "/var/run/postgresql", 5432, null, null, "app")]
    [InlineData("postgresql:///app?host=/tmp&port=6000&user=me", "/tmp", 6000, "me", null, "app")]
    [InlineData("postgresql://[::1]:6000/app", "::1", 6000, null, null, "app")]
    [InlineData("Host=db;Port=6000;Username=me;Password=x;Database=app", "db", 6000, "me", "x", "app")]
    public void Urls_and_keywords_mean_the_same(string text, string host, int port, string? user, string? password, string? database)
    {
        var settings = ConnectionStrings.Parse(text);

        Assert.Equal((host, port, user, password, database), (settings.Host, settings.Port, settings.Username, settings.Password, settings.Database));
    }

    [Fact]
    public void A_url_with_several_hosts_keeps_them_all()
    {
        var settings = ConnectionStrings.Parse("postgresql://me@a:5432,b:5433/app?target_session_attrs=read-write");

        Assert.Equal("a:5432,b:5433", settings.Host);
        Assert.Equal("read-write", settings.TargetSessionAttributes);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("Hots=db", "hots")]
    [InlineData("postgresql://db/app?nonsense=1", "'nonsense' is not known")]
    [InlineData("postgresql://db:port/app", "'port' can't be 'port'")]
    public void What_can_not_be_read_is_named(string text, string part)
    {
        var error = Assert.Throws<QueueException>(() => ConnectionStrings.Parse(text));

        Assert.Equal(QueueError.InvalidConnectionString, error.Error);
        Assert.Contains(part, error.Message, StringComparison.OrdinalIgnoreCase);
    }
}
