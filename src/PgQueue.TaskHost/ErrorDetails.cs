using System.Reflection;
using PgQueue.Protocol;

namespace PgQueue.TaskHost;

/// <summary>Exceptions as they are kept: plain text, bounded in length and depth.</summary>
internal static class ErrorDetails
{
    private const int MaxDepth = 8;

    public static ErrorDetail From(Exception exception) => From(exception, 1);

    /// <summary>Keeps what an exception was thrown for: takes off what the way of calling put around it.</summary>
    public static Exception Unwrap(Exception exception) => exception switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        AggregateException { InnerExceptions: [var only] } => Unwrap(only),
        _ => exception,
    };

    /// <summary>The chain below an exception; null where there is none, or where <paramref name="depth"/> is too deep.</summary>
    public static ErrorDetail? Inner(Exception exception, int depth = 1) =>
        exception.InnerException is { } inner && depth < MaxDepth ? From(inner, depth + 1) : null;

    private static ErrorDetail From(Exception exception, int depth)
    {
        var thrown = Unwrap(exception);
        if (thrown is TaskSetupException)
        {
            // Its message says all; where it was thrown is of no use to the task's author.
            var cause = thrown.InnerException;
            return new ErrorDetail
            {
                Message = OutputLimits.Cut(thrown.Message, OutputLimits.ErrorPart),
                Inner = cause is null ? null : new ErrorDetail { Message = OutputLimits.Cut(MessageOf(cause), OutputLimits.ErrorPart), Type = cause.GetType().FullName },
            };
        }

        return new ErrorDetail
        {
            Message = OutputLimits.Cut(MessageOf(thrown), OutputLimits.ErrorPart),
            Type = thrown.GetType().FullName,
            StackTrace = thrown.StackTrace is { } trace ? OutputLimits.Cut(trace, OutputLimits.ErrorPart) : null,
            Inner = Inner(thrown, depth),
        };
    }

    // An exception's own members are the task's code and may throw in their turn.
    private static string MessageOf(Exception exception)
    {
        try
        {
            return exception.Message ?? string.Empty;
        }
        catch (Exception e)
        {
            return $"{exception.GetType().FullName}, whose Message can't be read: {e.GetType().FullName}";
        }
    }
}
