using System.Globalization;

namespace PgQueue;

/// <summary>Priorities from one to another, both included.</summary>
/// <param name="Lowest">The lowest; <see cref="int.MinValue"/> for no lowest.</param>
/// <param name="Highest">The highest; <see cref="int.MaxValue"/> for no highest.</param>
public readonly record struct PriorityRange(int Lowest, int Highest)
{
    private const string Dots = "..";

    /// <summary>A priority or a range of them, by name or number: <c>High</c>, <c>Low..High</c>, <c>50..</c>, <c>..25</c>.</summary>
    /// <exception cref="QueueException">It is none.</exception>
    public static PriorityRange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var dots = text.IndexOf(Dots, StringComparison.Ordinal);
        if (dots < 0)
        {
            return One(text) is { } only ? new(only, only) : throw NoPriority(text);
        }

        var (left, right) = (text[..dots].Trim(), text[(dots + Dots.Length)..].Trim());
        if ((left + right).Length == 0 || (left.Length > 0 && One(left) is null) || (right.Length > 0 && One(right) is null))
        {
            throw NoPriority(text);
        }

        var range = new PriorityRange(One(left) ?? int.MinValue, One(right) ?? int.MaxValue);
        return range.Lowest <= range.Highest ? range : throw new QueueException(
            QueueError.InvalidArgument, $"The priorities '{text}' must begin with the lower one.");
    }

    /// <summary>The two numbers with dots between them, of which an open end is left out; or the one.</summary>
    public override string ToString() => Lowest == Highest
        ? Number(Lowest)
        : $"{(Lowest == int.MinValue ? "" : Number(Lowest))}{Dots}{(Highest == int.MaxValue ? "" : Number(Highest))}";

    private static int? One(string text) =>
        TaskPriority.Names.TryGetValue(text.Trim(), out var named) ? named
        : int.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static QueueException NoPriority(string text) => new(
        QueueError.InvalidArgument,
        $"'{text}' is no priority. Give {string.Join(", ", TaskPriority.Names.Keys)}, a whole number, or a range of them: High.., Low..High, ..25.");
}
