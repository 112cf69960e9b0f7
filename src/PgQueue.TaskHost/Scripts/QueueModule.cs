namespace PgQueue.TaskHost.Scripts;

/// <summary>
/// Lets a script find the module that this task host belongs to, so that Add-PqTask is there without being asked for.
/// Its place comes last: other commands are found as quickly as before, and an installed PgQueue comes first.
/// </summary>
internal static class QueueModule
{
    private const string Module = "PgQueue";
    private const string Variable = "PSModulePath";

    /// <summary>Adds the module's place to where PowerShell looks; does nothing where there is no module.</summary>
    public static void MakeKnown()
    {
        var host = Path.GetDirectoryName(typeof(QueueModule).Assembly.Location)!;

        // The module ships this task host in a folder of its own; the service has another copy beside the module.
        var above = Path.GetDirectoryName(host);
        var root = RootOf(above) ?? RootOf(Path.Combine(Path.GetDirectoryName(above) ?? string.Empty, Module));
        if (root is null)
        {
            return;
        }

        var known = Environment.GetEnvironmentVariable(Variable) ?? string.Empty;
        if (!known.Split(Path.PathSeparator).Contains(root))
        {
            Environment.SetEnvironmentVariable(Variable, known.Length == 0 ? root : known + Path.PathSeparator + root);
        }
    }

    /// <summary>The folder under which PowerShell finds a module by its name, with its version between or without; null where none lies there.</summary>
    private static string? RootOf(string? folder)
    {
        if (folder is null || !File.Exists(Path.Combine(folder, Module + ".psd1")))
        {
            return null;
        }

        var above = Path.GetDirectoryName(folder);
        return Path.GetFileName(folder) == Module ? above
            : Path.GetFileName(above) == Module ? Path.GetDirectoryName(above)
            : null;
    }
}
