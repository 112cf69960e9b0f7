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
    Assembly = Join-Path $HostPath 'PgQueue.Host.dll'
    Method = 'PgQueue.Host.Demo.SourceFile::MeasureAsync'
}
$Terminal = -not [Console]::IsOutputRedirected -and $Host.UI.SupportsVirtualTerminal
$Width = $Terminal ? [Console]::WindowWidth - 1 : 160
$Columns = @(
    @{ Name = 'Id'; Expression = 'Id'; Width = 5 }
    @{ Name = 'Task'; Expression = 'Name'; Width = 46 }
    @{ Name = 'State'; Expression = { Format-State $_.State }; Width = 9 }
    @{ Name = 'Ended'; Expression = 'Ended'; Width = 8; Alignment = 'Left' }
    @{ Name = 'Try'; Expression = 'Attempt'; Width = 3 }
)

# What a task that was added must come to. -Returns judges what it gave, -Cancel has it canceled once it runs.
function ConvertTo-Expectation {
    param(
        [Parameter(ValueFromPipeline)] $Task,
        [string] $State = 'Completed',
        [string] $Ended = 'Success',
        [int] $Attempt = 1,
        [scriptblock] $Returns,
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
        Where-Object Extension -In '.cs', '.sql', '.ps1', '.sh' |
        Where-Object { [IO.Path]::GetRelativePath($Source, $_) -notmatch '(^|[\\/])(bin|obj|out)[\\/]' } |
        ForEach-Object FullName |
        Sort-Object
}

# Takes what a worker tells; with -Verbose it tells of each start too, so that what is to be canceled is seen running.
function Watch-Worker {
    param([Parameter(ValueFromPipeline)] $Told, [object[]] $Cancel, [switch] $Live)
    begin {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $height = 0
    }
    process {
        $running = @($Cancel | Get-PqTask | Where-Object State -EQ Running)
        $running | Stop-PqTask -Reason 'The demonstration canceled it.'
        $Cancel = @($Cancel | Where-Object Id -NotIn $running.ForEach('Id'))

        if (-not $Live -and $Told -is [Management.Automation.InformationRecord]) {
            Write-Information $Told
        }

        if ($Live -and $clock.ElapsedMilliseconds -ge 200) {
            $height = Show-Latest -Over $height
            $clock.Restart()
        }
    }
    end {
        if ($Live) { Show-Latest -Over $height | Out-Null }
    }
}

# Draws the tasks that started last over as many lines as were drawn before. Gives how many it drew.
function Show-Latest([int] $Over) {
    $tasks = @(Get-PqTask)
    $table = $tasks | Where-Object StartedAt | Sort-Object StartedAt | Select-Object -Last 12 | Format-Line $Columns
    $total = $tasks | Group-Object State -NoElement | Sort-Object Name | ForEach-Object { "$($_.Count) $($_.Name)" }
    $lines = @($table) + '' + ($total -join ', ')
    $Host.UI.Write(($Over ? "`e[${Over}F`e[J" : '') + ($lines -join "`n") + "`n")
    $lines.Count
}

# A table's lines, without the empty ones around it.
function Format-Line([object[]] $Columns) {
    $table = $input | Format-Table $Columns | Out-String -Width $Width
    $table.Trim("`r", "`n") -split "`r?`n"
}

function Format-State([string] $State) {
    $color = switch ($State) {
        'Completed' { $PSStyle.Foreground.Green }
        'Failed' { $PSStyle.Foreground.Red }
        'Canceled' { $PSStyle.Foreground.Yellow }
        default { $PSStyle.Foreground.Blue }
    }
    $color + $State + $PSStyle.Reset
}

# What is wrong with a task's end; nothing where it is as expected.
function Compare-End($Expected, $Task) {
    if ($Task.State -ne $Expected.State -or $Task.Ended -ne $Expected.Ended -or $Task.Attempt -ne $Expected.Attempt) {
        "expected $($Expected.State), $($Expected.Ended), try $($Expected.Attempt)"
    }
    elseif ($Task.State -eq 'Completed' -and $Expected.Returns -and -not (& $Expected.Returns (Receive-PqTask $Task.Id))) {
        'gave something else than expected'
    }
}

# Shows how all ended, and each task that is not one of many. Gives how many ended as expected.
function Show-Summary([object[]] $Expected) {
    $tasks = @($Expected | Get-PqTask)
    $wrong = @{}
    foreach ($index in 0..($tasks.Count - 1)) {
        if ($why = Compare-End $Expected[$index] $tasks[$index]) { $wrong[$tasks[$index].Id] = $why }
    }

    $whyColumn = @{ Name = 'Why'; Expression = { $wrong[$_.Id] ?? "$($_.Error)".Split("`n")[0] } }
    $tasks | Where-Object { $_.Kind -ne 'Method' -or $_.State -ne 'Completed' -or $wrong[$_.Id] } |
        Format-Line ($Columns + $whyColumn) | Write-Information
    Write-Information ''
    $tasks | Group-Object State, Ended -NoElement | Sort-Object Count -Descending | Format-Line | Write-Information
    Write-Information ''
    $lines = $tasks | Where-Object { $_.Kind -eq 'Method' -and $_.State -eq 'Completed' } | Receive-PqTask | Measure-Object Lines -Sum
    Write-Information ('The source files have {0:N0} lines.' -f ${lines}?.Sum)
    $tasks.Count - $wrong.Count
}

function Invoke-Demo([int] $Concurrency) {
    $expected = @(Add-CommandTask) + @(Add-ScriptTask) + @(Add-MethodTask)
    Write-Information "$($expected.Count) tasks are queued. A worker takes them, $Concurrency at a time."
    Start-PqWorker -Drain -Concurrency $Concurrency -Verbose 4>&1 6>&1 |
        Watch-Worker -Cancel ($expected | Where-Object Cancel) -Live:$Terminal
    Write-Information ''
    $right = Show-Summary $expected
    Write-Information "demo: $($expected.Count) tasks, $right as expected"
    $right -eq $expected.Count
}

foreach ($needed in $ModulePath, $SourceFile.Assembly) {
    if (-not (Test-Path $needed)) { throw "There is no '$needed'. Build it first: ./build.ps1 build" }
}
$SourceFile.Assembly = Convert-Path $SourceFile.Assembly
$Source = Convert-Path $Source
if (-not $Terminal) { $PSStyle.OutputRendering = 'PlainText' }

$folder = Join-Path ([IO.Path]::GetTempPath()) "pgqueue-demo-$PID"
Import-Module $ModulePath
try {
    $server = Start-PqServer -DataDirectory $folder
    Write-Information "A private PostgreSQL $($server.Version) is up."
    $server | Connect-PqQueue | Out-Null
    Install-PqSchema
    $succeeded = Invoke-Demo $Concurrency
}
finally {
    if (Test-Path $folder) {
        Stop-PqServer -DataDirectory $folder
        Remove-Item $folder -Recurse -Force
    }
}

exit [int](-not $succeeded)
