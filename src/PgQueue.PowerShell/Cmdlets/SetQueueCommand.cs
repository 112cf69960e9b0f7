using System.Management.Automation;

namespace PgQueue.PowerShell;

/// <summary>
/// Changes settings of queues, or makes a queue: what is not given stays. With -Default: how long finished tasks are kept
/// by all queues that say nothing of their own.
/// </summary>
[Cmdlet(VerbsCommon.Set, "PqQueue", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(QueueInfo))]
public sealed partial class SetQueueCommand : QueueNameCmdlet
{
    private const string NameSet = "Name";
    private const string DefaultSet = "Default";

    private QueueSettings _settings = null!;

    /// <summary>The queues' names. One that doesn't exist is made; * and ? are wildcards over those that do.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [Alias("Queue")]
    [NameFrom("Queue")]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Set what holds for all queues that say nothing of their own. What is not given then has no limit.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DefaultSet)]
    public SwitchParameter Default { get; set; }

    /// <summary>Tasks that run at once at the most, over all workers.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public int? MaxConcurrency { get; set; }

    /// <summary>Tasks that start in a period at the most, over all workers: 10/s, 100/m, 500/15m.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [RateLimitTransformation]
    public RateLimit? RateLimit { get; set; }

    /// <summary>Starts allowed at once after a quiet time. Default: a tenth of the rate limit's number, at least 1.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public int? RateBurst { get; set; }

    /// <summary>The queue that gets dead letters of its tasks that have failed for good and name none. One that doesn't exist is made, suspended.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(QueueCompleter))]
    public string? DeadLetterQueue { get; set; }

    /// <summary>How long finished tasks are kept, such as 30d.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Retention { get; set; }

    /// <summary>How many finished tasks are kept, the latest.</summary>
    [Parameter]
    public long? RetentionCount { get; set; }

    /// <summary>Keep finished tasks without end. -Retention or -RetentionCount ends that again.</summary>
    [Parameter]
    public SwitchParameter KeepAll { get; set; }

    /// <summary>Settings to take away.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [ValidateSet(
        "MaxConcurrency", "RateLimit", "RateBurst", "DefaultTimeout", "DefaultMaxAttempts", "DefaultRetry", "DeadLetterQueue",
        "Retention", "RetentionCount", "KeepAll")]
    public string[] Clear { get; set; } = [];

    /// <summary>Emit the queues as they are then.</summary>
    [Parameter(ParameterSetName = NameSet)]
    public SwitchParameter PassThru { get; set; }

    private bool Keeps => Retention is not null || RetentionCount is not null;

    private protected override void Begin()
    {
        Require(!(KeepAll && Keeps), nameof(KeepAll), "can't be given together with Retention or RetentionCount; leave one of them out");
        if (Default)
        {
            Require(KeepAll || Keeps, nameof(Default), "needs Retention, RetentionCount or KeepAll");
        }
        else
        {
            _settings = Settings();
        }

        _ = Client;
    }

    private protected override void Process()
    {
        if (!Default)
        {
            foreach (var name in Name)
            {
                Set(name);
            }
        }
        else if (ShouldProcess($"Queues that say nothing of their own in {Connection}", KeepAll ? "Keep finished tasks without end" : "Set how long finished tasks are kept"))
        {
            Await(token => Client.SetRetentionAsync(Retention, RetentionCount, token));
        }
    }

    private void Set(string name)
    {
        var found = Find(name);
        var targets = HasWildcards(name) ? [.. found.Select(q => q.Name)] : new[] { name };
        foreach (var target in targets)
        {
            var old = found.FirstOrDefault(q => q.Name == target);
            if (RateBurst is not null && RateLimit is null && old?.RateCount is null)
            {
                WriteItemError(
                    nameof(QueueError.InvalidArgument), ErrorCategory.InvalidArgument, $"RateBurst '{RateBurst}' needs RateLimit: the queue '{target}' has none.", target);
            }
            else if (ShouldProcess($"Queue {target}", old is null ? "Make" : "Change"))
            {
                Send(target);
            }
        }
    }

    private void Send(string name)
    {
        try
        {
            Await(token => Client.SetQueueAsync(name, _settings, token));
        }
        catch (QueueException e) when (ErrorRecords.IsOfItem(e))
        {
            WriteError(ErrorRecords.From(e, name)!);
            return;
        }

        if (PassThru)
        {
            WriteObject(Find(name).First(q => q.Name == name));
        }
    }

    private static void Require(bool condition, string name, string rule)
    {
        if (!condition)
        {
            throw Argument.Error($"{name} {rule}.", name);
        }
    }
}
