<#
.SYNOPSIS
    A PowerShell session with the module, as a user has it, that does what the bench tells it: a line of JSON in, one out.
#>
param([Parameter(Mandatory)][string] $Module)

$ErrorActionPreference = 'Stop'
Import-Module $Module

# Milliseconds from the call to the end, each for itself, with time between for the next child to get ready.
function Measure-Each($Order, [scriptblock] $Action) {
    $times = foreach ($i in 1..$Order.samples) {
        Start-Sleep -Milliseconds $Order.pause
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $what = & $Action
        $clock.Stop()
        if ($what -is [Management.Automation.Job]) {
            Remove-Job $what
        }

        $clock.Elapsed.TotalMilliseconds
    }

    @{ milliseconds = @($times) }
}

function Invoke-Order($Order) {
    switch ($Order.verb) {
        'task' { Measure-Each $Order { Add-PqTask { 1 } | Wait-PqTask } }
        'job' { Measure-Each $Order { Start-Job { 1 } | Wait-Job } }
        'pipeline' {
            1..$Order.count | Add-PqTask { param($n) $n } | Out-Null
            @{ peak = [Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 }
        }
        default { throw "There is no '$_' here." }
    }
}

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $answer = try { Invoke-Order (ConvertFrom-Json $line) } catch { @{ error = "$_ $($_.ScriptStackTrace)" } }
    [Console]::Out.WriteLine((ConvertTo-Json $answer -Compress))
}
