using System.Reflection;
using System.Runtime.Loader;

namespace PgQueue.PowerShell;

/// <summary>
/// Holds the engine, Npgsql and what they need, so that another module's version of the same assembly is never
/// given to them, nor theirs to it.
/// </summary>
internal sealed class DependencyContext(string folder) : AssemblyLoadContext("PgQueue")
{
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var path = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
