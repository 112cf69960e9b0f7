using System.Management.Automation;
using System.Management.Automation.Language;
using PgQueue.Protocol;

namespace PgQueue.TaskHost.Scripts;

/// <summary>PowerShell's errors as they are kept.</summary>
internal static class ScriptErrors
{
    /// <summary>What ended a script.</summary>
    public static ErrorDetail From(Exception exception) => exception switch
    {
        ParseException { Errors: [var first, ..] errors } parse => FromSyntax(parse, first, errors.Length),
        IContainsErrorRecord { ErrorRecord: { Exception: ParentContainsErrorRecordException } record } => From(record) with { Type = exception.GetType().FullName },
        IContainsErrorRecord { ErrorRecord: { } record } => From(record),
        _ => ErrorDetails.From(exception),
    };

    /// <summary>PowerShell's record of an exception, with that very exception in it; null where it has none.</summary>
    public static ErrorRecord? RecordOf(Exception exception) => exception switch
    {
        IContainsErrorRecord { ErrorRecord: { Exception: ParentContainsErrorRecordException } record } => new ErrorRecord(record, exception),
        IContainsErrorRecord { ErrorRecord: { } record } => record,
        _ => null,
    };

    public static ErrorDetail From(ErrorRecord record)
    {
        var exception = record.Exception;
        return new ErrorDetail
        {
            Message = OutputLimits.Cut(MessageOf(record), OutputLimits.ErrorPart),
            Type = exception.GetType().FullName,
            Category = record.CategoryInfo.Category.ToString(),
            ErrorId = record.FullyQualifiedErrorId,
            Target = record.TargetObject is { } target ? Part(ObjectText.Of(target)) : null,
            Position = Part(record.InvocationInfo?.PositionMessage),
            ScriptStackTrace = Part(record.ScriptStackTrace),
            StackTrace = Part(exception.StackTrace),
            Inner = ErrorDetails.Inner(exception),
        };
    }

    /// <summary>The message as a person reads it.</summary>
    public static string MessageOf(ErrorRecord record) =>
        record.ErrorDetails?.Message is { Length: > 0 } said ? said : record.Exception.Message;

    private static ErrorDetail FromSyntax(ParseException exception, ParseError first, int count) => new()
    {
        Message = OutputLimits.Cut(count == 1 ? first.Message : $"{first.Message} ({count} errors; this is the first.)", OutputLimits.ErrorPart),
        Type = exception.GetType().FullName,
        Category = nameof(ErrorCategory.ParserError),
        ErrorId = first.ErrorId,
        Position = Part(PositionOf(first.Extent)),
        ScriptStackTrace = Part(exception.ErrorRecord?.ScriptStackTrace),
    };

    private static string PositionOf(IScriptExtent extent)
    {
        var where = string.IsNullOrEmpty(extent.File) ? "At line:" : $"At {extent.File}:";
        var line = extent.StartScriptPosition.Line;
        var marked = extent.StartLineNumber == extent.EndLineNumber ? extent.EndColumnNumber - extent.StartColumnNumber : 1;
        var marker = new string(' ', extent.StartColumnNumber - 1) + new string('~', Math.Max(1, marked));
        return $"{where}{extent.StartLineNumber} char:{extent.StartColumnNumber}\n+ {line}\n+ {marker}";
    }

    private static string? Part(string? text) => string.IsNullOrEmpty(text) ? null : OutputLimits.Cut(text, OutputLimits.ErrorPart);
}
