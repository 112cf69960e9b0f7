namespace PgQueue.HelpBuilder;

/// <summary>A page can't be read; says where.</summary>
/// <param name="file">The page.</param>
/// <param name="line">The line in it, from 1.</param>
/// <param name="message">What is wrong with it.</param>
internal sealed class HelpException(string file, int line, string message) : Exception(message)
{
    public string File { get; } = file;

    public int Line { get; } = line;
}
