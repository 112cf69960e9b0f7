BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
    $parts = [Data.Common.DbConnectionStringBuilder]@{ ConnectionString = $server }

    # The server's connection string with some keywords changed.
    function Edit-Server([hashtable] $Changes) {
        $builder = [Data.Common.DbConnectionStringBuilder]@{ ConnectionString = $server }
        foreach ($key in $Changes.Keys) { $builder[$key] = $Changes[$key] }
        $builder.ConnectionString
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Connect-PqQueue' {
    AfterEach {
        $null = Connect-PqQueue $server -Schema $queue.Schema
    }

    It 'shows where it is and as whom, never the password' {
        $queue.Schema | Should -Match '^test_'
        $queue.User | Should -Be $parts['Username']
        $queue.Version.Major | Should -BeGreaterOrEqual 13
        $password = $parts['Password'] ?? 'no password'
        $queue | Format-List * -Force | Out-String | Should -Not -Match ([regex]::Escape($password))
        "$queue" | Should -Not -Match ([regex]::Escape($password))
        [Management.Automation.PSSerializer]::Serialize($queue, 5) | Should -Not -Match ([regex]::Escape($password))
    }

    It 'refuses a connection that was saved, and says why' {
        $path = Join-Path $TestDrive 'connection.xml'
        $queue | Export-Clixml $path
        $failure = Get-Failure { Get-PqTask -Connection (Import-Clixml $path) }
        $failure | Should -BeLike '*passwords don''t travel*Connect-PqQueue*'
    }

    It 'becomes what cmdlets use, until Disconnect-PqQueue' {
        (Get-PqConnection).Schema | Should -Be $queue.Schema
        Disconnect-PqQueue
        Get-PqConnection | Should -BeNullOrEmpty
    }

    It 'takes user and password as a credential' {
        $password = ConvertTo-SecureString ($parts['Password'] ?? 'any') -AsPlainText
        $without = Edit-Server @{ Username = 'nobody'; Password = 'wrong' }
        $connection = Connect-PqQueue $without -Credential ([pscredential]::new($parts['Username'], $password))
        $connection.User | Should -Be $parts['Username']
    }

    It 'takes a postgresql:// URL' {
        $place = if ("$($parts['Host'])".StartsWith('/')) { [uri]::EscapeDataString($parts['Host']) } else { $parts['Host'] }
        $url = "postgresql://$($parts['Username']):$([uri]::EscapeDataString("$($parts['Password'])"))@${place}:$($parts['Port'] ?? 5432)/$($parts['Database'] ?? 'postgres')"
        (Connect-PqQueue $url -Schema $queue.Schema).User | Should -Be $parts['Username']
        Get-PqTask | Should -BeNullOrEmpty
    }

    It 'takes a server from the pipeline' -Skip:([bool]$env:PGQUEUE_TEST_CONNECTION) {
        (Get-PqServer | Connect-PqQueue -Schema $queue.Schema).Server | Should -Be $queue.Server
    }

    It 'connects to a database without a queue, and says so' {
        $messages = Connect-PqQueue $server -Schema not_there -Verbose 4>&1
        $messages | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | Should -BeLike '*Install-PqSchema*'
        (Get-PqConnection).Schema | Should -Be 'not_there'
    }
}

Describe 'Which queue a cmdlet talks to' {
    AfterEach {
        $env:PGQUEUE_CONNECTION = $env:PGQUEUE_SCHEMA = $null
        $null = Connect-PqQueue $server -Schema $queue.Schema
    }

    It 'is that of PGQUEUE_CONNECTION and PGQUEUE_SCHEMA where the session has none' {
        Disconnect-PqQueue
        $env:PGQUEUE_CONNECTION = $server
        $env:PGQUEUE_SCHEMA = $queue.Schema
        (Get-PqConnection).Schema | Should -Be $queue.Schema
        Get-PqTask | Should -BeNullOrEmpty
    }

    It 'is that of -Connection before the session''s' {
        $null = Connect-PqQueue $server -Schema not_there
        Get-PqTask -Connection $queue | Should -BeNullOrEmpty
        (Get-Failure { Get-PqTask }).FullyQualifiedErrorId | Should -BeLike 'SchemaMissing,*'
    }

    It 'is the embedded server''s where nothing is named: started on first use, with its schema' -Skip:([bool]$env:PGQUEUE_TEST_CONNECTION) {
        Disconnect-PqQueue
        Stop-PqServer -Mode Immediate
        Get-PqTask | Should -BeNullOrEmpty
        (Get-PqServer).Running | Should -BeTrue
        Test-PqSchema | Should -BeTrue
    }

    It 'is found again after its server was restarted' -Skip:([bool]$env:PGQUEUE_TEST_CONNECTION) {
        Get-PqTask | Should -BeNullOrEmpty
        Stop-PqServer -Mode Fast
        $null = Start-PqServer
        Get-PqTask | Should -BeNullOrEmpty
    }

    It 'is left alone when a runspace ends: its connections are closed' {
        $sql = 'select count(*) from pg_stat_activity where application_name = ''PgQueue'' and pid <> pg_backend_pid()'
        $before = Invoke-TestSql $server $sql
        $before | Should -BeGreaterThan 0
        $module = $ModulePath
        1..6 | ForEach-Object -ThrottleLimit 6 -Parallel {
            Import-Module $using:module
            Get-PqTask -Connection $using:queue
        }
        Wait-Until { (Invoke-TestSql $server $sql) -le $before }
    }

    It 'is each runspace''s own' {
        $module = $ModulePath
        $seen = 1..3 | ForEach-Object -Parallel {
            Import-Module $using:module
            $before = Get-PqConnection
            $null = Connect-PqQueue $using:server -Schema "own_$_"
            "$(if ($before) { 'shared ' })$((Get-PqConnection).Schema)"
        }
        $seen | Sort-Object | Should -Be 'own_1', 'own_2', 'own_3'
        (Get-PqConnection).Schema | Should -Be $queue.Schema
    }

    It 'can be handed to other runspaces' {
        $module = $ModulePath
        $ids = 1..8 | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:module
            (Add-PqTask { } -Connection $using:queue -Name "parallel $_").Id
        }
        $ids | Sort-Object -Unique | Should -HaveCount 8
        $ids | Remove-PqTask -Connection $queue
    }
}

Describe 'A queue that can''t be used' {
    AfterEach {
        $null = Connect-PqQueue $server -Schema $queue.Schema
    }

    It 'is an error that ends the statement: <Id>, <Category>' -ForEach @(
        @{ Id = 'ServerUnreachable'; Category = 'ConnectionError'; Change = @{ Host = 'localhost'; Port = 1 }; Says = '*localhost:1*host and port*' }
        @{ Id = 'AuthenticationFailed'; Category = 'AuthenticationError'; Change = @{ Password = 'wrong' }; Says = '*refuses the login*Username and Password*' }
        @{ Id = 'DatabaseMissing'; Category = 'ObjectNotFound'; Change = @{ Database = 'no_such_db' }; Says = '*no_such_db*createdb*' }
    ) {
        $failure = Get-Failure { Get-PqTask -Connection (Edit-Server $Change) }
        $failure.FullyQualifiedErrorId | Should -Be "$Id,PgQueue.PowerShell.GetTaskCommand"
        $failure.CategoryInfo.Category | Should -Be $Category
        $failure.Exception | Should -BeOfType ([Exception])
        $failure.Exception.Error | Should -Be $Id
        $failure.Exception.InnerException | Should -Not -BeNullOrEmpty
        "$failure" | Should -BeLike $Says
        $failure.TargetObject | Should -BeOfType PgQueue.PowerShell.PqConnection
    }

    It 'is told apart by Connect-PqQueue too, which leaves the session''s connection as it was' {
        (Get-Failure { Connect-PqQueue (Edit-Server @{ Password = 'wrong' }) }).FullyQualifiedErrorId | Should -BeLike 'AuthenticationFailed,*'
        (Get-PqConnection).Schema | Should -Be $queue.Schema
    }

    It 'is named where the connection string can''t be read, without the password' {
        $failure = Get-Failure { Connect-PqQueue 'Hots=db;Password=hush' }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidConnectionString,*'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -BeLike '*hots*'
        $failure | Format-List * -Force | Out-String | Should -Not -Match 'hush'
    }

    It 'has no schema' {
        $failure = Get-Failure { Add-PqTask { } -Connection (Connect-PqQueue $server -Schema not_there) }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SchemaMissing,*'
        $failure.CategoryInfo.Category | Should -Be 'NotInstalled'
        "$failure" | Should -BeLike '*not_there*Install-PqSchema*'
    }

    It 'has a schema that is <Id>' -ForEach @(
        @{ Id = 'SchemaTooNew'; Category = 'ResourceUnavailable'; Sql = 'insert into {0}.migration (version, name) values (9999, ''future'')'; Says = '*9999*Update the PgQueue module*' }
        @{ Id = 'SchemaTooOld'; Category = 'NotInstalled'; Sql = 'delete from {0}.migration where version > 1'; Says = '*Install-PqSchema*' }
    ) {
        $other = New-TestQueue $server
        try {
            $null = Invoke-TestSql $server ($Sql -f $other.Schema)
            $failure = Get-Failure { Get-PqTask -Connection $other }
            $failure.FullyQualifiedErrorId | Should -BeLike "$Id,*"
            $failure.CategoryInfo.Category | Should -Be $Category
            "$failure" | Should -BeLike $Says
        }
        finally {
            Remove-TestQueue $other
        }
    }

    It 'has a schema that holds something else' {
        $null = Invoke-TestSql $server 'create schema foreign_one; create table foreign_one.customer (id int)'
        $failure = Get-Failure { Install-PqSchema foreign_one }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SchemaForeign,*'
        $failure.CategoryInfo.Category | Should -Be 'ResourceExists'
        $null = Invoke-TestSql $server 'drop schema foreign_one cascade'
    }

    It 'denies what the user may not do' {
        $null = Invoke-TestSql $server "create role lowly login password 'lowly'; grant usage on schema $($queue.Schema) to lowly"
        try {
            $failure = Get-Failure { Get-PqTask -Connection (Connect-PqQueue (Edit-Server @{ Username = 'lowly'; Password = 'lowly' }) -Schema $queue.Schema) }
            $failure.FullyQualifiedErrorId | Should -BeLike 'PermissionDenied,*'
            $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
        }
        finally {
            $null = Invoke-TestSql $server 'drop owned by lowly; drop role lowly'
        }
    }

    It 'has lost its server' -Skip:([bool]$env:PGQUEUE_TEST_CONNECTION) {
        Stop-PqServer -Mode Immediate
        try {
            $failure = Get-Failure { Get-PqTask -Connection $queue }
            $failure.FullyQualifiedErrorId | Should -Match '^(ServerUnreachable|ConnectionLost),'
            $failure.CategoryInfo.Category | Should -Be 'ConnectionError'
        }
        finally {
            $null = Start-PqServer
        }
    }

    It 'leaves one error in $Error, not more' {
        $Error.Clear()
        try { Get-PqTask -Connection (Edit-Server @{ Password = 'wrong' }) } catch { $null = $_ }
        $Error | Should -HaveCount 1
    }
}
