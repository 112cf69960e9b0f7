using System.Reflection;

namespace PgQueue.TaskHost.Methods;

/// <summary>A method with all its arguments, ready to be called.</summary>
internal sealed record MethodCall(MethodInfo Method, object?[] Arguments);
