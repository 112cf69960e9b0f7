namespace PgQueue;

/// <summary>Reads one field of a cron expression from left to right.</summary>
/// <param name="expression">The whole expression, for messages.</param>
/// <param name="field">What the field may hold.</param>
/// <param name="start">Where the field begins in the expression.</param>
/// <param name="end">Where it ends, exclusive.</param>
internal sealed class CronFieldReader(string expression, CronField field, int start, int end)
{
    private const int LongestNumber = 2;
    private const int NameLength = 3;

    private readonly int _start = start;
    private int _at = start;

    /// <summary>What has not been read yet.</summary>
    public ReadOnlySpan<char> Rest => expression.AsSpan(_at, end - _at);

    /// <summary>
    /// Reads the field as a set of values: bit n stands for value n.
    /// Either * or ? with or without a step, or a list of values and ranges with or without one.
    /// </summary>
    public ulong ReadSet()
    {
        ulong set = 0;
        if (Take('*') || Take('?'))
        {
            set = Every(field.Min, field.Max, ReadStep() ?? 1);
        }
        else
        {
            do
            {
                set |= ReadItem();
            }
            while (Take(','));
        }

        ExpectEnd();
        return set;
    }

    /// <summary>Reads a number or a name of the field.</summary>
    public int ReadValue()
    {
        if (Rest.Length >= NameLength && field.ValueOf(Rest[..NameLength]) is { } value)
        {
            _at += NameLength;
            return value;
        }

        return ReadNumber(field.Min, field.Max, "", field.Values);
    }

    /// <summary>Reads a number of one or two digits.</summary>
    /// <param name="min">The least that is allowed.</param>
    /// <param name="max">The greatest that is allowed.</param>
    /// <param name="role">What the number is, with a blank behind it, where it is not a value of the field.</param>
    /// <param name="allowed">The range in words, where it is more than from one number to the other.</param>
    public int ReadNumber(int min, int max, string role, string? allowed = null)
    {
        var rest = Rest;
        var length = rest.IndexOfAnyExceptInRange('0', '9');
        var digits = length < 0 ? rest : rest[..length];
        if (digits.IsEmpty)
        {
            throw Unexpected();
        }

        if (digits.Length > LongestNumber)
        {
            throw Error($"'{CronFormatException.Quote(digits)}' has {digits.Length} digits; a number has one or two");
        }

        var number = digits.Length == 1 ? digits[0] - '0' : (10 * (digits[0] - '0')) + digits[1] - '0';
        if (number < min || number > max)
        {
            throw Error($"{role}'{digits}' is out of range; {allowed ?? $"{min} to {max}"} are allowed");
        }

        _at += digits.Length;
        return number;
    }

    /// <summary>Steps over a character, given in upper case, if it comes next in either case.</summary>
    public bool Take(char wanted)
    {
        var found = _at < end && (char.IsAsciiLetterLower(expression[_at]) ? expression[_at] - 'a' + 'A' : expression[_at]) == wanted;
        _at += found ? 1 : 0;
        return found;
    }

    /// <summary>Steps over a character that must come next.</summary>
    public void Expect(char wanted)
    {
        if (!Take(wanted))
        {
            throw Unexpected();
        }
    }

    /// <summary>Makes sure that nothing is left.</summary>
    public void ExpectEnd()
    {
        if (_at < end)
        {
            throw Unexpected();
        }
    }

    private ulong ReadItem()
    {
        var first = ReadValue();
        int? last = Take('-') ? ReadValue() : null;
        var step = ReadStep();
        if (last < first)
        {
            return Every(first, last.Value + field.Cycle, step ?? 1);
        }

        return Every(first, last ?? (step is null ? first : field.Max), step ?? 1);
    }

    private int? ReadStep() => Take('/') ? ReadNumber(1, field.Max, "step ") : null;

    /// <summary>Every step-th value; those beyond the greatest begin again at the least.</summary>
    private ulong Every(int first, int last, int step)
    {
        ulong set = 0;
        for (var value = first; value <= last; value += step)
        {
            set |= 1UL << (value > field.Max ? value - field.Cycle : value);
        }

        return set;
    }

    private CronFormatException Unexpected()
    {
        var whole = CronFormatException.Quote(expression.AsSpan(_start, end - _start));
        var problem = _at < end ? $"cannot be read from '{CronFormatException.Quote(Rest)}' on" : "ends too early";
        return Error($"'{whole}' {problem}; {field.Grammar}");
    }

    private CronFormatException Error(string problem) => new(problem, expression, field.Name, _at + 1);
}
