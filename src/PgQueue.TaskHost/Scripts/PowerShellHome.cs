using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// Finds the installed PowerShell and lets this process load its assemblies from there. Nothing of PowerShell's is
/// shipped: scripts run in the PowerShell that the machine has. Touches none of its types, so that it can run first.
/// </summary>
internal static class PowerShellHome
{
    /// <summary>Names the folder of PowerShell's own assemblies, its <c>$PSHOME</c>, where it is not to be searched for.</summary>
    public const string Variable = "PGQUEUE_PSHOME";

    private const string Engine = "System.Management.Automation";

    /// <summary>Prepares the loading of PowerShell's assemblies; does nothing inside a pwsh, which has them.</summary>
    /// <exception cref="TaskSetupException">No PowerShell is found.</exception>
    public static void Load()
    {
        if (AppDomain.CurrentDomain.GetAssemblies().Any(a => a.GetName().Name == Engine))
        {
            return;
        }

        var home = Find();

        AssemblyLoadContext.Default.Resolving += (context, name) => LoadManaged(context, home, name);
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => LoadNative(home, name);

        // Beside the program's base and its entry assembly PowerShell looks for what it ships, such as Add-Type's references.
        AppContext.SetData("APP_CONTEXT_BASE_DIRECTORY", home + Path.DirectorySeparatorChar);
        Assembly.SetEntryAssembly(Assembly.Load(Engine));
    }

    /// <exception cref="TaskSetupException">No PowerShell is found.</exception>
    private static string Find()
    {
        var given = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(given))
        {
            return IsHome(given) ? given : throw new TaskSetupException($"{Variable} is '{given}', but there is no {Engine}.dll in that folder.");
        }

        return PowerShellPlaces.Candidates().FirstOrDefault(IsHome) ?? throw new TaskSetupException(
            $"Scripts need PowerShell 7, which was not found on this machine. Install it, put pwsh on PATH, or set {Variable} to its folder.");
    }

    private static bool IsHome(string folder) => File.Exists(Path.Combine(folder, Engine + ".dll"));

    private static Assembly? LoadManaged(AssemblyLoadContext context, string home, AssemblyName name)
    {
        var path = Path.Combine(home, name.CultureName ?? string.Empty, name.Name + ".dll");
        return File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
    }

    private static nint LoadNative(string home, string name)
    {
        var (prefix, extension) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib") : ("lib", ".so");
        var runtimes = Path.Combine(home, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        foreach (var folder in new[] { home, runtimes })
        {
            foreach (var file in new[] { name, name + extension, prefix + name + extension })
            {
                if (NativeLibrary.TryLoad(Path.Combine(folder, file), out var handle))
                {
                    return handle;
                }
            }
        }

        return 0;
    }
}
