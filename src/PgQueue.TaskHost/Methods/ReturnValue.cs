using System.Collections;
using System.Reflection;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Methods;

/// <summary>Waits for what a method returned and takes the value out of it.</summary>
internal static class ReturnValue
{
    private static readonly Task<object?> NoValue = Task.FromResult<object?>(null);

    /// <summary>The value behind a Task, ValueTask, or lazy sequence; the value itself otherwise.</summary>
    public static Task<object?> AwaitAsync(Type declared, object? returned, OutputQueue output, CancellationToken stop) =>
        returned is null ? NoValue : AwaitValueAsync(declared, returned, output, stop);

    private static async Task<object?> AwaitValueAsync(Type declared, object returned, OutputQueue output, CancellationToken stop)
    {
        switch (returned)
        {
            case Task task:
                await task.ConfigureAwait(false);
                return ResultOf(declared, task);
            case ValueTask task:
                await task.ConfigureAwait(false);
                return null;
        }

        var type = returned.GetType();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
        {
            var task = (Task)type.GetMethod(nameof(ValueTask<>.AsTask))!.Invoke(returned, null)!;
            await task.ConfigureAwait(false);
            return ResultOf(typeof(Task<>), task);
        }

        if (AsyncSequenceOf(type) is { } item)
        {
            await ((Task)Reader(nameof(SendAllAsync), item).Invoke(null, [returned, output, stop])!).ConfigureAwait(false);
            return null;
        }

        // A lazy sequence runs the method's own code: its errors are the method's, not those of keeping the result.
        return returned is IEnumerable lazy and not ICollection and not string && !IsReadOnlyCollection(type) ? lazy.Cast<object?>().ToList() : returned;
    }

    // A Task that has no result is, underneath, a Task of something private.
    private static object? ResultOf(Type declared, Task task)
    {
        if (declared == typeof(Task))
        {
            return null;
        }

        for (var type = task.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>) && type.GenericTypeArguments[0].IsVisible)
            {
                return type.GetProperty(nameof(Task<>.Result))!.GetValue(task);
            }
        }

        return null;
    }

    private static Type? AsyncSequenceOf(Type type) => type.GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))
        ?.GenericTypeArguments[0];

    private static bool IsReadOnlyCollection(Type type) => Array.Exists(
        type.GetInterfaces(),
        i => i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(IReadOnlyCollection<>) || i.GetGenericTypeDefinition() == typeof(ICollection<>)));

    private static MethodInfo Reader(string name, Type item) =>
        typeof(ReturnValue).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item);

    /// <summary>An asynchronous sequence's items are the task's output, each as it comes.</summary>
    private static async Task SendAllAsync<T>(IAsyncEnumerable<T> items, OutputQueue output, CancellationToken stop)
    {
        await foreach (var item in items.WithCancellation(stop).ConfigureAwait(false))
        {
            output.Add(OutputStream.Output, item as string ?? ResultJson.From(item, output)?.GetRawText() ?? "null");
        }
    }
}
