<#
.SYNOPSIS
    Prints how many milliseconds the import of a module takes in this session.
#>
param([Parameter(Mandatory)][string] $Module)

$clock = [Diagnostics.Stopwatch]::StartNew()
Import-Module $Module
$clock.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
