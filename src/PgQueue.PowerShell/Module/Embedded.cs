namespace PgQueue.PowerShell;

/// <summary>The embedded server, with its bad options as this module's errors.</summary>
internal static class Embedded
{
    /// <summary>Names the server; starts nothing.</summary>
    /// <param name="options">Makes the options from the defaults.</param>
    /// <exception cref="CmdletException">An option, or an environment variable that stands for one, can't be used.</exception>
    public static EmbeddedServer Server(Func<EmbeddedServerOptions, EmbeddedServerOptions>? options = null)
    {
        try
        {
            var usual = new EmbeddedServerOptions();
            return new EmbeddedServer(options is null ? usual : options(usual));
        }
        catch (ArgumentException e)
        {
            throw Argument.Error(e.Message, null, e);
        }
    }
}
