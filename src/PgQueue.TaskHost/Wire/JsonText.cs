using System.Text;

namespace PgQueue.TaskHost.Wire;

/// <summary>Text as it stands between a JSON string's quotes.</summary>
internal static class JsonText
{
    /// <summary>Writes the text as UTF-8 with what JSON demands escaped; at most six bytes a character.</summary>
    /// <returns>The number of bytes written.</returns>
    public static int Escape(ReadOnlySpan<char> text, Span<byte> to)
    {
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and < (char)0x7f and not '"' and not '\\')
            {
                to[length++] = (byte)c;
            }
            else if (c < 0x80)
            {
                length += EscapeAscii((byte)c, to[length..]);
            }
            else
            {
                // Half of a pair means nothing and UTF-8 can't carry it: it becomes the sign for that.
                Rune.DecodeFromUtf16(text[i..], out var rune, out var taken);
                length += rune.EncodeToUtf8(to[length..]);
                i += taken - 1;
            }
        }

        return length;
    }

    private static int EscapeAscii(byte c, Span<byte> to)
    {
        var escaped = c switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            _ => "\\u00"u8,
        };
        escaped.CopyTo(to);
        if (escaped.Length == 2)
        {
            return 2;
        }

        to[4] = Hexadecimal(c >> 4);
        to[5] = Hexadecimal(c & 15);
        return 6;
    }

    private static byte Hexadecimal(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
