using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Runtime.InteropServices;
using System.Security;

namespace PgQueue.PowerShell;

/// <summary>Looks through a value, its lists, dictionaries and custom objects, for what can't be stored.</summary>
internal static class ValueShape
{
    private const int MaxDepth = 48;

    /// <returns>How deep CLIXML must go to keep all that is data; a .NET object's own properties are kept one level deep, as Start-Job does.</returns>
    /// <exception cref="CmdletException">It holds a secret, or something that lives in this process only.</exception>
    public static int Check(object? value, string place) => Check(value, place, value, 1);

    /// <summary>The error about a secret.</summary>
    public static CmdletException Secret(string place, object? value) => CmdletException.Of(
        "SecretArgument",
        ErrorCategory.SecurityError,
        $"{place} holds a secret (SecureString, PSCredential or the like), which would lie readable in the database. Let the task fetch it where it runs, from a secret store or a protected file there.",
        value);

    private static int Check(object? value, string place, object? whole, int depth)
    {
        if (depth > MaxDepth)
        {
            throw CmdletException.Of(
                "ValueTooDeep", ErrorCategory.InvalidType, $"{place} is nested more than {MaxDepth} levels deep, or holds itself. Pass only what the task needs.", whole);
        }

        var inner = value is PSObject wrapped ? wrapped.BaseObject : value;
        switch (inner)
        {
            case null or string or byte[] or ValueType:
                return depth;
            case SecureString or PSCredential or NetworkCredential:
                throw Secret(place, whole);
            case IDictionary dictionary:
                return Deepest(dictionary.Values, place, whole, depth);
            case IList list:
                return Deepest(list, place, whole, depth);
            case PSCustomObject:
                return Deepest(((PSObject)value!).Properties.Where(p => p.MemberType == PSMemberTypes.NoteProperty).Select(p => p.Value), place, whole, depth);
            default:
                return IsLive(inner)
                    ? throw CmdletException.Of(
                        "ValueNotStorable", ErrorCategory.InvalidType, $"{place} holds a {inner.GetType().FullName}, which lives in this process only. Pass what the task can open itself, such as a path or a name.", whole)
                    : depth;
        }
    }

    private static int Deepest(IEnumerable items, string place, object? whole, int depth)
    {
        var deepest = depth;
        foreach (var item in items)
        {
            deepest = Math.Max(deepest, Check(item, place, whole, depth + 1));
        }

        return deepest;
    }

    private static bool IsLive(object value) => value is Stream or TextReader or TextWriter or SafeHandle or WaitHandle or Thread
        or Task or System.Net.Sockets.Socket or System.Data.IDbConnection or CancellationTokenSource
        or System.Management.Automation.Runspaces.Runspace or System.Management.Automation.Runspaces.PSSession
        or System.Management.Automation.PowerShell or Delegate;
}
