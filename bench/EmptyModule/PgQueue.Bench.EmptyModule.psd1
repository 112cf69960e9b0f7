@{
    RootModule        = 'PgQueue.Bench.EmptyModule.dll'
    ModuleVersion     = '0.1.0'
    GUID              = '0f3c2a5e-6b1d-4f0e-9d63-52a1c7e84b90'
    CmdletsToExport   = @('Get-Nothing')
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
