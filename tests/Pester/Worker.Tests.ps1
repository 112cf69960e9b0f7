BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # Runs all that waits, and tells nothing.
    function Invoke-Queue {
        Start-PqWorker -Drain -Concurrency 4 6>$null @args
    }

    # A worker in a process of its own.
    function Start-WorkerProcess {
        param([string] $Parameters)
        $log = Join-Path $TestDrive "worker-$([guid]::NewGuid().ToString('N')).log"
        $command = "Import-Module '$ModulePath'; `$null = Connect-PqQueue `$env:PGQUEUE_TEST_SERVER -Schema '$($queue.Schema)'; Start-PqWorker $Parameters; 'session goes on'"
        $env:PGQUEUE_TEST_SERVER = $server
        try {
            $process = Start-Process pwsh '-NoProfile', '-EncodedCommand', ([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($command))) -PassThru -RedirectStandardOutput $log -RedirectStandardError "$log.err"
            $process | Add-Member Log $log -PassThru
        }
        finally {
            $env:PGQUEUE_TEST_SERVER = $null
        }
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'The main job' {
    It 'adds 100 script blocks from the pipeline, runs them, and receives 100 objects with their types' {
        1..100 | Add-PqTask { param($n) [pscustomobject]@{ N = $n; Square = $n * $n } } | Should -HaveCount 100
        $summary = Start-PqWorker -Drain -Concurrency 4 6>$null
        $summary.Completed | Should -Be 100
        $objects = Get-PqTask -State Completed | Receive-PqTask
        $objects | Should -HaveCount 100
        $objects.N | Sort-Object | Should -Be (1..100)
        foreach ($object in $objects) {
            $object.Square | Should -BeOfType [int]
            $object.Square | Should -Be ($object.N * $object.N)
        }

        Clear-PqCompleted -PassThru | Should -Be 100
    }
}

Describe 'What tasks get and give' {
    BeforeAll {
        $text = 'of the caller'
        $sent = @{
            int      = 1
            small    = 5L
            long     = 5000000000
            double   = [double]5
            decimal  = 1.10d
            text     = "a`0b"
            time     = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
            bytes    = [byte[]](1, 2, 255)
            array    = @(1, 'a', $null)
            object   = [pscustomobject]@{ Zebra = 1; A = 'x' }
            hash     = @{ deep = @{ deeper = @{ bottom = 7 } } }
        }
        $tasks = @{
            types   = Add-PqTask {
                param($Named)
                $Named.GetEnumerator() | ForEach-Object { [pscustomobject]@{ Key = $_.Key; Type = "$(if ($null -ne $_.Value) { $_.Value.GetType().Name })"; Text = "$($_.Value)" } }
                $Named.hash.deep.deeper.bottom
                $Named.object.psobject.Properties.Name -join ','
            } -Parameters @{ Named = $sent }
            apart   = Add-PqTask { param($a, $b, $c, $d) "$($a.GetType().Name) $($b.GetType().Name) $($c.GetType().Name) $($d.GetType().Name)" } -ArgumentList 1, ([double]5), 5000000000, 'x'
            using   = Add-PqTask { $using:text; ($using:sent.double).GetType().Name; (1..2 | ForEach-Object { $_ }) }
            folder  = Add-PqTask { $PWD.Path; $env:PGQ_X; $PqTask.Attempt; (Get-Module Pester).Name } -WorkingDirectory $TestDrive -Environment @{ PGQ_X = 'set' } -Module Pester
            streams = Add-PqTask {
                Write-Warning 'careful'
                Write-Verbose 'detail' -Verbose
                Write-Information 'told' -Tags mine
                Write-Host 'shown'
                Write-Error 'bad one' -ErrorId Bad -Category LimitsExceeded -TargetObject thing
                'went on'
            }
            throws  = Add-PqTask { 'before'; throw [IO.FileNotFoundException]::new('no such file') }
            command = Add-PqTask -Command sh -ArgumentList '-c', 'echo one; echo two >&2; echo three'
            code    = Add-PqTask -Command sh -ArgumentList '-c', 'exit 3'
            three   = Add-PqTask -Command sh -ArgumentList '-c', 'exit 3' -SuccessExitCode 0, 3
            absent  = Add-PqTask -Command no-such-program
            method  = Add-PqTask -Assembly ([uri].Assembly.Location) -Method 'System.Uri::FromHex' -ArgumentList f
            nowhere = Add-PqTask -Assembly /no/such.dll -Method 'A.B::C'
            retried = Add-PqTask { if ($PqTask.Attempt -lt 2) { throw 'not yet' } 'now' } -MaxAttempts 2
            file    = Get-Item $PSCommandPath | Add-PqTask { param($File) (Get-Content $File -TotalCount 1); $File.Length; $File.psobject.TypeNames[0] }
            late    = Add-PqTask { Start-Sleep 60 } -Timeout 1s
            many    = Add-PqTask -Command sh -ArgumentList '-c', 'for n in 1 2 3 4 5; do sleep 60 & done; wait' -ProcessLimit 3
        }
        $summary = Invoke-Queue
    }

    It 'is counted' {
        $summary.Completed | Should -Be 10
        $summary.Failed | Should -Be 6
        $summary.Retried | Should -Be 1
    }

    It 'keeps the types of arguments' {
        $got = $tasks.types | Receive-PqTask
        $types = @{}
        $got | Where-Object Key | ForEach-Object { $types[$_.Key] = $_ }
        $types.int.Type | Should -Be 'Int32'
        $types.small.Type | Should -Be 'Int64'
        $types.long.Type | Should -Be 'Int64'
        $types.double.Type | Should -Be 'Double'
        $types.decimal.Type | Should -Be 'Decimal'
        $types.decimal.Text | Should -Be '1.10'
        $types.text.Text | Should -Be "a`0b"
        $types.time.Type | Should -Be 'DateTime'
        $types.bytes.Type | Should -Be 'Byte[]'
        $types.array.Text | Should -Be '1 a '
        $got | Should -Contain 7
        $got | Should -Contain 'Zebra,A'
        $tasks.apart | Receive-PqTask | Should -Be 'Int32 Double Int64 String'
    }

    It 'takes $using: values, folder, environment and modules along' {
        $tasks.using | Receive-PqTask | Should -Be 'of the caller', 'Double', 1, 2
        $tasks.folder | Receive-PqTask | Should -Be (Get-Item $TestDrive).FullName, 'set', 1, 'Pester'
    }

    It 'takes files from the pipeline, usable as such' {
        $tasks.file | Receive-PqTask | Should -Be 'BeforeAll {', (Get-Item $PSCommandPath).Length, 'Deserialized.System.IO.FileInfo'
    }

    It 'writes each stream to its own' {
        $all = $tasks.streams | Receive-PqTask -Verbose -InformationAction Continue *>&1
        ($all | Where-Object { $_ -is [Management.Automation.WarningRecord] }).Message | Should -Be 'careful'
        ($all | Where-Object { $_ -is [Management.Automation.VerboseRecord] }).Message | Should -Contain 'detail'
        $told, $shown = $all | Where-Object { $_ -is [Management.Automation.InformationRecord] }
        "$told" | Should -Be 'told'
        $told.Tags | Should -Be 'mine'
        "$shown" | Should -Be 'shown'
        $all | Should -Contain 'went on'
        $error1 = $all | Where-Object { $_ -is [Management.Automation.ErrorRecord] }
        "$error1" | Should -Be 'bad one'
        $error1.FullyQualifiedErrorId | Should -BeLike '*Bad*'
        $error1.CategoryInfo.Category | Should -Be 'LimitsExceeded'
    }

    It 'writes what ended a script as an error, after its output' {
        $got = $tasks.throws | Receive-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $got | Should -Be 'before'
        $problem | Should -HaveCount 1
        "$problem" | Should -Be 'no such file'
        $problem.CategoryInfo.Reason | Should -Be 'FileNotFoundException'
        $failed = $tasks.throws | Get-PqTask
        $failed.Error.Type | Should -Be 'System.IO.FileNotFoundException'
        $failed.Error.Position | Should -Match 'throw'
    }

    It 'gives a command''s lines, and its errors as such' {
        $got = $tasks.command | Receive-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $got | Should -Be 'one', 'three'
        "$problem" | Should -Be 'two'
        $problem.CategoryInfo.Category | Should -Be 'FromStdErr'
    }

    It 'tells ends apart' {
        ($tasks.code | Get-PqTask).Ended | Should -Be 'ExitCode'
        ($tasks.code | Get-PqTask).ExitCode | Should -Be 3
        ($tasks.three | Get-PqTask).State | Should -Be 'Completed'
        ($tasks.late | Get-PqTask).Ended | Should -Be 'Timeout'
        ($tasks.many | Get-PqTask).Ended | Should -Be 'Processes'
        "$(($tasks.many | Get-PqTask).Error)" | Should -BeLike '*processes at once, more than its limit of 3. If it needs them, give it a higher ProcessLimit.'
        "$(($tasks.absent | Get-PqTask).Error)" | Should -BeLike '*no-such-program*'
        "$(($tasks.nowhere | Get-PqTask).Error)" | Should -BeLike '*/no/such.dll*'
    }

    It 'gives a method''s result with its type' {
        $got = $tasks.method | Receive-PqTask
        $got | Should -Be 15
        $got | Should -BeOfType [int]
    }

    It 'gives the last attempt''s output, as often as it is asked for' {
        $tasks.retried | Receive-PqTask | Should -Be 'now'
        $tasks.retried | Receive-PqTask | Should -Be 'now'
        ($tasks.retried | Get-PqTask).Attempt | Should -Be 2
    }

    It 'is found among the failed' {
        (Get-PqFailedTask -Since 1h).Id | Should -Contain $tasks.throws.Id
        (Get-PqFailedTask | Where-Object Error -Match 'no such file').Id | Should -Be $tasks.throws.Id
        $tasks.throws | Restart-PqTask
        ($tasks.throws | Get-PqTask).State | Should -Be 'Ready'
        $tasks.throws | Remove-PqTask
    }

    It 'is an error for an id that is not there' {
        987654 | Receive-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -Be 'TaskNotFound,PgQueue.PowerShell.ReceiveTaskCommand'
    }
}

Describe 'Start-PqWorker' {
    It 'runs one task with -Once, and ends at once where none is ready' {
        1..2 | Add-PqTask -Command true -Queue once | Out-Null
        (Start-PqWorker once -Once 6>$null).Completed | Should -Be 1
        (Start-PqWorker once -Once 6>$null).Completed | Should -Be 1
        (Start-PqWorker once -Once 6>$null).Completed | Should -Be 0
    }

    It 'serves the queues it is told, and tells of each end' {
        $here = Add-PqTask -Command true -Queue serve-a
        $there = Add-PqTask -Command true -Queue other
        $lines = Start-PqWorker 'serve-*' -Drain -Name teller 6>&1
        "$lines" | Should -Match "teller takes tasks.*completed +$($here.Id) "
        ($there | Get-PqTask).State | Should -Be 'Ready'
        $there | Remove-PqTask
    }

    It 'takes only tasks of its priorities' {
        $tasks = 'Batch', 'Low', 'Normal', 'High', 'Critical', 2147483647 | ForEach-Object { Add-PqTask -Command true -Queue priorities -Priority $_ }
        (Start-PqWorker priorities -Drain -Priority High 6>$null).Completed | Should -Be 1
        ($tasks[3] | Get-PqTask).State | Should -Be 'Completed'
        (Start-PqWorker priorities -Drain -Priority ..Low 6>$null).Completed | Should -Be 2
        (Start-PqWorker priorities -Drain -Priority 1..10, Critical.. 6>$null).Completed | Should -Be 2
        ($tasks[2] | Get-PqTask).State | Should -Be 'Ready'
        (Start-PqWorker priorities -Drain -Priority Normal..High 6>$null).Completed | Should -Be 1
    }

    It 'takes only tasks of its tags and names' {
        $null = Add-PqTask -Command true -Queue picks -Tag gpu -Name import-1
        $null = Add-PqTask -Command true -Queue picks -Tag disk -Name import-2
        $null = Add-PqTask -Command true -Queue picks -Tag gpu -Name export-1
        (Start-PqWorker picks -Drain -Tag gpu, none -TaskName 'import*' 6>$null).Completed | Should -Be 1
        (Start-PqWorker picks -Drain -TaskName 'export*', 'import-2' 6>$null).Completed | Should -Be 2
    }

    It 'runs no more tasks of a queue at once than -QueueConcurrency says' {
        $tasks = 1..4 | Add-PqTask -Command sleep -ArgumentList 0.3 -Queue capped-1
        $null = Start-PqWorker 'capped-*' -Drain -Concurrency 4 -QueueConcurrency @{ 'capped*' = 1; other = 3 } 6>$null
        $done = $tasks | Get-PqTask | Sort-Object StartedAt
        1..3 | ForEach-Object { $done[$_].StartedAt | Should -BeGreaterOrEqual $done[$_ - 1].FinishedAt }
    }

    It 'refuses a filter that can''t be read: <Name>' -ForEach @(
        @{ Name = 'no priority'; Bad = @{ Priority = 'soon' }; Says = "*'soon' is no priority*High..*" }
        @{ Name = 'priorities the wrong way round'; Bad = @{ Priority = 'High..Low' }; Says = '*begin with the lower*' }
        @{ Name = 'no number of tasks'; Bad = @{ QueueConcurrency = @{ a = 'x' } }; Says = 'QueueConcurrency ''a = x''*' }
        @{ Name = 'no tasks at all'; Bad = @{ QueueConcurrency = @{ a = 0 } }; Says = 'QueueConcurrency ''a = 0''*at least 1*' }
    ) {
        "$(Get-Failure { Start-PqWorker -Drain @Bad })" | Should -BeLike $Says
    }

    It 'ends after the time of -For' {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        Start-PqWorker -For 500ms 6>$null | Out-Null
        $clock.Elapsed.TotalSeconds | Should -BeGreaterThan 0.4
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 8
    }

    It 'refuses a bad option' {
        $failure = Get-Failure { Start-PqWorker -Concurrency 0 }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        "$failure" | Should -BeLike "*Concurrency '0'*1 to 1000*"
        "$(Get-Failure { Start-PqWorker -ProcessLimit -1 })" | Should -Be "ProcessLimit '-1' must not be negative."
    }

    It 'lets its tasks finish when the pipeline is stopped' {
        $task = Add-PqTask -Command sleep -ArgumentList 1.5 -Queue stopped
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($module, $queue) Import-Module $module; Start-PqWorker stopped -Connection $queue').AddArgument($ModulePath).AddArgument($queue)
        $null = $shell.BeginInvoke()
        Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        $shell.Stop()
        ($task | Get-PqTask).State | Should -Be 'Completed'
        $shell.Dispose()
    }

    It 'drains at SIG<Signal>, and ends its tasks at a second one' -Skip:$IsWindows -ForEach @(
        @{ Signal = 'INT' }, @{ Signal = 'TERM' }
    ) {
        $task = Add-PqTask -Command sleep -ArgumentList 60 -Queue signals
        $worker = Start-WorkerProcess 'signals'
        Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        kill "-$Signal" $worker.Id
        Wait-Until { (Get-Content $worker.Log -Raw) -match 'Finishing 1 task;' }
        ($task | Get-PqTask).State | Should -Be 'Running'
        kill "-$Signal" $worker.Id
        $worker.WaitForExit(20000) | Should -BeTrue
        ($task | Get-PqTask).State | Should -Be 'Ready'
        $task | Remove-PqTask
        if ($Signal -eq 'TERM') {
            # Nobody stopped the pipeline: what comes after the worker is run.
            Get-Content $worker.Log -Raw | Should -Match 'session goes on'
            $worker.ExitCode | Should -Be 0
        }
    }
}

Describe 'Get-PqWorker and Stop-PqWorker' {
    It 'see a worker of another process, and stop it' {
        $task = Add-PqTask -Command sleep -ArgumentList 2 -Queue remote -Tag r
        $process = Start-WorkerProcess 'remote -Name remote-one -Concurrency 3 -Priority Normal.. -Tag r, s -QueueConcurrency @{ remote = 2 }'
        Wait-Until { ($task | Get-PqTask).State -eq 'Running' }
        $worker = Get-PqWorker remote-*
        $worker.ProcessId | Should -Be $process.Id
        $worker.Concurrency | Should -Be 3
        $worker.Running | Should -Be 1
        $worker.Queues | Should -Be 'remote'
        $worker.Filter | Should -Be 'priority 50..; tag r, s; at once remote: 2'
        ($worker | Out-String -Width 120) | Should -BeLike '*remote; priority 50..; tag r, s; at once remote: 2*'

        $worker | Stop-PqWorker -WhatIf
        (Get-PqWorker remote-one).State | Should -Not -Be 'Draining'
        $worker | Stop-PqWorker
        $process.WaitForExit(20000) | Should -BeTrue
        ($task | Get-PqTask).State | Should -Be 'Completed'
        Get-PqWorker remote-one -State Idle, Busy | Should -BeNullOrEmpty
    }

    It 'take no task for a worker, and no worker for a task' {
        $added = Add-PqTask { 1 } -Queue never-run
        $errors = @($added, ($added | Get-PqTask) | Stop-PqWorker 2>&1)
        $errors.Count | Should -Be 2
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*StopWorkerCommand'
        "$errors" | Should -BeLike '*This is a task, not a worker*'
        $deserialized = [pscustomobject]@{ Id = 1 }
        $deserialized.psobject.TypeNames.Insert(0, 'Deserialized.PgQueue.WorkerInfo')
        foreach ($command in 'Stop-PqTask', 'Remove-PqTask', 'Restart-PqTask', 'Wait-PqTask', 'Receive-PqTask', 'Get-PqTask') {
            "$($deserialized | & $command 2>&1)" | Should -BeLike '*This is a worker, not a task*' -Because $command
        }
    }

    It 'write an error for a worker that is not there' {
        Stop-PqWorker 987654 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -Be 'WorkerNotFound,PgQueue.PowerShell.StopWorkerCommand'
        Stop-PqWorker -Name nobody -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.TargetObject | Should -Be 'nobody'
        Stop-PqWorker -Name 'nobody*'
    }

    It 'say of a worker that has died that nothing is left to stop' {
        $ghost = Invoke-TestSql $server "insert into $($queue.Schema).worker (name, host, process_id, version, concurrency, lost_at)
            values ('ghost', 'elsewhere', 1, '0.1.0', 1, now()) returning id"
        (Get-PqWorker ghost).State | Should -Be 'Lost'
        foreach ($problem in (Get-Failure { Stop-PqWorker $ghost -ErrorAction Stop }), (Get-Failure { Stop-PqWorker -Name ghost -ErrorAction Stop })) {
            $problem.FullyQualifiedErrorId | Should -Be 'WorkerLost,PgQueue.PowerShell.StopWorkerCommand'
            "$problem" | Should -BeLike "Worker $ghost (ghost) on elsewhere is lost since *nothing to stop."
        }

        { Stop-PqWorker -Name 'ghost*' -ErrorAction Stop } | Should -Not -Throw
        Get-PqWorker ghost | Out-String -Width 80 | Should -Match 'ghost +elsewhere +Lost +0/1 +\d+s \*'
    }
}
