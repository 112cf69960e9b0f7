BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $null = Connect-PqQueue $server -Schema 'odd "name'
}

AfterAll {
    Stop-TestServer
}

Describe 'Install-PqSchema' {
    AfterAll {
        Uninstall-PqSchema -Confirm:$false
    }

    It 'installs, and may be repeated' {
        Test-PqSchema | Should -BeFalse
        Install-PqSchema | Should -BeNullOrEmpty
        Test-PqSchema | Should -BeTrue
        Install-PqSchema -Verbose 4>&1 | Should -BeLike '*up to date already*'
    }

    It 'tells in detail what is there' {
        $status = Test-PqSchema -Detailed
        $status.Schema | Should -Be 'odd "name'
        $status.UpToDate | Should -BeTrue
        $status.Version | Should -Be $status.LatestVersion
    }

    It 'emits a script for psql that makes the same, without a server' {
        $script = Install-PqSchema by_hand -AsScript
        $script | Should -BeOfType string
        Test-PqSchema by_hand | Should -BeFalse
        $null = Invoke-TestSql $server $script
        Test-PqSchema by_hand | Should -BeTrue
        Uninstall-PqSchema by_hand -Confirm:$false
    }

    It 'works from many runspaces at once' {
        $module = $ModulePath
        $results = 1..6 | ForEach-Object -ThrottleLimit 6 -Parallel {
            Import-Module $using:module
            Install-PqSchema race -Connection $using:server
            Test-PqSchema race -Connection $using:server
        }
        $results | Should -Be (@($true) * 6)
        Uninstall-PqSchema race -Confirm:$false
    }
}

Describe 'Uninstall-PqSchema' {
    It 'changes nothing with -WhatIf' {
        Install-PqSchema doomed
        Uninstall-PqSchema doomed -WhatIf
        Test-PqSchema doomed | Should -BeTrue
    }

    It 'drops it all' {
        Uninstall-PqSchema doomed -Confirm:$false
        Test-PqSchema doomed | Should -BeFalse
    }

    It 'says so where there is nothing to drop' {
        Uninstall-PqSchema doomed -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'SchemaMissing,*'
    }
}
