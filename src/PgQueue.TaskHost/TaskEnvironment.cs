namespace PgQueue.TaskHost;

/// <summary>Gives the process the working directory and the variables its task asks for.</summary>
internal static class TaskEnvironment
{
    /// <exception cref="TaskSetupException">The directory is not there, or a variable's name can't be one.</exception>
    public static void Apply(string? directory, IReadOnlyDictionary<string, string?>? variables)
    {
        if (variables is not null)
        {
            SetVariables(variables);
        }

        if (!string.IsNullOrEmpty(directory))
        {
            SetDirectory(directory);
        }
    }

    private static void SetVariables(IReadOnlyDictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
        {
            try
            {
                Environment.SetEnvironmentVariable(name, value);
            }
            catch (ArgumentException e)
            {
                throw new TaskSetupException($"The environment variable '{name}' can't be set: {e.Message}", e);
            }
        }

        if (variables.ContainsKey("TZ"))
        {
            TimeZoneInfo.ClearCachedData();
        }
    }

    private static void SetDirectory(string directory)
    {
        try
        {
            Environment.CurrentDirectory = directory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var why = e is DirectoryNotFoundException or FileNotFoundException ? "does not exist on this machine" : "can't be entered";
            throw new TaskSetupException($"The task's working directory '{directory}' {why}.", e);
        }
    }
}
