using System.Text;
using System.Text.Json;
using Xunit;

namespace PgQueue.Unit.Workers;

public sealed class TextTests
{
    [Fact]
    public async Task Lines_are_whole_however_the_bytes_come()
    {
        var text = "first\r\nzweite ä ☃ 🐘\n\nlast without end";
        foreach (var size in (int[])[1, 2, 3, 7, 1000])
        {
            var lines = new List<string>();
            var decoder = new LineDecoder(line =>
            {
                lines.Add(line);
                return ValueTask.CompletedTask;
            });
            foreach (var chunk in Encoding.UTF8.GetBytes(text).Chunk(size))
            {
                await decoder.AddAsync(chunk);
            }

            await decoder.CompleteAsync();

            Assert.Equal(["first", "zweite ä ☃ 🐘", "", "last without end"], lines);
        }
    }

    [Fact]
    public async Task What_is_not_utf8_is_replaced_and_an_endless_line_is_cut_between_characters()
    {
        var lines = new List<string>();
        var decoder = new LineDecoder(line =>
        {
            lines.Add(line);
            return ValueTask.CompletedTask;
        });

        await decoder.AddAsync(new byte[] { 0x61, 0xFF, 0x62, 0x0A });
        await decoder.AddAsync(Encoding.UTF8.GetBytes("x" + string.Concat(Enumerable.Repeat("🐘", 100_000))));
        await decoder.CompleteAsync();

        Assert.Equal("a\uFFFDb", lines[0]);
        Assert.Equal("x" + string.Concat(Enumerable.Repeat("🐘", 100_000)), string.Concat(lines.Skip(1)));
        Assert.All(lines, l => Assert.False(l.Length > 0 && char.IsHighSurrogate(l[^1])));
    }

    [Fact]
    public void Text_is_made_storable()
    {
        Assert.Equal("plain 🐘", StorableText.Clean("plain 🐘"));
        Assert.Equal("a\u2400b", StorableText.Clean("a\0b"));
        Assert.Equal("half \uFFFD end", StorableText.Clean("half \ud83d end"));
        Assert.Equal("half \uFFFD", StorableText.Clean("half \udc00"));
    }

    [Theory]
    [InlineData("""{"a":"\u0000"}""", "\u2400")]
    [InlineData("""{"a":"\\u0000"}""", "\\u0000")]
    [InlineData("""{"a":"\ud83d\udc18"}""", "🐘")]
    [InlineData("""{"a":"\ud83d"}""", "\uFFFD")]
    public void Json_is_made_storable(string json, string value) =>
        Assert.Equal(value, JsonDocument.Parse(StorableText.CleanJson(json)).RootElement.GetProperty("a").GetString());

    [Theory]
    [InlineData("a*b?", "a%b_")]
    [InlineData("50%_\\x", "50\\%\\_\\\\x")]
    public void Wildcards_become_like_patterns_and_back(string wildcard, string like)
    {
        Assert.Equal(like, QuerySql.Like(wildcard));
        Assert.Equal(wildcard, QuerySql.Wildcard(like));
    }
}
