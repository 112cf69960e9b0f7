using System.Management.Automation;

namespace PgQueue.Bench.EmptyModule;

/// <summary>Emits nothing: the one cmdlet of the least binary module that there is.</summary>
[Cmdlet(VerbsCommon.Get, "Nothing")]
public sealed class GetNothingCommand : Cmdlet;
