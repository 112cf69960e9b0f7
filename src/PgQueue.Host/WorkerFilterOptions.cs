using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace PgQueue.Host;

/// <summary>The options that say which tasks a worker takes, beside their queues.</summary>
internal static class WorkerFilterOptions
{
    private static readonly Option<PriorityRange[]> Priorities = new("--priority")
    {
        Description = "Take only tasks of this priority, by name or number, or of a range: High.., Low..High, ..25; may be repeated.",
        CustomParser = result => All(result, PriorityRange.Parse),
    };

    private static readonly Option<string[]> Tags = new("--tag") { Description = "Take only tasks that have this tag; may be repeated." };

    private static readonly Option<string[]> Names = new("--task-name")
    {
        Description = "Take only tasks of this name, wildcards allowed; may be repeated.",
    };

    private static readonly Option<KeyValuePair<string, int>[]> QueueConcurrency = new("--queue-concurrency")
    {
        Description = "Tasks of a queue at once, as <queue>=<number>, wildcards allowed; may be repeated.",
        CustomParser = result => All(result, QueueLimit),
    };

    public static void AddTo(Command command)
    {
        command.Options.Add(Priorities);
        command.Options.Add(Tags);
        command.Options.Add(Names);
        command.Options.Add(QueueConcurrency);
    }

    /// <summary>A worker that takes what the options say.</summary>
    public static WorkerOptions Of(ParseResult arguments) => new()
    {
        Priorities = arguments.GetValue(Priorities) ?? [],
        Tags = arguments.GetValue(Tags) ?? [],
        Names = arguments.GetValue(Names) ?? [],
        QueueConcurrency = (arguments.GetValue(QueueConcurrency) ?? []).GroupBy(q => q.Key).ToDictionary(q => q.Key, q => q.Last().Value),
    };

    private static T[] All<T>(ArgumentResult result, Func<string, T> parse)
    {
        try
        {
            return [.. result.Tokens.Select(t => parse(t.Value))];
        }
        catch (QueueException e)
        {
            result.AddError(e.Message);
            return [];
        }
    }

    private static KeyValuePair<string, int> QueueLimit(string text)
    {
        var sign = text.LastIndexOf('=');
        return sign > 0 && int.TryParse(text.AsSpan(sign + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var most)
            ? new(text[..sign], most)
            : throw new QueueException(QueueError.InvalidArgument, $"'{text}' is no limit of a queue. Write <queue>=<number>, such as import=2.");
    }
}
