using PgQueue.HelpBuilder.Markdown;
using PgQueue.HelpBuilder.Metadata;

namespace PgQueue.HelpBuilder.Pages;

/// <summary>The folder of the cmdlets' pages, one each. Files whose names begin with an underscore hold what several share.</summary>
internal sealed class PageFolder(string folder)
{
    private readonly HashSet<string> _used = [];

    /// <summary>The page of a cmdlet; null where there is none yet.</summary>
    /// <exception cref="HelpException">It is not written as a page is, or describes a parameter that the cmdlet does not have.</exception>
    public CmdletPage? Find(CmdletInfo cmdlet)
    {
        var path = Path.Combine(folder, cmdlet.Name + ".md");
        return File.Exists(path) && _used.Add(path) ? new PageReader(MarkdownFile.Load(path), cmdlet).Read() : null;
    }

    /// <exception cref="HelpException">There is a page of something that is no cmdlet.</exception>
    public void RefuseUnused()
    {
        foreach (var path in Directory.GetFiles(folder, "*.md").Where(p => !Path.GetFileName(p).StartsWith('_') && !_used.Contains(p)))
        {
            throw new HelpException(path, 1, $"The module has no cmdlet {Path.GetFileNameWithoutExtension(path)}.");
        }
    }
}
