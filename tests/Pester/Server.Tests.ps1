BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $folder = Join-Path ([IO.Path]::GetTempPath()) "pgq-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
}

AfterAll {
    Stop-PqServer -DataDirectory $folder -Mode Immediate
    Remove-Item $folder -Recurse -Force -ErrorAction Ignore
}

Describe 'The embedded server' {
    It 'starts, tells of itself, and stops' {
        (Get-PqServer -DataDirectory $folder).Running | Should -BeFalse
        $status = Start-PqServer -DataDirectory $folder -Timeout 60s
        $status.Running | Should -BeTrue
        $again = Start-PqServer -DataDirectory $folder
        $again.ProcessId | Should -Be $status.ProcessId
        ($again | Get-PqServer).StartedAt | Should -Be $status.StartedAt

        Stop-PqServer -DataDirectory $folder -WhatIf
        (Get-PqServer -DataDirectory $folder).Running | Should -BeTrue
        Stop-PqServer -DataDirectory $folder
        (Get-PqServer -DataDirectory $folder).Running | Should -BeFalse
    }

    It 'completes names once a cmdlet has used it for want of another' {
        $own = [powershell]::Create()
        $saved = $env:PGQUEUE_SERVER_DATA
        try {
            $env:PGQUEUE_SERVER_DATA = $folder
            $complete = { (TabExpansion2 'Get-PqTask -Queue emb' 21).CompletionMatches.CompletionText }
            $names = $own.AddScript({ Import-Module $args[0]; Add-PqTask { 1 } -Queue embedded-one | Out-Null }).AddArgument($ModulePath).AddStatement().AddScript($complete).Invoke()
            $own.Streams.Error | Should -BeNullOrEmpty
            $names | Should -Be embedded-one
        }
        finally {
            $env:PGQUEUE_SERVER_DATA = $saved
            $own.Dispose()
        }
    }

    It 'keeps its password out of sight' {
        $status = Start-PqServer -DataDirectory $folder
        $password = [Data.Common.DbConnectionStringBuilder]@{ ConnectionString = $status.ConnectionString }
        $status | Format-Table | Out-String | Should -Not -Match ([regex]::Escape($password['Password']))
        $status | Format-List | Out-String | Should -Not -Match ([regex]::Escape($password['Password']))
    }

    It 'is a clear error where it can''t start' {
        $failure = Get-Failure { Start-PqServer -DataDirectory (Join-Path $TestDrive 'none') -BinDirectory $TestDrive }
        $failure.FullyQualifiedErrorId | Should -Be 'EmbeddedServerFailed,PgQueue.PowerShell.StartServerCommand'
        $failure.CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        "$failure" | Should -BeLike "*$TestDrive*"
    }

    It 'refuses a setting that is its own' {
        $failure = Get-Failure { Start-PqServer -DataDirectory $folder -Setting @{ port = 1 } }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        "$failure" | Should -BeLike "*'port'*"
    }

    It 'says where it was not running' {
        Stop-PqServer -DataDirectory $folder
        "$(Stop-PqServer -DataDirectory $folder -Verbose 4>&1)" | Should -BeLike '*It was not running*'
    }
}
