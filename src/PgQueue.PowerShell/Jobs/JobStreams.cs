using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>The streams of a job, from which Receive-Job reads.</summary>
internal sealed class JobStreams(Job job) : IStreams
{
    /// <summary>True where nobody has read all of them.</summary>
    public bool HaveData =>
        job.Output.Count + job.Error.Count + job.Warning.Count + job.Verbose.Count + job.Debug.Count + job.Information.Count
        + job.Progress.Count > 0;

    /// <summary>Lets none of them block whoever reads it.</summary>
    public void NeverBlock()
    {
        job.Output.EnumeratorNeverBlocks = true;
        job.Error.EnumeratorNeverBlocks = true;
        job.Warning.EnumeratorNeverBlocks = true;
        job.Verbose.EnumeratorNeverBlocks = true;
        job.Debug.EnumeratorNeverBlocks = true;
        job.Information.EnumeratorNeverBlocks = true;
        job.Progress.EnumeratorNeverBlocks = true;
    }

    public void WriteObject(object? value)
    {
        // Receive-Job has no place for null.
        if (value is not null)
        {
            job.Output.Add(PSObject.AsPSObject(value));
        }
    }

    public void WriteObject(object? value, bool enumerateCollection)
    {
        if (enumerateCollection && LanguagePrimitives.GetEnumerable(value) is { } list)
        {
            foreach (var item in list)
            {
                WriteObject(item);
            }
        }
        else
        {
            WriteObject(value);
        }
    }

    public void WriteError(ErrorRecord record) => job.Error.Add(record);

    public void WriteWarning(string text) => job.Warning.Add(new WarningRecord(text));

    public void WriteVerbose(string text) => job.Verbose.Add(new VerboseRecord(text));

    public void WriteDebug(string text) => job.Debug.Add(new DebugRecord(text));

    public void WriteInformation(InformationRecord record) => job.Information.Add(record);

    public void WriteProgress(ProgressRecord record) => job.Progress.Add(record);
}
