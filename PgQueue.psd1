@{
    RootModule           = 'PgQueue.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0b7a52-3d3e-4c0b-9a41-8f5c2d9e17b4'
    Author               = 'The PgQueue developers'
    CompanyName          = 'The PgQueue developers'
    Copyright            = 'Copyright (c) the PgQueue developers'
    Description          = 'Turns a PostgreSQL database into a task queue: script blocks, .NET methods and commands are queued from the pipeline and run by workers on any number of machines, each task in a fresh process of its own, retried, watched, queried and restarted.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('PgQueue.Format.ps1xml')
    TypesToProcess       = @('PgQueue.Types.ps1xml', 'PgQueue.Saved.Types.ps1xml')
    CmdletsToExport      = @(
        'Add-PqTask'
        'Clear-PqCompleted'
        'Clear-PqFailed'
        'Clear-PqQueue'
        'Connect-PqQueue'
        'ConvertTo-PqJob'
        'Disconnect-PqQueue'
        'Get-PqConnection'
        'Get-PqCronOccurrence'
        'Get-PqFailedTask'
        'Get-PqQueue'
        'Get-PqSchedule'
        'Get-PqServer'
        'Get-PqTask'
        'Get-PqWorker'
        'Install-PqSchema'
        'Measure-PqQueue'
        'Receive-PqTask'
        'Register-PqSchedule'
        'Remove-PqTask'
        'Restart-PqTask'
        'Resume-PqQueue'
        'Resume-PqSchedule'
        'Set-PqQueue'
        'Set-PqTask'
        'Start-PqSchedule'
        'Start-PqServer'
        'Start-PqWorker'
        'Stop-PqServer'
        'Stop-PqTask'
        'Stop-PqWorker'
        'Suspend-PqQueue'
        'Suspend-PqSchedule'
        'Test-PqSchema'
        'Uninstall-PqSchema'
        'Unregister-PqSchedule'
        'Use-PqTransaction'
        'Wait-PqTask'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('PostgreSQL', 'queue', 'task', 'job', 'worker', 'background', 'scheduler', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'See CHANGELOG.md. Run Install-PqSchema after an update: it brings the schema up to date while workers run.'
        }
    }
}
