using System.Reflection;
using System.Runtime.InteropServices;

namespace PgQueue.HelpBuilder.Metadata;

/// <summary>
/// What a module's assembly says of its cmdlets. It is only looked at, never run: PowerShell need not be on this machine.
/// </summary>
internal sealed class ModuleMetadata : IDisposable
{
    private readonly MetadataLoadContext _context;
    private readonly Assembly _assembly;
    private readonly string _manifest;

    /// <param name="path">The assembly; its manifest lies beside it, and what it depends on there, in deps, or beside this program.</param>
    public ModuleMetadata(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] folders = [RuntimeEnvironment.GetRuntimeDirectory(), AppContext.BaseDirectory, folder, Path.Combine(folder, "deps")];
        // The same assembly may lie in two of them.
        var files = folders.SelectMany(f => Directory.GetFiles(f, "*.dll")).DistinctBy(Path.GetFileName);
        _context = new MetadataLoadContext(new PathAssemblyResolver(files));
        _assembly = _context.LoadFromAssemblyPath(Path.GetFullPath(path));
        _manifest = File.ReadAllText(Directory.GetFiles(folder, "*.psd1").Single());
    }

    /// <summary>The cmdlets that the module exports, in the order of their names.</summary>
    public IReadOnlyList<CmdletInfo> Cmdlets =>
        [.. _assembly.GetExportedTypes()
            .Select(CmdletReader.Read)
            .OfType<CmdletInfo>()
            .Where(c => _manifest.Contains($"'{c.Name}'", StringComparison.Ordinal))
            .OrderBy(c => c.Name, StringComparer.Ordinal)];

    public void Dispose() => _context.Dispose();
}
