using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace PgQueue.PowerShell;

/// <summary>
/// What happens when the module enters a session and when it leaves. PowerShell lists this assembly's public types
/// before it calls OnImport. So none of them may derive from one of the engine's, or have a field of one of its
/// enumerations or structs (boxed it may): the import would fail.
/// </summary>
public sealed class ModuleLifetime : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private const string Engine = "PgQueue.Engine";

    private static readonly string Home = Path.GetDirectoryName(typeof(ModuleLifetime).Assembly.Location)!;
    private static readonly Lock Gate = new();
    private static readonly Lazy<DependencyContext> Dependencies = new(() => new(Path.Combine(Home, "deps")));
    private static int s_imports;

    /// <summary>The folder that the module lies in.</summary>
    internal static string Folder => Home;

    /// <summary>Makes the engine and what it needs loadable, in a context of their own.</summary>
    public void OnImport()
    {
        lock (Gate)
        {
            if (s_imports++ == 0)
            {
                AssemblyLoadContext.Default.Resolving += Resolve;
            }
        }
    }

    /// <summary>Closes the session's connections.</summary>
    /// <param name="psModuleInfo">The module that leaves.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        Session.Current.Close();
        lock (Gate)
        {
            if (--s_imports == 0)
            {
                AssemblyLoadContext.Default.Resolving -= Resolve;
            }
        }
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name == Engine ? Dependencies.Value.LoadFromAssemblyName(name) : null;
}
