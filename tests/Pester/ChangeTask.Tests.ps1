BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Stop-PqTask' {
    It 'cancels waiting tasks from the pipeline, and says why' {
        $stopped = 1..3 | Add-PqTask { } | Stop-PqTask -Reason 'not wanted' -PassThru
        $stopped | Should -HaveCount 3
        $stopped.State | Sort-Object -Unique | Should -Be 'Canceled'
        "$($stopped[0].Error)" | Should -Be 'not wanted'
    }

    It 'emits nothing where not asked to, and lets finished tasks be' {
        $task = Add-PqTask { }
        $task | Stop-PqTask | Should -BeNullOrEmpty
        $Error.Clear()
        "$($task | Stop-PqTask -Verbose 4>&1)" | Should -BeLike "*$($task.Id) has finished already: Canceled*"
        $Error | Should -BeNullOrEmpty
    }

    It 'cancels what Get-PqTask finds' {
        $null = 1..3 | Add-PqTask { } -Queue filtered -Tag old
        $null = Add-PqTask { } -Queue filtered
        (Get-PqTask -Queue filtered -Tag old -State Ready | Stop-PqTask -PassThru).Count | Should -Be 3
        Get-PqTask -Queue filtered -State Ready | Should -HaveCount 1
    }

    It 'writes an error for what is not there' {
        Stop-PqTask 987654 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -Be 'TaskNotFound,PgQueue.PowerShell.StopTaskCommand'
    }

    It 'changes nothing with -WhatIf' {
        $task = Add-PqTask { }
        $task | Stop-PqTask -WhatIf
        ($task | Get-PqTask).State | Should -Be 'Ready'
    }
}

Describe 'Restart-PqTask' {
    It 'makes finished tasks ready, with the same ids' {
        $tasks = 1..2 | Add-PqTask { }
        $tasks | Stop-PqTask
        $again = Get-PqTask -State Canceled | Where-Object Id -In $tasks.Id | Restart-PqTask -PassThru
        $again.Id | Should -Be $tasks.Id
        $again.State | Sort-Object -Unique | Should -Be 'Ready'
    }

    It 'writes an error for what has not finished or is not there, and restarts the others' {
        $waiting = Add-PqTask { }
        $done = Add-PqTask { }
        $done | Stop-PqTask
        $waiting.Id, 987654, $done.Id | Restart-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem | Should -HaveCount 2
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'TaskNotRestarted,*'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        "$($problem[0])" | Should -BeLike "Task $($waiting.Id) is ready*Stop-PqTask*"
        $problem[1].FullyQualifiedErrorId | Should -BeLike 'TaskNotFound,*'
        ($done | Get-PqTask).State | Should -Be 'Ready'
    }

    It 'names the key that another unfinished task has' {
        $first = Add-PqTask { } -DedupeKey k
        $first | Stop-PqTask
        $null = Add-PqTask { } -DedupeKey k
        $first | Restart-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike "*dedupe key 'k'*"
    }
}

Describe 'Dead letters' {
    BeforeAll {
        $failed = Add-PqTask -Command false -Queue mortal -DeadLetterQueue morgue
        $null = Start-PqWorker mortal -Drain 6>$null
        $letter = Get-PqTask -Queue morgue
    }

    It 'wait in a suspended queue for the failed task that they stand for' {
        ($failed | Get-PqTask).State | Should -Be 'Failed'
        $letter.State | Should -Be 'Ready'
        (Get-PqQueue morgue).Paused | Should -BeTrue
    }

    It 'bring the task back, under its own id and into its own queue' {
        $letter | Restart-PqTask -WhatIf
        ($failed | Get-PqTask).State | Should -Be 'Failed'
        $again = Get-PqTask -Queue morgue | Restart-PqTask -PassThru
        $again.Id | Should -Be $failed.Id
        $again.Queue | Should -Be 'mortal'
        $again.State | Should -Be 'Ready'
        Get-PqTask -Queue morgue | Should -BeNullOrEmpty
    }
}

Describe 'Remove-PqTask' {
    It 'deletes, asked for each' {
        $tasks = 1..2 | Add-PqTask { }
        $tasks | Remove-PqTask -WhatIf
        ($tasks | Get-PqTask) | Should -HaveCount 2
        $tasks | Remove-PqTask
        $tasks | Get-PqTask -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'writes an error for each id that is not there' {
        987654, 987655 | Remove-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.TargetObject | Should -Be 987654, 987655
    }
}

Describe 'Clear-PqCompleted and Clear-PqFailed' {
    BeforeAll {
        function Complete-Task($State, $In, $Count) {
            1..$Count | Add-PqTask { } -Queue $In | Stop-PqTask
            $null = Invoke-TestSql $server "update $($queue.Schema).history set state = '$State' where queue = '$In'"
        }
    }

    It 'delete what the filters name, and count on request' {
        Complete-Task completed one 3
        Complete-Task failed two 2
        Clear-PqCompleted -Before 1h -PassThru | Should -Be 0
        Clear-PqCompleted -Queue two -PassThru | Should -Be 0
        Clear-PqCompleted -WhatIf -PassThru | Should -BeNullOrEmpty
        (Get-PqTask -State Completed) | Should -HaveCount 3
        Clear-PqCompleted | Should -BeNullOrEmpty
        Get-PqTask -State Completed | Should -BeNullOrEmpty
        Clear-PqFailed -Before (Get-Date).AddMinutes(5) -PassThru | Should -Be 2
    }
}

Describe 'Get-PqFailedTask' {
    It 'reads the failed ones of a time, to be restarted' {
        $tasks = 1..3 | Add-PqTask { } -Queue failing
        $tasks | Stop-PqTask -Reason 'request timeout'
        $null = Invoke-TestSql $server "update $($queue.Schema).history set state = 'failed' where queue = 'failing'"
        Get-PqFailedTask -Before 1h | Should -BeNullOrEmpty
        Get-PqFailedTask -Since 1h | Where-Object Error -Match timeout | Restart-PqTask
        ($tasks | Get-PqTask).State | Sort-Object -Unique | Should -Be 'Ready'
        Get-PqFailedTask | Should -BeNullOrEmpty
    }
}

Describe 'Wait-PqTask' {
    It 'emits what has finished already' {
        $tasks = 1..3 | Add-PqTask { }
        $tasks | Stop-PqTask
        ($tasks | Wait-PqTask).Id | Should -Be $tasks.Id
        $tasks | Wait-PqTask -Any | Should -HaveCount 1
    }

    It 'names those that had not finished when the time ran out' {
        $done = Add-PqTask { }
        $done | Stop-PqTask
        $open = Add-PqTask { }
        $found = $done, $open | Wait-PqTask -Timeout 300ms -ErrorAction SilentlyContinue -ErrorVariable problem
        $found.Id | Should -Be $done.Id
        $problem.FullyQualifiedErrorId | Should -BeLike 'WaitTimeout,*'
        $problem.CategoryInfo.Category | Should -Be 'OperationTimeout'
        "$problem" | Should -BeLike "1 of 2 tasks*$($open.Id)*"
    }

    It 'writes an error for what is not there, and waits for the others' {
        $done = Add-PqTask { }
        $done | Stop-PqTask
        $found = $done.Id, 987654 | Wait-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $found.Id | Should -Be $done.Id
        $problem.TargetObject | Should -Be 987654
    }

    It 'returns as soon as a task ends' {
        $task = Add-PqTask { }
        $module, $id = $ModulePath, $task.Id
        $canceler = Start-ThreadJob { Import-Module $using:module; Stop-PqTask $using:id -Connection $using:queue }
        (Wait-PqTask $task.Id -Timeout 20s).State | Should -Be 'Canceled'
        $canceler | Wait-Job | Remove-Job
    }

    It 'gives way to Ctrl+C' {
        $task = Add-PqTask { }
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($module, $queue, $id) Import-Module $module; Wait-PqTask $id -Connection $queue').AddArgument($ModulePath).AddArgument($queue).AddArgument($task.Id)
        $running = $shell.BeginInvoke()
        Wait-Until { $shell.Streams.Progress.Count -gt 0 }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 3
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $running.IsCompleted | Should -BeTrue
        $shell.Dispose()
    }
}

Describe 'What stands for an id or a name as an argument' {
    It 'is a task, from another session too, wherever tasks are wanted' {
        $tasks = 1..2 | Add-PqTask { }
        $saved = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-PqTask $tasks[0])))
        (Get-PqTask $tasks).Id | Should -Be $tasks.Id
        (Set-PqTask $saved -Priority High -PassThru).Id | Should -Be $tasks[0].Id
        (Stop-PqTask $tasks[0], $tasks[1].Id -PassThru).State | Should -Be Canceled, Canceled
        (Wait-PqTask $saved -Timeout 1s).Id | Should -Be $tasks[0].Id
        Receive-PqTask $saved -ErrorAction Stop | Should -BeNullOrEmpty
        (Restart-PqTask $tasks[1] -PassThru).Id | Should -Be $tasks[1].Id
        Remove-PqTask $tasks
        Get-PqTask $tasks -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        { Stop-PqTask (Get-Item .) } | Should -Throw '*Id*'
    }

    It 'is a queue or a schedule, wherever their names are wanted' {
        Set-PqQueue argued
        (Suspend-PqQueue (Get-PqQueue argued) -PassThru).Name | Should -Be argued
        (Get-PqQueue (Measure-PqQueue argued)).Paused | Should -BeTrue
        $schedule = Register-PqSchedule argued -Every 1h { }
        (Suspend-PqSchedule $schedule -PassThru).State | Should -Be Suspended
        Start-PqSchedule $schedule | Get-PqSchedule | Should -HaveCount 1
        Unregister-PqSchedule $schedule -Confirm:$false
    }
}
