using System.Globalization;
using Newtonsoft.Json;

namespace PgQueue.TaskSamples;

/// <summary>Methods that behave.</summary>
public static class Samples
{
    private static int calls;

    public static int Add(int a, int b) => a + b;

    public static async Task<int> AddAsync(int a, int b, CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        return a + b;
    }

    public static async ValueTask<string> GreetAsync(string name, string greeting = "Hello")
    {
        await Task.Yield();
        return $"{greeting}, {name}!";
    }

    public static async Task NothingAsync() => await Task.Yield();

    public static ValueTask NothingValueAsync() => default;

    public static void Nothing()
    {
    }

    public static string Join(string separator, params int[] numbers) => string.Join(separator, numbers);

    public static string Which(int value) => $"int {value}";

    public static string Which(string value) => $"string {value}";

    public static string Which(double value) => $"double {value.ToString(CultureInfo.InvariantCulture)}";

    public static string Ambiguous(string first, int second = 0) => first + second;

    public static string Ambiguous(string first, bool second = false) => first + second;

    public static string Describe(
        DateTime when,
        Guid id,
        TimeSpan span,
        DayOfWeek day,
        int? maybe,
        FileInfo file,
        Uri link,
        IReadOnlyList<string> names,
        Point point) =>
        string.Join('|', when.ToString("O", CultureInfo.InvariantCulture), id, span, day, maybe?.ToString(CultureInfo.InvariantCulture) ?? "none",
            file.Name, link.Host, string.Join(',', names), $"{point.X}/{point.Y}");

    public static Point Mirror(Point point) => new() { X = point.Y, Y = point.X };

    public static string Kind(object value) => value.GetType().Name;

    public static IEnumerable<int> Lazy(int count) => Enumerable.Range(1, count).Select(n => n * n);

    public static async IAsyncEnumerable<int> Stream(int count)
    {
        for (var n = 1; n <= count; n++)
        {
            await Task.Yield();
            yield return n;
        }
    }

    /// <summary>Needs a package that only the .deps.json beside this assembly leads to.</summary>
    public static string ViaDependency(string text) => JsonConvert.SerializeObject(new { Text = text });

    /// <summary>A result that refers to itself.</summary>
    public static Node Cycle()
    {
        var node = new Node { Name = "loop" };
        node.Next = node;
        return node;
    }

    /// <summary>A result that JSON can't carry.</summary>
    public static Type Unserializable() => typeof(Samples);

    public static string Environment(string name) => System.Environment.GetEnvironmentVariable(name) ?? "(not set)";

    /// <summary>Writes a line to a ledger and returns when the file beside it, with the ending .go, is there.</summary>
    public static async Task WaitForFileAsync(string ledger, CancellationToken cancellationToken)
    {
        // By a shell: .NET's own append writes at the end that it saw on opening, over what others wrote meanwhile.
        using (var append = System.Diagnostics.Process.Start("sh", ["-c", $"echo run >> '{ledger}'"]))
        {
            await append.WaitForExitAsync(cancellationToken);
        }

        while (!File.Exists(ledger + ".go"))
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Runs a program; fails where that does.</summary>
    public static async Task RunAsync(string file, string[] args, CancellationToken cancellationToken)
    {
        using var program = System.Diagnostics.Process.Start(file, args);
        await program.WaitForExitAsync(cancellationToken);
        if (program.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} ended with {program.ExitCode}.");
        }
    }

    public static string CurrentDirectory() => System.Environment.CurrentDirectory;

    /// <summary>This process's number, and how often this was called in it.</summary>
    public static int[] Count() => [System.Environment.ProcessId, ++calls];

    public static string? ReadInput() => Console.In.ReadLine();

    public static string SynchronizationContextName() => SynchronizationContext.Current?.GetType().Name ?? "(none)";

    public static string LongText(int characters) => new('x', characters);

    public static string NotPublic() => Hidden();

    internal static string Hidden() => "hidden";
}

/// <summary>A type to be converted from and to JSON.</summary>
public sealed class Point
{
    public int X { get; set; }

    public int Y { get; set; }
}

/// <summary>A type that can refer to itself.</summary>
public sealed class Node
{
    public string Name { get; set; } = string.Empty;

    public Node? Next { get; set; }

    public string Instance() => Name;
}
