#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
    Runs tasks of all kinds through the module, on a private PostgreSQL that is gone afterwards.
.DESCRIPTION
    Adds one task for each source file of this repository, commands, scripts that return objects, and tasks that fail,
    try again, run too long, crash and are canceled. A worker runs them while a table of the latest is redrawn; where
    the output is no terminal, the worker's own lines are shown. Then each task's end is compared with the expected one.

    The last line is "demo: N tasks, N as expected". The exit code is 1 where an end is another one.
.PARAMETER ModulePath
    The module's folder. Default: out/PgQueue of this repository, where build.ps1 puts it.
.PARAMETER HostPath
    The folder of PgQueue.Host.dll, which has the method that measures a file. Default: out/Host of this repository.
.PARAMETER Source
    The folder whose source files are measured. Default: src of this repository.
.PARAMETER Concurrency
    Tasks to run at once. Default: the number of processors.
.EXAMPLE
    ./build.ps1 demo
#>
[CmdletBinding()]
param(
    [string] $ModulePath = (Join-Path $PSScriptRoot '../out/PgQueue'),
    [string] $HostPath = (Join-Path $PSScriptRoot '../out/Host'),
    [string] $Source = (Join-Path $PSScriptRoot '../src'),
    [int] $Concurrency = [Environment]::ProcessorCount
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$InformationPreference = 'Continue'

$SourceFile = @{
    Assembly = Join-Path (Resolve-Path $HostPath) 'PgQueue.Host.dll'
    Method = 'PgQueue.Host.Demo.SourceFile::MeasureAsync'
}
$Columns = @(
    @{ Name = 'Id'; Expression = 'Id'; Width = 5 }
    @{ Name = 'Task'; Expression = 'Name'; Width = 46 }
    @{ Name = 'State'; Expression = { Format-State $_.State }; Width = 9 }
    @{ Name = 'Ended'; Expression = 'Ended'; Width = 8 }
    @{ Name = 'Try'; Expression = 'Attempt'; Width = 3 }
)

# What a task that was added must come to. -Returns judges what it gave, -Cancel has it canceled once it runs.
function ConvertTo-Expectation {
    param(
        [Parameter(ValueFromPipeline)] $Task,
        [string] $State = 'Completed',
        [string] $Ended = 'Success',
        [int] $Attempt = 1,
        [scriptblock] $Returns = { $true },
        [switch] $Cancel
    )
    process {
        [pscustomobject]@{ Id = $Task.Id; State = $State; Ended = $Ended; Attempt = $Attempt; Returns = $Returns; Cancel = $Cancel }
    }
}

function Add-ScriptTask {
    $origin = 'the demonstration'
    1..4 | Add-PqTask -Name { "script: the square of $_" } {
        param($n)
        [pscustomobject]@{ N = $n; Square = $n * $n; Origin = $using:origin; At = Get-Date }
    } | ConvertTo-Expectation -Returns {
        param($It)
        $It.N -is [int] -and $It.Square -is [int] -and $It.Square -eq $It.N * $It.N -and
            $It.Origin -eq 'the demonstration' -and $It.At -is [datetime]
    }
    Add-PqTask -Name 'script: a sum, arguments by name' -Parameters @{ From = 1; To = 100 } {
        param([int] $From, [int] $To)
        ($From..$To | Measure-Object -Sum).Sum
    } | ConvertTo-Expectation -Returns { param($It) $It -is [double] -and $It -eq 5050 }
    Add-PqTask -Name 'script: throws' { throw 'The demonstration''s error.' } |
        ConvertTo-Expectation -State Failed -Ended Error
}

function Add-CommandTask {
    Add-PqTask -Name 'command: uname' -Command uname -ArgumentList '-a' | ConvertTo-Expectation
    Add-PqTask -Name 'command: a thousand lines' -Command seq -ArgumentList 1, 1000 |
        ConvertTo-Expectation -Returns { param($It) $It.Count -eq 1000 -and $It[-1] -eq '1000' }
    Add-PqTask -Name 'fails with exit code 3' -Command sh -ArgumentList '-c', 'echo "no such luck" >&2; exit 3' |
        ConvertTo-Expectation -State Failed -Ended ExitCode
    Add-PqTask -Name 'fails: no such program' -Command no-such-program |
        ConvertTo-Expectation -State Failed -Ended Error
    $third = 'echo attempt $PGQUEUE_TASK_ATTEMPT; [ $PGQUEUE_TASK_ATTEMPT -ge 3 ]'
    Add-PqTask -Name 'succeeds on its third attempt' -Command sh -ArgumentList '-c', $third -MaxAttempts 3 -RetryDelay 200ms -Backoff Exponential |
        ConvertTo-Expectation -Attempt 3
    Add-PqTask -Name 'runs into its time limit' -Command sh -ArgumentList '-c', 'sleep 60 & sleep 60' -Timeout 1s |
        ConvertTo-Expectation -State Failed -Ended Timeout
    Add-PqTask -Name 'canceled while it runs' -Command sleep -ArgumentList 60 |
        ConvertTo-Expectation -State Canceled -Ended Canceled -Cancel
}

function Add-MethodTask {
    $crash = $SourceFile.Method -replace '::.*', '::Crash'
    Add-PqTask -Name 'crashes its process' -Assembly $SourceFile.Assembly -Method $crash -ArgumentList 'the demonstration''s crash' |
        ConvertTo-Expectation -State Failed -Ended Signal
    Get-SourcePath | Add-PqTask @SourceFile -Name { 'measure ' + [IO.Path]::GetRelativePath($Source, $_) } |
        ConvertTo-Expectation
}

function Get-SourcePath {
    Get-ChildItem $Source -Recurse -File |
        Where-Object Extension -in '.cs', '.sql', '.ps1', '.sh' |
        Where-Object { [IO.Path]::GetRelativePath($Source, $_) -notmatch '(^|[\\/])(bin|obj|out)[\\/]' } |
        ForEach-Object FullName
}

# Takes what a worker tells, verbose records too, so that it hears of each start. Gives the worker's summary.
function Watch-Worker {
    param([Parameter(ValueFromPipeline)] $Told, [object[]] $Cancel, [switch] $Live)
    begin {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $height = 0
    }
    process {
        $due = @($Cancel | Get-PqTask | Where-Object State -eq Running)
        if ($due) {
            $due | Stop-PqTask -Reason 'The demonstration canceled it.'
            $Cancel = @($Cancel | Where-Object Id -NotIn $due.Id)
        }

        switch ($Told) {
            { $Live -and ($clock.ElapsedMilliseconds -ge 250 -or $_ -isnot [Management.Automation.VerboseRecord] -and $_ -isnot [Management.Automation.InformationRecord]) } {
                $height = Show-Latest $height
                $clock.Restart()
            }
            { $_ -is [Management.Automation.InformationRecord] } { if (-not $Live) { Write-Information $_.MessageData }; break }
            { $_ -is [Management.Automation.VerboseRecord] } { break }
            default { $_ }
        }
    }
}
