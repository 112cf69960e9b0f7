BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # The tasks of a name, as everybody sees them.
    function Get-Seen($Name) {
        [int](Invoke-TestSql $server "select count(*) from $($queue.Schema).tasks where name like '$Name'")
    }

    # Ends the server's side of every session that has a transaction open and does nothing.
    function Stop-IdleTransaction {
        Invoke-TestSql $server "select count(pg_terminate_backend(pid)) from pg_stat_activity where state = 'idle in transaction'" | Should -Be 1
        Wait-Until { (Invoke-TestSql $server "select count(*) from pg_stat_activity where state like 'idle in transaction%'") -eq 0 }
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Use-PqTransaction' {
    It 'commits all at its end, and emits only then' {
        $emitted = Use-PqTransaction {
            1..3 | Add-PqTask { } -Name commit
            $count = (Get-PqTask -Name commit).Count
            $seen = Get-Seen commit
        } | ForEach-Object { Get-Seen commit }
        $emitted | Should -Be 3, 3, 3
        $count | Should -Be 3
        $seen | Should -Be 0
    }

    It 'runs in the scope of its caller, with its streams' {
        function Test-Scope {
            $value = 1
            Use-PqTransaction { $value = 2; return; $value = 3 }
            $value
        }

        Test-Scope | Should -Be 2
        'a', 'b' | ForEach-Object { Use-PqTransaction { $_ } } | Should -Be 'a', 'b'
        $told = Use-PqTransaction { Write-Warning 'w'; Write-Verbose 'v' -Verbose; Write-Host 'h' } 3>&1 4>&1 6>&1
        "$told" | Should -Be 'w v h'
        Use-PqTransaction { , (1, 2) } | Should -HaveCount 1
    }

    It 'rolls back at a terminating error, and rethrows it' {
        $failure = Get-Failure { Use-PqTransaction { Add-PqTask { } -Name thrown; throw 'no more' } }
        "$failure" | Should -Be 'no more'
        $failure = Get-Failure { Use-PqTransaction { Add-PqTask { } -Name thrown; Add-PqTask { } -MaxAttempts 0; Add-PqTask { } -Name thrown } }
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidArgument,PgQueue.PowerShell.AddTaskCommand'
        # Outside a try, such an error ends its statement only; in a transaction it ends the block.
        $shell = [powershell]::Create('CurrentRunspace')
        $null = $shell.AddScript({
            Use-PqTransaction { Add-PqTask { } -Name thrown; Add-PqTask { } -MaxAttempts 0; Add-PqTask { } -Name thrown } -RollbackPreference TerminatingError
            'goes on'
        })
        $shell.Invoke() | Should -Be 'goes on'
        $shell.Streams.Error.FullyQualifiedErrorId | Should -Be 'InvalidArgument,PgQueue.PowerShell.AddTaskCommand'
        Get-Seen thrown | Should -Be 0
    }

    It 'rolls back at an error that was written, and says so at its end' {
        $failure = Get-Failure { Use-PqTransaction { Add-PqTask { } -Name written; Get-PqTask 987654; Add-PqTask { } -Name written } 2>$null }
        $failure.FullyQualifiedErrorId | Should -Be 'TransactionRolledBack,PgQueue.PowerShell.UseTransactionCommand'
        $failure.CategoryInfo.Category | Should -Be 'OperationStopped'
        "$failure" | Should -BeLike 'The transaction was rolled back: nothing of it was done. An error was written inside it: There is no task 987654*-RollbackPreference*'
        Get-Seen written | Should -Be 0
    }

    It 'writes that error as it was' {
        $problem = Use-PqTransaction { Get-PqTask 987654 } -RollbackPreference TerminatingError 2>&1
        $problem.FullyQualifiedErrorId | Should -Be 'TaskNotFound,PgQueue.PowerShell.GetTaskCommand'
        $problem.InvocationInfo.InvocationName | Should -Be 'Get-PqTask'
    }

    It 'does not take for an error what was handled or emitted' {
        $record = Use-PqTransaction {
            $null = Add-PqTask { } -Name handled
            Get-PqTask 987654 -ErrorAction SilentlyContinue
            try { Get-PqTask 987654 -ErrorAction Stop } catch { $_ }
        }
        $record | Should -BeOfType Management.Automation.ErrorRecord
        Get-Seen handled | Should -Be 1
    }

    It 'lets pass what -RollbackPreference <Preference> lets pass, and a refused call takes the others nothing' -ForEach @(
        @{ Preference = 'TerminatingError'; Code = { } ; Failure = $null }
        @{ Preference = 'Never'; Code = { throw 'ended' } ; Failure = 'ended' }
    ) {
        $name = "pref$Preference"
        $null = Add-PqTask { } -ClientId "taken$Preference"
        $script:emitted = $null
        $failure = try {
            Use-PqTransaction {
                'x', "taken$Preference", 'y' | Add-PqTask { } -Name $name -ClientId { if ($_ -eq 'x') { "x$Preference" } elseif ($_ -eq 'y') { "y$Preference" } else { $_ } }
                . $Code
            } -RollbackPreference $Preference 2>$null | ForEach-Object { $script:emitted++ }
        }
        catch { "$_" }

        $failure | Should -Be $Failure
        $script:emitted | Should -Be 2
        Get-Seen $name | Should -Be 2
    }

    It 'rolls back when the block is left by break' {
        foreach ($round in 1..2) { Use-PqTransaction { Add-PqTask { } -Name left; break } }
        Get-Seen left | Should -Be 0
    }

    It 'joins the one around it: all or nothing' {
        $null = Use-PqTransaction {
            Add-PqTask { } -Name outer
            Use-PqTransaction { Add-PqTask { } -Name inner }
            Get-Seen '%ner'
        }
        Get-Seen inner | Should -Be 1

        $failure = Get-Failure {
            Use-PqTransaction {
                Add-PqTask { } -Name outer2
                try { Use-PqTransaction { Add-PqTask { } -Name inner2; throw 'inside' } } catch { 'caught' }
            } -RollbackPreference Never
        }
        $failure.FullyQualifiedErrorId | Should -BeLike 'TransactionRolledBack,*'
        "$failure" | Should -BeLike '*A Use-PqTransaction inside it failed: inside'
        Get-Seen outer2 | Should -Be 0
    }

    It 'takes every cmdlet of the session in: pipelines of reads and changes' {
        1..50 | Add-PqTask { } -Name chain | Out-Null
        $failure = Get-Failure {
            Use-PqTransaction {
                Get-PqTask -Name chain | Stop-PqTask
                Get-PqTask -Name chain -State Canceled | Restart-PqTask
                Get-PqTask -Name chain | Select-Object -First 10 | Remove-PqTask
                Get-PqTask -Name chain -First 20 | Stop-PqTask
                Clear-PqFailed
                throw (Get-PqTask -Name chain).Count
            }
        }
        "$failure" | Should -Be 40
        Get-Seen chain | Should -Be 50
        (Get-PqTask -Name chain -State Ready) | Should -HaveCount 50
    }

    It 'is on the connection given, which is the session''s inside' {
        $other = New-TestQueue $server
        $null = Connect-PqQueue $server -Schema $queue.Schema
        $null = Use-PqTransaction { Add-PqTask { } -Name there } -Connection $other
        (Get-PqTask -Name there -Connection $other) | Should -HaveCount 1
        Get-Seen there | Should -Be 0
        (Get-PqConnection).Schema | Should -Be $queue.Schema
        Remove-TestQueue $other
    }

    It 'refuses <Line> inside' -ForEach @(
        @{ Line = 'Add-PqTask { } -Name refused | Wait-PqTask' }
        @{ Line = 'Start-PqWorker -Drain' }
        @{ Line = 'Install-PqSchema' }
        @{ Line = 'Connect-PqQueue $server -Schema $queue.Schema' }
        @{ Line = 'Disconnect-PqQueue' }
        @{ Line = 'Use-PqTransaction { } -Connection $queue.BeginTransaction()' }
    ) {
        $block = [scriptblock]::Create($Line)
        $failure = Get-Failure { Use-PqTransaction { . $block } }
        if ($Line -notlike '*BeginTransaction*') {
            $failure.FullyQualifiedErrorId | Should -BeLike 'NotInTransaction,*'
            $failure.CategoryInfo.Category | Should -Be 'InvalidOperation'
        }

        "$failure" | Should -BeLike '*inside*'
        Get-Seen refused | Should -Be 0
    }

    It 'is rolled back by Ctrl+C' {
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule($ModulePath)
        $shell = [powershell]::Create($state)
        $null = $shell.AddScript({
            param($Server, $Schema)
            $null = Connect-PqQueue $Server -Schema $Schema
            Use-PqTransaction { Add-PqTask { } -Name stopped; 'added' | Write-Information; [Threading.Thread]::Sleep(1); Start-Sleep 600 }
        }).AddArgument($server).AddArgument($queue.Schema)
        $running = $shell.BeginInvoke()
        Wait-Until { $shell.Streams.Information.Count -gt 0 }
        $shell.Stop()
        { $shell.EndInvoke($running) } | Should -Throw
        Wait-Until { (Invoke-TestSql $server "select count(*) from pg_stat_activity where state like 'idle in transaction%'") -eq 0 }
        Get-Seen stopped | Should -Be 0
        $shell.Runspace.Dispose()
        $shell.Dispose()
    }

    It 'says that its connection was lost, and nothing of it is there' {
        $failure = Get-Failure { Use-PqTransaction { Add-PqTask { } -Name lost; Stop-IdleTransaction; Add-PqTask { } -Name lost } }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ConnectionLost,*'
        "$failure" | Should -BeLike '*nothing of it was done*'
        $failure = Get-Failure { Use-PqTransaction { Add-PqTask { } -Name lost; Stop-IdleTransaction } }
        $failure.FullyQualifiedErrorId | Should -Be 'ConnectionLost,PgQueue.PowerShell.UseTransactionCommand'
        Get-Seen lost | Should -Be 0
        Use-PqTransaction { 'works again' } | Should -Be 'works again'
    }
}

Describe 'A transaction as a connection' {
    It 'is used by several cmdlets, and committed' {
        $tx = (Get-PqConnection).BeginTransaction()
        $task = Add-PqTask { } -Name held -Connection $tx
        $task | Stop-PqTask -Connection $tx
        ($task | Get-PqTask -Connection $tx).State | Should -Be 'Canceled'
        Get-PqTask -Name held | Should -BeNullOrEmpty
        "$tx" | Should -BeLike '*in a transaction'
        ($tx | Out-String) | Should -Match 'State'
        $tx.Commit()
        $tx.State | Should -Be 'Committed'
        (Get-PqTask -Name held).State | Should -Be 'Canceled'
        (Get-Failure { Add-PqTask { } -Connection $tx }).FullyQualifiedErrorId | Should -BeLike 'TransactionOver,*'
        { $tx.Commit() } | Should -Throw '*committed already*'
        { $tx.Dispose() } | Should -Not -Throw
    }

    It 'is rolled back by Rollback, by Dispose, and by Disconnect-PqQueue' {
        $connection = Connect-PqQueue $server -Schema $queue.Schema
        $ways = { $args[0].Rollback() }, { $args[0].Dispose() }, { Disconnect-PqQueue $args[0] }, { Disconnect-PqQueue $connection }
        foreach ($way in $ways) {
            $tx = $connection.BeginTransaction()
            $null = Add-PqTask { } -Name undone -Connection $tx
            & $way $tx
            $tx.State | Should -Be 'RolledBack'
        }

        $null = Connect-PqQueue $server -Schema $queue.Schema
        Get-Seen undone | Should -Be 0
    }

    It 'refuses what can''t be done in it' {
        $tx = (Get-PqConnection).BeginTransaction()
        foreach ($refused in { Wait-PqTask 1 -Connection $tx }, { Start-PqWorker -Drain -Connection $tx }, { Use-PqTransaction { } -Connection $tx }) {
            (Get-Failure $refused).FullyQualifiedErrorId | Should -BeLike 'NotInTransaction,*'
        }

        { $tx.BeginTransaction() } | Should -Throw '*inside a transaction*'
        $tx.Dispose()
    }
}
