using System.Collections;
using System.Globalization;
using System.Text;

namespace PgQueue.TaskHost;

/// <summary>What a task can change of its process, as it was before: environment, working directory, console, culture.</summary>
internal sealed class ProcessSettings
{
    private readonly IDictionary environment = Environment.GetEnvironmentVariables();
    private readonly string directory = Environment.CurrentDirectory;
    private readonly TextWriter output = Console.Out;
    private readonly TextWriter error = Console.Error;
    private readonly CultureInfo? culture = CultureInfo.DefaultThreadCurrentCulture;
    private readonly CultureInfo? uiCulture = CultureInfo.DefaultThreadCurrentUICulture;

    private ProcessSettings()
    {
    }

    public static ProcessSettings Take() => new();

    /// <summary>Marks the end of what the task has printed, so that the worker can tell it from what the next one prints.</summary>
    public void EndPrinting(string mark)
    {
        var line = Encoding.ASCII.GetBytes(mark + "\n");
        try
        {
            Console.Out.Flush();
            Console.Error.Flush();
            output.Flush();
            error.Flush();
            using var toOutput = Console.OpenStandardOutput();
            using var toError = Console.OpenStandardError();
            toOutput.Write(line);
            toError.Write(line);
        }
        catch (Exception)
        {
            // The task has closed them, or has put a writer of its own there, which may throw anything. The worker waits for the marks in vain, and gives this child no other task.
        }
    }

    public void Restore()
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys)
        {
            if (!environment.Contains(name))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }

        foreach (DictionaryEntry variable in environment)
        {
            Environment.SetEnvironmentVariable((string)variable.Key, (string?)variable.Value);
        }

        Environment.CurrentDirectory = directory;
        Environment.ExitCode = 0;
        Console.SetOut(output);
        Console.SetError(error);
        Console.SetIn(TextReader.Null);
        CultureInfo.DefaultThreadCurrentCulture = culture;
        CultureInfo.DefaultThreadCurrentUICulture = uiCulture;
        TimeZoneInfo.ClearCachedData();
    }
}
