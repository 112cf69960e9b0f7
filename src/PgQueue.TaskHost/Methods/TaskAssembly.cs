using System.Reflection;
using System.Runtime.Loader;

namespace PgQueue.TaskHost.Methods;

/// <summary>The assembly that holds a task's method, loaded with the dependencies that its .deps.json names.</summary>
internal sealed class TaskAssembly
{
    /// <summary>Those of the process's earlier tasks, where it runs several.</summary>
    private static readonly List<TaskAssembly> Loaded = [];

    private readonly Assembly assembly;
    private readonly string path;
    private readonly DateTime written;

    private TaskAssembly(Assembly assembly, string path, DateTime written)
    {
        this.assembly = assembly;
        this.path = path;
        this.written = written;
    }

    /// <exception cref="TaskSetupException">There is no such file, or it is no .NET assembly.</exception>
    public static TaskAssembly Load(string path)
    {
        var full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            throw new TaskSetupException($"The assembly '{full}' does not exist on this machine.");
        }

        try
        {
            var written = File.GetLastWriteTimeUtc(full);
            var task = Loaded.Find(a => a.path == full && a.written == written);
            if (task is null)
            {
                task = new TaskAssembly(new TaskLoadContext(full).LoadFromAssemblyPath(full), full, written);
                Loaded.Add(task);
            }

            // Never left: the process runs this task now, and what it loads by name must come from here.
            _ = AssemblyLoadContext.GetLoadContext(task.assembly)!.EnterContextualReflection();
            return task;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            var why = e is BadImageFormatException ? "is not an assembly that .NET can load here" : "can't be loaded";
            throw new TaskSetupException($"The file '{full}' {why}: {e.Message}", e);
        }
    }

    /// <summary>The type's public static methods of that name, at least one.</summary>
    /// <exception cref="TaskSetupException">The type or the method is not there, or not public, or not static.</exception>
    public IReadOnlyList<MethodInfo> FindMethods(MethodName name)
    {
        var type = FindType(name.Type);
        const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.FlattenHierarchy;
        var named = Array.FindAll(type.GetMethods(Everything), m => m.Name == name.Method);
        var usable = Array.FindAll(named, m => m is { IsPublic: true, IsStatic: true, ContainsGenericParameters: false });
        if (usable.Length > 0)
        {
            return usable;
        }

        throw new TaskSetupException(named.Length > 0
            ? $"The method '{name.Method}' of '{type.FullName}' can't be a task: it is {WhyUnusable(named[0])}. A public static method that is not generic can."
            : $"The type '{type.FullName}' in '{path}' has no method '{name.Method}'." + CloseNames.Hint(name.Method, PublicStaticMethods(type)));
    }

    private Type FindType(string name)
    {
        try
        {
            var type = assembly.GetType(name, throwOnError: false);
            return type switch
            {
                null => throw new TaskSetupException($"The assembly '{path}' has no type '{name}'."
                    + CloseNames.Hint(name, assembly.GetExportedTypes().Select(t => t.FullName!))),
                { IsVisible: false } => throw new TaskSetupException($"The type '{name}' in '{path}' is not public, so a task can't call it."),
                { ContainsGenericParameters: true } => throw new TaskSetupException($"The type '{name}' in '{path}' is generic, so a task can't call it."),
                _ => type,
            };
        }
        catch (Exception e) when (e is IOException or TypeLoadException or BadImageFormatException or ArgumentException)
        {
            throw new TaskSetupException($"The type '{name}' of '{path}' can't be loaded: {e.Message}", e);
        }
    }

    private static string WhyUnusable(MethodInfo method) =>
        method.ContainsGenericParameters ? "generic" : method.IsPublic ? "not static" : "not public";

    private static IEnumerable<string> PublicStaticMethods(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => !m.IsSpecialName).Select(m => m.Name).Distinct();

    private sealed class TaskLoadContext(string path) : AssemblyLoadContext("task")
    {
        private readonly AssemblyDependencyResolver resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;

        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : 0;
    }
}
