BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    $besides = [Collections.Generic.List[object]]::new()

    # A PowerShell beside this one, on the same queue; its pipeline can be stopped as Ctrl+C does.
    function Start-Beside {
        param([scriptblock] $Script, [object[]] $ArgumentList)
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule($ModulePath)
        $shell = [powershell]::Create($state)
        $null = $shell.AddScript('$null = Connect-PqQueue $args[0] -Schema $args[1]').AddArgument($server).AddArgument($queue.Schema).Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript($Script)
        foreach ($argument in $ArgumentList) { $null = $shell.AddArgument($argument) }
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $streams = $shell.Streams
        foreach ($read in $output, $streams.Error, $streams.Warning, $streams.Verbose, $streams.Information, $streams.Progress) {
            # Else to read one waits until its pipeline has ended.
            $read.EnumeratorNeverBlocks = $true
        }

        $running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), $output)
        $beside = [pscustomobject]@{ Shell = $shell; Output = $output; Running = $running }
        $besides.Add($beside)
        $beside
    }

    function Stop-Beside {
        param($Beside)
        $Beside.Shell.Stop()
        $Beside.Shell.Runspace.Dispose()
        $Beside.Shell.Dispose()
        $null = $besides.Remove($Beside)
    }

    function Wait-Beside {
        param($Beside)
        Wait-Until { $Beside.Running.IsCompleted }
        $Beside.Shell.InvocationStateInfo.Reason | Should -BeNullOrEmpty
        $null = $Beside.Shell.EndInvoke($Beside.Running)
    }

    function Stop-AllBeside {
        foreach ($one in $besides.ToArray()) {
            if ($one -ne $worker) { Stop-Beside $one }
        }
    }

    # A task goes on when its file is there.
    function New-Gate { Join-Path $TestDrive "gate-$([guid]::NewGuid().ToString('N'))" }

    $worker = Start-Beside { Start-PqWorker -Concurrency 3 }
}

AfterAll {
    Get-PqTask -State Running | Stop-PqTask
    Stop-Beside $worker
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Receive-PqTask -Follow' {
    AfterEach { Stop-AllBeside }

    It 'writes each stream as it comes, while the task runs and until it ends' {
        $gate = New-Gate
        $task = Add-PqTask {
            param($Gate)
            [pscustomobject]@{ N = 1 }
            Write-Warning 'careful'
            Write-Error 'bad one' -ErrorId Bad
            Write-Verbose 'detail' -Verbose
            Write-Host 'shown'
            Write-Progress 'Work' -Status 'half' -PercentComplete 50
            while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 }
            'last'
        } -ArgumentList $gate
        $following = Start-Beside { param($Id) $VerbosePreference = 'Continue'; Receive-PqTask $Id -Follow } $task.Id
        Wait-Until { $following.Shell.Streams.Progress.Where({ $_.Activity -eq 'Work' }) }
        $following.Output.N | Should -Be 1
        "$($following.Shell.Streams.Warning)" | Should -Be 'careful'
        $following.Shell.Streams.Error.FullyQualifiedErrorId | Should -BeLike 'Bad,*'
        $following.Shell.Streams.Verbose.Message | Should -Contain 'detail'
        "$($following.Shell.Streams.Information)" | Should -Be 'shown'
        $bar = $following.Shell.Streams.Progress.Where({ $_.Activity -eq 'Work' })[0]
        $bar.StatusDescription, $bar.PercentComplete | Should -Be 'half', 50
        ($task | Get-PqTask).State | Should -Be 'Running'
        $following.Running.IsCompleted | Should -BeFalse

        $null = New-Item $gate
        Wait-Beside $following
        $following.Output[-1] | Should -Be 'last'
        $following.Shell.Streams.Progress[-1].RecordType | Should -Be 'Completed'
    }

    It 'waits for the start of one that waits, and says so' {
        $task = Add-PqTask { 'ran' } -Delay 1h
        $following = Start-Beside { param($Id) Receive-PqTask $Id -Follow } $task.Id
        Wait-Until { $following.Shell.Streams.Progress.Count }
        $following.Shell.Streams.Progress[0].StatusDescription | Should -Be 'It waits to be run'
        $null = Invoke-TestSql $server "update $($queue.Schema).task set run_at = now() where id = $($task.Id)"
        Wait-Beside $following
        $following.Output | Should -Be 'ran'
    }

    It 'follows a retry to the end, and writes the error that ended it' {
        $task = Add-PqTask { "attempt $($PqTask.Attempt)"; throw "no $($PqTask.Attempt)" } -MaxAttempts 3 -RetryDelay 100ms
        $written = $task | Receive-PqTask -Follow -ErrorAction SilentlyContinue -ErrorVariable problem
        $written | Should -Be 'attempt 1', 'attempt 2', 'attempt 3'
        "$($problem[-1])" | Should -Be 'no 3'
        $problem.Where({ "$_" -eq 'no 3' }) | Should -HaveCount 1
    }

    It 'follows several at once, and tells whose bar it is' {
        $tasks = 'a', 'b' | Add-PqTask { param($n) Write-Progress 'Step' -Status $n; 1..3 | ForEach-Object { "$n$_"; Start-Sleep -Milliseconds 50 } } -Name { "task $_" }
        $shell = Start-Beside { param($Ids) Receive-PqTask $Ids -Follow } (, [long[]]$tasks.Id)
        Wait-Beside $shell
        $shell.Output | Sort-Object | Should -Be 'a1', 'a2', 'a3', 'b1', 'b2', 'b3'
        $shell.Output.Where({ $_ -like 'a*' }) | Should -Be 'a1', 'a2', 'a3'
        $bars = $shell.Shell.Streams.Progress.Where({ $_.Activity -like '*Step' })
        $bars.Activity | Sort-Object -Unique | Should -Be "$($tasks[0].Id) task a: Step", "$($tasks[1].Id) task b: Step"
        ($bars.ActivityId | Sort-Object -Unique) | Should -HaveCount 2
    }

    It 'tells whose warning it is where several are followed' {
        $ids = 1..2 | Add-PqTask { param($N) Write-Warning "low $N" } -Name disk | ForEach-Object Id
        ($ids | Receive-PqTask -Follow 3>&1 | ForEach-Object Message | Sort-Object) | Should -Be ($ids | ForEach-Object { $n = 1 } { "$_ disk: low $n"; $n++ })
        ($ids[0] | Receive-PqTask -Follow 3>&1).Message | Should -Be 'low 1'
    }

    It 'emits a command''s lines, and what has finished already' {
        $task = Add-PqTask -Command sh -ArgumentList '-c', 'echo one; echo two'
        Receive-PqTask $task.Id -Follow | Should -Be 'one', 'two'
        $task | Receive-PqTask -Follow | Should -Be 'one', 'two'
    }

    It 'says that a task was canceled, and that one is not there' {
        $task = Add-PqTask { Start-Sleep 600 }
        $following = Start-Beside { param($Ids) Receive-PqTask $Ids -Follow } (, [long[]]($task.Id, 987654))
        Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        $task | Stop-PqTask -Reason 'enough'
        Wait-Beside $following
        "$($following.Shell.Streams.Warning)" | Should -Be "Task $($task.Id) was canceled: enough"
        $following.Shell.Streams.Error.FullyQualifiedErrorId | Should -BeLike 'TaskNotFound,*'
    }

    It 'leaves the task running at Ctrl+C' {
        $gate = New-Gate
        $task = Add-PqTask { param($Gate) 'runs'; while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 }; 'done' } -ArgumentList $gate
        $following = Start-Beside { param($Id) Receive-PqTask $Id -Follow } $task.Id
        Wait-Until { $following.Output.Count }
        Stop-Beside $following
        ($task | Get-PqTask).State | Should -Be 'Running'
        $null = New-Item $gate
        $task | Wait-PqTask | Receive-PqTask | Should -Be 'runs', 'done'
    }

    It 'goes on when its connection was lost, with one warning' {
        $gate = New-Gate
        $task = Add-PqTask { param($Gate) 'before'; while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 }; 'after' } -ArgumentList $gate
        $following = Start-Beside { param($Id) Receive-PqTask $Id -Follow } $task.Id
        Wait-Until { $following.Output.Count }
        $null = Invoke-TestSql $server "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%task_output%' and pid <> pg_backend_pid()"
        Wait-Until { $following.Shell.Streams.Warning.Count }
        $null = New-Item $gate
        Wait-Beside $following
        $following.Output | Should -Be 'before', 'after'
        $following.Shell.Streams.Warning | Should -HaveCount 1
        "$($following.Shell.Streams.Warning)" | Should -BeLike 'The connection to PostgreSQL * is lost (*). Going on when it is back.'
    }

    It 'is refused inside a transaction' {
        (Get-Failure { Use-PqTransaction { Add-PqTask { } | Receive-PqTask -Follow } }).FullyQualifiedErrorId | Should -BeLike 'NotInTransaction,*'
    }
}

Describe 'Receive-PqTask' {
    It 'writes only the streams asked for' {
        $task = Add-PqTask { 'out'; Write-Warning 'warn'; throw 'err' }
        $null = $task | Wait-PqTask
        $task | Receive-PqTask -Stream Output 2>&1 3>&1 | Should -Be 'out'
        $task | Receive-PqTask -Stream Warning, Error 2>&1 3>&1 | Should -HaveCount 2
    }

    It 'writes an older run' {
        $task = Add-PqTask { "attempt $($PqTask.Attempt)"; if ($PqTask.Attempt -eq 1) { throw 'first' } } -MaxAttempts 2
        $null = $task | Wait-PqTask
        $task | Receive-PqTask | Should -Be 'attempt 2'
        $task | Receive-PqTask -Run 1 -ErrorAction SilentlyContinue -ErrorVariable problem | Should -Be 'attempt 1'
        "$problem" | Should -Be 'first'
        $task | Receive-PqTask -Run 7 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'RunNotFound,*'
        (Get-PqTask $task.Id -Attempts | Receive-PqTask) | Should -Be 'attempt 2', 'attempt 2'
    }
}

Describe 'Wait-PqTask' {
    AfterEach { Stop-AllBeside }

    It 'emits each as it ends, and with -Any the first alone' {
        $gates = (New-Gate), (New-Gate)
        $tasks = $gates | Add-PqTask { param($Gate) while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 } }
        $any = Start-Beside { param($Ids) Wait-PqTask $Ids -Any } (, [long[]]$tasks.Id)
        $all = Start-Beside { param($Ids) Wait-PqTask $Ids } (, [long[]]$tasks.Id)
        $null = New-Item $gates[1]
        Wait-Beside $any
        $any.Output.Id | Should -Be $tasks[1].Id
        Wait-Until { $all.Output.Count -eq 1 }
        $all.Running.IsCompleted | Should -BeFalse
        $null = New-Item $gates[0]
        Wait-Beside $all
        $all.Output.Id | Should -Be $tasks[1].Id, $tasks[0].Id
    }

    It 'is woken by the end of a task, long before it would look again' {
        $gate = New-Gate
        $task = Add-PqTask { param($Gate) while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 5 } } -ArgumentList $gate
        Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        $late = foreach ($round in 1..5) {
            $waiting = Start-Beside { param($Id) Wait-PqTask $Id; [datetime]::UtcNow } $task.Id
            Wait-Until { Invoke-TestSql $server "select watched from $($queue.Schema).task where id = $($task.Id)" }
            $null = New-Item $gate
            Wait-Beside $waiting
            ($waiting.Output[1] - $waiting.Output[0].FinishedAt.ToUniversalTime()).TotalMilliseconds
            Stop-Beside $waiting
            Remove-Item $gate
            $task | Restart-PqTask
            Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        }

        $null = New-Item $gate
        ($late | Sort-Object)[2] | Should -BeLessThan 400
    }

    It 'goes on when its connection was lost, with one warning' {
        $task = Add-PqTask { } -Delay 1h
        $waiting = Start-Beside { param($Id) Wait-PqTask $Id } $task.Id
        Wait-Until { Invoke-TestSql $server "select watched from $($queue.Schema).task where id = $($task.Id)" }
        $null = Invoke-TestSql $server "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%watch_tasks%' and pid <> pg_backend_pid()"
        Wait-Until { $waiting.Shell.Streams.Warning.Count }
        $task | Stop-PqTask
        Wait-Beside $waiting
        $waiting.Output.State | Should -Be 'Canceled'
        $waiting.Shell.Streams.Warning | Should -HaveCount 1
    }

    It 'says that one was removed, and waits for the others' {
        $tasks = 1..2 | Add-PqTask { } -Delay 1h
        $waiting = Start-Beside { param($Ids) Wait-PqTask $Ids } (, [long[]]$tasks.Id)
        Wait-Until { Invoke-TestSql $server "select watched from $($queue.Schema).task where id = $($tasks[0].Id)" }
        $tasks[0] | Remove-PqTask
        Wait-Until { $waiting.Shell.Streams.Error.Count }
        $tasks[1] | Stop-PqTask
        Wait-Beside $waiting
        $waiting.Output.Id | Should -Be $tasks[1].Id
        $waiting.Shell.Streams.Error.TargetObject | Should -Be $tasks[0].Id
    }
}
