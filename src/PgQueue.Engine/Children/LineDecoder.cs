using System.Text;

namespace PgQueue;

/// <summary>
/// Bytes that any program printed, as lines of text. A line or a character may come in pieces; what is not UTF-8 becomes
/// U+FFFD; a line without end is cut into parts.
/// </summary>
internal sealed class LineDecoder(Func<string, ValueTask> emit)
{
    private const int LongestLine = 64 * 1024;

    private readonly Decoder _decoder = new UTF8Encoding(false).GetDecoder();
    private readonly StringBuilder _line = new();
    private readonly char[] _chars = new char[8192];

    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            _decoder.Convert(bytes.Span, _chars, flush: false, out var used, out var got, out _);
            bytes = bytes[used..];
            await SplitAsync(_chars.AsMemory(0, got)).ConfigureAwait(false);
        }
    }

    /// <summary>The last line, where it had no end.</summary>
    public async ValueTask CompleteAsync()
    {
        _decoder.Convert([], _chars, flush: true, out _, out var got, out _);
        await SplitAsync(_chars.AsMemory(0, got)).ConfigureAwait(false);
        if (_line.Length > 0)
        {
            await EmitAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask SplitAsync(ReadOnlyMemory<char> text)
    {
        while (text.Length > 0)
        {
            var end = text.Span.IndexOf('\n');
            var part = end < 0 ? text : text[..end];
            var room = LongestLine - _line.Length;
            if (part.Length > room)
            {
                // Never between the two halves of a character.
                var cut = room > 0 && char.IsHighSurrogate(part.Span[room - 1]) ? room - 1 : room;
                _line.Append(part.Span[..cut]);
                text = text[cut..];
                await EmitAsync().ConfigureAwait(false);
                continue;
            }

            _line.Append(part.Span);
            if (end < 0)
            {
                return;
            }

            text = text[(end + 1)..];
            await EmitAsync().ConfigureAwait(false);
        }
    }

    private ValueTask EmitAsync()
    {
        if (_line.Length > 0 && _line[^1] == '\r')
        {
            _line.Length--;
        }

        var line = _line.ToString();
        _line.Clear();
        return emit(line);
    }
}
