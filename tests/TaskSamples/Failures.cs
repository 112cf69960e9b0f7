namespace PgQueue.TaskSamples;

/// <summary>Methods that throw.</summary>
public static class Failures
{
    public static void Throw(string message) => throw new InvalidOperationException(message);

    public static async Task ThrowAsync(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message, new FormatException("the cause"));
    }

    public static Task ThrowAggregate() =>
        Task.FromException(new AggregateException(new AggregateException(new ArgumentException("the only one"))));

    public static void ThrowDeep(int depth)
    {
        Exception exception = new InvalidOperationException("innermost");
        for (var level = 1; level < depth; level++)
        {
            exception = new InvalidOperationException($"level {level}", exception);
        }

        throw exception;
    }

    public static void ThrowHuge(int characters) => throw new InvalidOperationException(new string('x', characters));

    public static void ThrowCanceled() => throw new OperationCanceledException("of its own accord");

    public static IEnumerable<int> LazyThrow()
    {
        yield return 1;
        throw new InvalidOperationException("while the sequence was read");
    }
}
