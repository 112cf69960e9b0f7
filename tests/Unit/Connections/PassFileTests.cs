using Npgsql;
using Xunit;

namespace PgQueue.Unit.Connections;

public sealed class PassFileTests
{
    [Theory]
    [InlineData("*:*:*:me:one", "one")]
    [InlineData("# me\nother:5432:app:me:no\ndb:5432:app:me:two\n*:*:*:*:late", "two")]
    [InlineData("db:5433:app:me:no\ndb:5432:other:me:no\ndb:5432:app:you:no", null)]
    [InlineData(@"db:*:*:me:a\:b\\c", @"a:b\c")]
    [InlineData("db:5432:app", null)]
    public void The_password_is_that_of_the_first_line_that_fits(string text, string? password)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            var settings = new NpgsqlConnectionStringBuilder(ConnectionStrings.WithPassword($"Host=db;Username=me;Database=app;Passfile={path}"));
            Assert.Equal(password, settings.Password);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_password_that_is_written_wins_and_a_file_that_is_missing_is_no_error()
    {
        Assert.Equal("mine", new NpgsqlConnectionStringBuilder(ConnectionStrings.WithPassword("Host=db;Password=mine;Passfile=/not/there")).Password);
        Assert.Null(new NpgsqlConnectionStringBuilder(ConnectionStrings.WithPassword("Host=db;Passfile=/not/there")).Password);
    }
}
