using PgQueue.HelpBuilder.About;
using PgQueue.HelpBuilder.Maml;
using PgQueue.HelpBuilder.Markdown;
using PgQueue.HelpBuilder.Metadata;
using PgQueue.HelpBuilder.Pages;

namespace PgQueue.HelpBuilder;

/// <summary>Makes a module's help from Markdown: <c>HelpBuilder module-assembly docs-folder output-folder</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is not [var assembly, var docs, var output])
        {
            Console.Error.WriteLine("Usage: PgQueue.HelpBuilder module-assembly docs-folder output-folder");
            return 2;
        }

        try
        {
            Directory.CreateDirectory(output);
            WriteCmdlets(assembly, Path.Combine(docs, "cmdlets"), output);
            WriteTopics(Path.Combine(docs, "about"), output);
            return 0;
        }
        catch (HelpException e)
        {
            // In MSBuild's form, as the warnings about what is missing: they are the build's own then, with their places.
            Console.WriteLine($"{e.File}({e.Line}): error PQHELP: {e.Message}");
            return 1;
        }
    }

    private static void WriteCmdlets(string assembly, string folder, string output)
    {
        using var module = new ModuleMetadata(assembly);
        var pages = new PageFolder(folder);
        var help = new MamlFile();
        foreach (var cmdlet in module.Cmdlets)
        {
            if (pages.Find(cmdlet) is { } page)
            {
                help.Add(cmdlet, page);
            }
            else
            {
                Console.WriteLine($"{folder}: warning PQHELP: There is no help for {cmdlet.Name}: write {cmdlet.Name}.md.");
            }
        }

        pages.RefuseUnused();
        help.Save(Path.Combine(output, Path.GetFileName(assembly) + "-Help.xml"));
    }

    private static void WriteTopics(string folder, string output)
    {
        foreach (var file in Directory.GetFiles(folder, "about_*.md").Order(StringComparer.Ordinal))
        {
            var topic = new AboutTopic(MarkdownFile.Load(file));
            File.WriteAllText(Path.Combine(output, topic.Name + ".help.txt"), topic.Text);
        }
    }
}
