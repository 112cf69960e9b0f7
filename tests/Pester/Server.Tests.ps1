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

    It 'is not started by what only shows or asks: <_>' -ForEach @(
        'Add-PqTask { 1 } -WhatIf', 'Set-PqTask { 1 } -ClientId a -WhatIf', 'Register-PqSchedule a -Every 1m { 1 } -WhatIf', 'Add-PqTask { 1 } -Confirm'
    ) {
        $own = [powershell]::Create()
        $saved = $env:PGQUEUE_SERVER_DATA
        try {
            $env:PGQUEUE_SERVER_DATA = $folder
            $null = $own.AddScript({ Import-Module $args[0]; & ([scriptblock]::Create($args[1])) }).AddArgument($ModulePath).AddArgument($_)
            $own.Invoke() | Should -BeNullOrEmpty
            "$($own.Streams.Error)" | Should -BeLike ($_ -like '*-Confirm' ? '*prompt*' : '')
            (Get-PqServer -DataDirectory $folder).Running | Should -BeFalse
        }
        finally {
            $env:PGQUEUE_SERVER_DATA = $saved
            $own.Dispose()
        }
    }

    It 'completes names once a cmdlet has used it for want of another' {
        $own = [powershell]::Create()
        $saved = $env:PGQUEUE_SERVER_DATA
        try {
            $env:PGQUEUE_SERVER_DATA = $folder
            $complete = { foreach ($try in 1..20) { if ($found = (TabExpansion2 'Get-PqTask -Queue emb' 21).CompletionMatches.CompletionText) { return $found } } }
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
        $password = [regex]::Escape((Get-Content "$folder/password"))
        $status | Format-Table | Out-String | Should -Not -Match $password
        $status | Format-List * -Force | Out-String -Width 500 | Should -Not -Match $password
        $status | ConvertTo-Json -WarningAction Ignore | Should -Not -Match $password
        [Management.Automation.PSSerializer]::Serialize($status, 5) | Should -Not -Match $password
    }

    It 'stands for its connection, as an argument too' {
        $schema = "given_$([guid]::NewGuid().ToString('N').Substring(0, 8))"
        $status = Start-PqServer -DataDirectory $folder
        $env:PGPASSWORD = 'that of another server'
        try {
            $connection = Connect-PqQueue $status -Schema $schema
            $connection.Server | Should -Be $status.Host
            $connection.Embedded | Should -BeTrue
            ($status | Connect-PqQueue -Schema $schema).Server | Should -Be $status.Host
            (Connect-PqQueue $status.Uri -Schema $schema).Server | Should -Be $status.Host
            $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($status))
            (Connect-PqQueue $copy -Schema $schema).Server | Should -Be $status.Host
            (Test-PqSchema -Connection $status -Schema $schema -Detailed).Installed | Should -BeFalse
        }
        finally {
            $env:PGPASSWORD = $null
            Disconnect-PqQueue
        }
    }

    It 'is reached by PostgreSQL''s own programs' {
        $status = Start-PqServer -DataDirectory $folder
        & "$($status.BinDirectory)/psql" $status.Uri --no-password -Atc 'select 40 + 2' | Should -Be 42
    }

    It 'says so where it does not run' {
        $failure = Get-Failure { Connect-PqQueue (Get-PqServer -DataDirectory (Join-Path $TestDrive 'not-there')) }
        "$failure" | Should -BeLike '*not-there*does not run. Start-PqServer starts it.'
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
