using System.Management.Automation;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>Turns what a running script writes, stream by stream and as it comes, into records for the worker.</summary>
internal sealed class StreamCapture(Action<OutputRecord> send) : IDisposable
{
    /// <summary>What Start-Job serialises with: deeper, a single Process object takes 160 kB instead of 12.</summary>
    private const int Depth = 1;

    /// <summary>Write-Host's colours lie one level down in its record.</summary>
    private const int InformationDepth = 2;

    private readonly FormattedOutput formatted = new();
    private readonly ProgressThrottle progress = new(record => Send(send, OutputStream.Progress, TextOf(record), record));

    /// <summary>Listens to a shell's streams.</summary>
    /// <returns>The collection to invoke the shell with, for its output.</returns>
    public PSDataCollection<PSObject> Attach(PowerShell shell)
    {
        var output = new PSDataCollection<PSObject>();
        Listen(output, AddOutput);
        Listen(shell.Streams.Error, r => Send(send, OutputStream.Error, ScriptErrors.MessageOf(r), r));
        Listen(shell.Streams.Warning, r => send(new OutputRecord { Stream = OutputStream.Warning, Text = r.Message }));
        Listen(shell.Streams.Verbose, r => send(new OutputRecord { Stream = OutputStream.Verbose, Text = r.Message }));
        Listen(shell.Streams.Debug, r => send(new OutputRecord { Stream = OutputStream.Debug, Text = r.Message }));
        Listen(shell.Streams.Information, r => Send(send, OutputStream.Information, ObjectText.Of(r.MessageData), r, InformationDepth));
        Listen(shell.Streams.Progress, progress.Add);
        return output;
    }

    /// <summary>Takes a line that was written to the host past all streams.</summary>
    public void AddHostLine(OutputStream stream, string line) => send(new OutputRecord { Stream = stream, Text = line });

    public void Dispose() => progress.Dispose();

    // Read away at once: the collections would otherwise keep all a script ever wrote.
    private static void Listen<T>(PSDataCollection<T> records, Action<T> take) => records.DataAdded += (_, _) =>
    {
        foreach (var record in records.ReadAll())
        {
            take(record);
        }
    };

    private void AddOutput(PSObject? value)
    {
        if (value?.BaseObject is string text)
        {
            send(new OutputRecord { Stream = OutputStream.Output, Text = text });
        }
        else
        {
            Send(send, OutputStream.Output, formatted.TextOf(value) ?? ObjectText.Of(value), value);
        }
    }

    private static void Send(Action<OutputRecord> send, OutputStream stream, string text, object? value, int depth = Depth)
    {
        var clixml = Serialize(value, depth, out var problem);
        send(new OutputRecord { Stream = stream, Text = text, Clixml = clixml });
        if (problem is not null)
        {
            send(new OutputRecord { Stream = OutputStream.Warning, Text = problem });
        }
    }

    private static string? Serialize(object? value, int depth, out string? problem)
    {
        problem = null;
        try
        {
            var clixml = PSSerializer.Serialize(value, depth);
            if (clixml.Length <= OutputLimits.Clixml)
            {
                return clixml;
            }

            problem = $"An object of type {TypeOf(value)} takes {clixml.Length} characters as CLIXML; {OutputLimits.Clixml} are kept at most, so only its text is kept.";
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            // A property of the script's own object may throw anything.
            problem = $"An object of type {TypeOf(value)} can't be written as CLIXML, so only its text is kept: {e.Message}";
        }

        return null;
    }

    private static string TypeOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value)?.GetType().FullName ?? "null";

    private static string TextOf(ProgressRecord record)
    {
        var text = string.IsNullOrEmpty(record.StatusDescription) ? record.Activity : $"{record.Activity}: {record.StatusDescription}";
        return record.PercentComplete >= 0 ? $"{text} {record.PercentComplete} %" : text;
    }
}
