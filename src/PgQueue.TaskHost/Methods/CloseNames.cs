namespace PgQueue.TaskHost.Methods;

/// <summary>Finds what was probably meant by a name that isn't there.</summary>
internal static class CloseNames
{
    private const int Most = 5;

    /// <summary>A sentence that names the closest of the names there are, or all where they are few.</summary>
    public static string Hint(string wanted, IEnumerable<string> names)
    {
        var all = names.ToList();
        var measured = all.Select(n => (Name: n, Distance: Distance(wanted, n))).OrderBy(n => n.Distance).ToList();
        var close = measured
            .TakeWhile(n => n.Distance <= Math.Max(2, wanted.Length / 4) && n.Distance <= measured[0].Distance + 1)
            .Take(Most)
            .Select(n => n.Name)
            .ToList();
        return (close.Count, all.Count) switch
        {
            (> 0, _) => $" Did you mean {string.Join(", ", close)}?",
            (_, > 0 and <= Most) => $" It has {string.Join(", ", all)}.",
            _ => string.Empty,
        };
    }

    // Edits between the two, whatever their case; a name that lacks its namespace is as good as right.
    private static int Distance(string wanted, string name)
    {
        if (name.EndsWith("." + wanted, StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        var row = Enumerable.Range(0, name.Length + 1).ToArray();
        for (var i = 1; i <= wanted.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= name.Length; j++)
            {
                var same = char.ToUpperInvariant(wanted[i - 1]) == char.ToUpperInvariant(name[j - 1]);
                var best = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = row[j];
                row[j] = best;
            }
        }

        return row[name.Length];
    }
}
