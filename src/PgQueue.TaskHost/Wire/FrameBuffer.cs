using System.Globalization;
using System.Text;

namespace PgQueue.TaskHost.Wire;

/// <summary>
/// Builds one frame: room for its length, then JSON. Plainer than Utf8JsonWriter, whose encoder takes longer to start
/// than most tasks to run.
/// </summary>
internal sealed class FrameBuffer
{
    private const int HeaderLength = 4;
    private const int InitialLength = 4096;
    private const int MaxKept = 4 * 1024 * 1024;
    private const int PartLength = 1024;
    private const int MaxBytesOfCharacter = 6;

    private byte[] bytes = new byte[InitialLength];
    private int length;
    private bool needsComma;

    /// <summary>The frame, its length still to be filled in; valid until the next <see cref="Start"/>.</summary>
    public Span<byte> Frame => bytes.AsSpan(0, length);

    public void Start()
    {
        if (bytes.Length > MaxKept)
        {
            bytes = new byte[InitialLength];
        }

        length = HeaderLength;
        needsComma = false;
    }

    public void OpenObject(string? name = null) => Open(name, (byte)'{');

    public void OpenArray(string name) => Open(name, (byte)'[');

    public void CloseObject() => Close((byte)'}');

    public void CloseArray() => Close((byte)']');

    /// <summary>A member with a text; none where there is no text.</summary>
    public void Text(string name, string? value)
    {
        if (value is not null)
        {
            Name(name);
            Quote(value);
            needsComma = true;
        }
    }

    /// <summary>A member with a number; none where there is no number.</summary>
    public void Number(string name, long? value)
    {
        if (value is { } number)
        {
            Raw(name, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>A member whose value is JSON already.</summary>
    public void Raw(string name, ReadOnlySpan<byte> json)
    {
        Name(name);
        json.CopyTo(Room(json.Length));
        length += json.Length;
        needsComma = true;
    }

    private void Open(string? name, byte bracket)
    {
        Name(name);
        Put(bracket);
        needsComma = false;
    }

    private void Close(byte bracket)
    {
        Put(bracket);
        needsComma = true;
    }

    private void Name(string? name)
    {
        if (needsComma)
        {
            Put((byte)',');
        }

        if (name is not null)
        {
            Quote(name);
            Put((byte)':');
        }
    }

    private void Quote(string text)
    {
        Put((byte)'"');
        for (var start = 0; start < text.Length;)
        {
            var part = text.AsSpan(start, Math.Min(PartLength, text.Length - start));
            if (char.IsHighSurrogate(part[^1]) && start + part.Length < text.Length)
            {
                part = text.AsSpan(start, part.Length + 1);
            }

            start += part.Length;
            length += JsonText.Escape(part, Room(part.Length * MaxBytesOfCharacter));
        }

        Put((byte)'"');
    }

    private void Put(byte value)
    {
        Room(1)[0] = value;
        length++;
    }

    private Span<byte> Room(int count)
    {
        if (bytes.Length - length < count)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + count));
        }

        return bytes.AsSpan(length);
    }
}
