<#
.SYNOPSIS
    Runs the Pester suite and writes its counts as JSON to a file. Started by build.ps1 in a PowerShell of its own.
#>
[CmdletBinding()]
param([Parameter(Mandatory)][string] $ResultFile)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$InformationPreference = 'Continue'

function Find-Pester {
    Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -eq 5 } | Sort-Object Version -Descending | Select-Object -First 1
}

function Install-Pester {
    Write-Information 'Pester 5 is not here: installing it for this user.'
    Install-PSResource Pester -Version '[5.5.0,6.0.0)' -TrustRepository -Quiet -ErrorAction Stop
    Find-Pester
}

try {
    $pester = (Find-Pester) ?? (Install-Pester)
}
catch {
    Write-Information "Pester 5 is needed to test the module, and could not be installed ($_). Install it: Install-PSResource Pester -Version '[5.5.0,6.0.0)'"
    exit 1
}

Import-Module $pester.Path
$settings = New-PesterConfiguration
$settings.Run.Path = Join-Path $PSScriptRoot '../tests/Pester'
$settings.Run.PassThru = $true
$settings.Output.CIFormat = 'None'
if ([Console]::IsOutputRedirected) {
    $PSStyle.OutputRendering = 'PlainText'
    $settings.Output.RenderMode = 'Plaintext'
}

# The tests see a session as a user has it, not this script's stricter one.
Set-StrictMode -Off
$ErrorActionPreference = 'Continue'
$run = Invoke-Pester -Configuration $settings
$ErrorActionPreference = 'Stop'

# A file that can't be loaded, or a BeforeAll that fails, is a failure of its own.
@{
    Passed = $run.PassedCount
    Failed = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    Skipped = $run.Tests.Where({ $_.Result -in 'Skipped', 'Inconclusive' }).Count
} | ConvertTo-Json | Set-Content $ResultFile
exit [int]($run.Result -ne 'Passed')
