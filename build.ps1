#!/usr/bin/env pwsh
#Requires -Version 7.6

<#
.SYNOPSIS
    A contributor's one entry: builds, tests, shows and packs PgQueue.
.DESCRIPTION
    build   an importable module in out/PgQueue, and the host in out/Host
    test    builds, then runs all test suites; the last line counts them
    demo    builds, then runs tasks of all kinds and ends on a private PostgreSQL
    pack    builds, then makes a zip of the module and a gallery's package of it in out
    chaos   builds, then kills workers, children, sessions and the server at random and proves that nothing was lost and
            nothing ran twice; takes --minutes M (1), --seed S (by chance) and --keep (the ledger and the logs stay)
    bench   builds, then measures PgQueue beside its references in turns, and says which goals are met: noop, add, latency,
            command, method, script, import, warm, recovery, growth, pipeline, notify, idle or all (see bench/README.md); takes --quick
            (less of everything) and --json (a line per figure)
.EXAMPLE
    ./build.ps1 test
.EXAMPLE
    ./build.ps1 chaos --minutes 10 --seed 42
.EXAMPLE
    ./build.ps1 bench noop --quick
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ArgumentCompletions('build', 'test', 'demo', 'pack', 'chaos', 'bench')]
    [string] $Word,

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [Alias('h')]
    [switch] $Help,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Rest = @()
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$InformationPreference = 'Continue'
# Most tests wait for processes and servers: more of them at once than there are processors.
$testThreads = 4
$PSNativeCommandUseErrorActionPreference = $false
$env:DOTNET_CLI_TELEMETRY_OPTOUT = $env:DOTNET_NOLOGO = '1'

$Results = Join-Path $PSScriptRoot 'out/test-results'
# The one of the chaos run that is part of the tests.
$ChaosSeed = 1
$Total = @{ Passed = 0; Failed = 0; Skipped = 0 }

function Invoke-Layout([string] $Target) {
    Write-Information "Building PgQueue ($Configuration) ..."
    dotnet msbuild build/Layout.proj -restore "-t:$Target" "-p:Configuration=$Configuration" -p:UseSharedCompilation=false -nodeReuse:false -nologo -v:q
    if ($LASTEXITCODE -ne 0) {
        exit $LASTEXITCODE
    }
}

# Runs a script in a PowerShell of its own, which has none of this session's modules: one that is loaded can't be replaced.
function Invoke-Fresh([string] $Script, [string[]] $Arguments) {
    $shell, $first = [Environment]::ProcessPath, @()
    if ([IO.Path]::GetFileNameWithoutExtension($shell) -eq 'dotnet') {
        $first = @([Environment]::GetCommandLineArgs()[0])
    }

    & $shell @first -NoProfile -File $Script @Arguments
}

function Add-Count([string] $Suite, [int] $Passed, [int] $Failed, [int] $Skipped, [int] $ExitCode) {
    if ($Passed + $Failed -eq 0 -or ($ExitCode -ne 0 -and $Failed -eq 0)) {
        Write-Information "The $Suite suite did not run to its end: exit code $ExitCode, $Passed passed."
        $Failed++
    }

    $Total.Passed += $Passed
    $Total.Failed += $Failed
    $Total.Skipped += $Skipped
}

function Invoke-UnitSuite {
    $file = Join-Path $Results 'unit.xml'
    $color = [Console]::IsOutputRedirected ? @('-noColor') : @()
    dotnet "tests/Unit/bin/$Configuration/net10.0/PgQueue.Unit.dll" -noLogo -maxThreads $testThreads @color -xml $file
    $code = $LASTEXITCODE
    $count = @{ passed = 0; failed = 0; errors = 0; skipped = 0 }
    if (Test-Path $file) {
        foreach ($assembly in ([xml](Get-Content $file -Raw)).assemblies.SelectNodes('assembly')) {
            foreach ($name in @($count.Keys)) {
                $count[$name] += [int] $assembly.GetAttribute($name)
            }
        }
    }

    Add-Count unit $count.passed ($count.failed + $count.errors) $count.skipped $code
}

function Invoke-PesterSuite {
    $file = Join-Path $Results 'pester.json'
    Invoke-Fresh build/Invoke-PesterSuite.ps1 $file
    $code = $LASTEXITCODE
    $count = (Test-Path $file) ? (Get-Content $file -Raw | ConvertFrom-Json) : @{ Passed = 0; Failed = 0; Skipped = 0 }
    Add-Count Pester $count.Passed $count.Failed $count.Skipped $code
}

function Invoke-ChaosRun([string[]] $Options) {
    dotnet "tests/Chaos/bin/$Configuration/net10.0/PgQueue.Chaos.dll" @Options
}

# One test: it has the machine for itself, because the others look at their watches.
function Invoke-ChaosTest {
    Invoke-ChaosRun --minutes, 1, --seed, $ChaosSeed
    Add-Count chaos ([int]($LASTEXITCODE -eq 0)) ([int]($LASTEXITCODE -ne 0)) 0 $LASTEXITCODE
}

function Invoke-Test {
    Invoke-Layout Tests
    Remove-Item $Results -Recurse -ErrorAction Ignore
    New-Item $Results -ItemType Directory | Out-Null
    Invoke-UnitSuite
    Invoke-PesterSuite
    Invoke-ChaosTest
    Write-Information "$($Total.Passed) passed, $($Total.Failed) failed, $($Total.Skipped) skipped"
    exit [int]($Total.Failed -gt 0)
}

function Invoke-Demo {
    Invoke-Layout Layout
    if (Test-Path demo/demo.ps1) {
        Invoke-Fresh demo/demo.ps1
    }
    else {
        dotnet out/Host/PgQueue.Host.dll demo --source src
    }

    exit $LASTEXITCODE
}

if ($Rest -and $Word -notin 'chaos', 'bench') {
    Write-Information "build.ps1: '$Rest' is not understood."
    exit 2
}

Push-Location $PSScriptRoot
try {
    switch (($Help -or $Word -eq '--help') ? 'help' : $Word) {
        'build' { Invoke-Layout Layout }
        'test' { Invoke-Test }
        'demo' { Invoke-Demo }
        'pack' { Invoke-Layout Pack }
        'chaos' {
            Invoke-Layout Tests
            Invoke-ChaosRun $Rest
            exit $LASTEXITCODE
        }
        'bench' {
            # Standard output is for figures.
            Invoke-Layout Bench 6>&1 | ForEach-Object { [Console]::Error.WriteLine($_) }
            dotnet "bench/PgQueue.Bench/bin/$Configuration/net10.0/PgQueue.Bench.dll" @Rest
            exit $LASTEXITCODE
        }
        'help' { Get-Help $PSCommandPath -Detailed }
        default {
            Write-Information ($Word ? "build.ps1: there is no '$Word'." : 'build.ps1: what is to be done?')
            Write-Information 'Usage: ./build.ps1 build|test|demo|pack|chaos|bench [-Configuration Release|Debug]'
            exit 2
        }
    }
}
finally {
    Pop-Location
}
