using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>Refuses arguments that can't be used.</summary>
internal static class Argument
{
    /// <summary>The error of an argument that can't be used.</summary>
    public static CmdletException Error(string message, object? value, Exception? inner = null) =>
        CmdletException.Of(nameof(QueueError.InvalidArgument), ErrorCategory.InvalidArgument, message, value, inner);

    /// <summary>Refuses a value, unless a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value.</param>
    /// <param name="rule">What is wrong with it, and what to do.</param>
    /// <exception cref="CmdletException">The condition does not hold.</exception>
    public static void Require(bool condition, string name, object? value, string rule)
    {
        if (!condition)
        {
            throw Error($"{name} '{value}' {rule}.", value);
        }
    }

    /// <summary>Refuses what a cmdlet is to set and, by -Clear, to take away.</summary>
    /// <param name="call">The call.</param>
    /// <param name="clear">What -Clear names.</param>
    /// <param name="options">The parameters that set what such a name stands for.</param>
    /// <exception cref="CmdletException">One is given.</exception>
    public static void RefuseSetAndCleared(InvocationInfo call, string[] clear, Func<string, string[]> options)
    {
        foreach (var name in clear)
        {
            var given = options(name).FirstOrDefault(call.BoundParameters.ContainsKey);
            Require(given is null, "Clear", name, $"takes away what {given} sets; leave one of them out");
        }
    }
}
