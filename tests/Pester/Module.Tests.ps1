BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/PgQueue/PgQueue.psd1') -Force
    $cmdlets = Get-Command -Module PgQueue | ForEach-Object { @{ Name = $_.Name; Cmdlet = $_ } }
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $manifest = Import-PowerShellDataFile $ModulePath
    $folder = Split-Path $ModulePath
}

Describe 'The module' {
    It 'exports by name just what it has' {
        $has = (Get-Command -Module PgQueue).Name | Sort-Object
        $manifest.CmdletsToExport | Sort-Object | Should -Be $has
        $manifest.FunctionsToExport + $manifest.AliasesToExport + $manifest.VariablesToExport | Should -BeNullOrEmpty
    }

    It 'has a valid manifest' {
        (Test-ModuleManifest $ModulePath).Version | Should -Be '0.1.0'
    }

    It 'keeps its dependencies in a load context of their own' {
        Get-PqServer | Should -Not -BeNullOrEmpty
        { Get-PqTask -Connection 'Host=localhost;Port=1' } | Should -Throw
        foreach ($name in 'PgQueue.Engine', 'Npgsql') {
            $loaded = [AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq $name })
            $loaded | Should -HaveCount 1
            [Runtime.Loader.AssemblyLoadContext]::GetLoadContext($loaded[0]).Name | Should -Be 'PgQueue'
        }
    }
}

Describe '<Name>' -ForEach $cmdlets {
    It 'has an approved verb' {
        (Get-Verb).Verb | Should -Contain $Cmdlet.Verb
    }

    It 'says what it emits' {
        $silent = 'Disconnect-PqQueue', 'Remove-PqTask', 'Stop-PqServer', 'Uninstall-PqSchema', 'Unregister-PqSchedule'
        if ($Name -notin $silent) {
            $Cmdlet.OutputType | Should -Not -BeNullOrEmpty
        }
    }

    It 'asks before it changes' {
        $changes = $Cmdlet.Verb -in 'Clear', 'Remove', 'Stop', 'Uninstall', 'Unregister', 'Restart', 'Set', 'Suspend', 'Resume', 'Add', 'Register'
        $Cmdlet.Parameters.ContainsKey('WhatIf') | Should -Be $changes
    }

    It 'takes a connection where it talks to a queue' {
        $local = $Cmdlet.Noun -in 'PqServer', 'PqConnection', 'PqCronOccurrence' -or $Name -eq 'Connect-PqQueue'
        $Cmdlet.Parameters.ContainsKey('Connection') | Should -Be (-not $local)
    }
}
