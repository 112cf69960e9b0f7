BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # What a view shows in a console of 80 columns.
    function Get-Screen($Objects) {
        ($Objects | Out-String -Width 80).Trim().Split("`n").TrimEnd()
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Set-PqQueue' {
    It 'makes a queue with all its settings' {
        $made = Set-PqQueue import -MaxConcurrency 3 -RateLimit 10/s -RateBurst 5 -DefaultTimeout 30m -DefaultMaxAttempts 4 `
            -DefaultBackoff 1m, 5m -DefaultRetryJitter 0.2 -DefaultRetryOn 'System.Net.*' -DefaultNoRetryOn 3 `
            -DeadLetterQueue morgue -Retention 7d -RetentionCount 1000 -PassThru
        $made.psobject.TypeNames | Should -Contain 'PgQueue.QueueInfo'
        $made.Name | Should -Be 'import'
        $made.Paused | Should -BeFalse
        $made.MaxConcurrency | Should -Be 3
        $made.RateCount | Should -Be 10
        $made.RatePeriod | Should -Be ([timespan]'00:00:01')
        $made.RateBurst | Should -Be 5
        $made.DefaultTimeout | Should -Be ([timespan]'00:30:00')
        $made.DefaultMaxAttempts | Should -Be 4
        $made.DefaultRetry.Delays | Should -Be ([timespan]'00:01:00'), ([timespan]'00:05:00')
        $made.DefaultRetry.Jitter | Should -Be 0.2
        $made.DefaultRetry.RetryOn | Should -Be 'System.Net.*'
        $made.DefaultRetry.NoRetryOn | Should -Be '3'
        $made.DeadLetterQueue | Should -Be 'morgue'
        $made.Retention | Should -Be ([timespan]'7.00:00:00')
        $made.RetentionCount | Should -Be 1000
    }

    It 'changes only what is given, and takes away what -Clear names' {
        $changed = Set-PqQueue import -MaxConcurrency 5 -Clear RateLimit, DefaultRetry, DeadLetterQueue -PassThru
        $changed.MaxConcurrency | Should -Be 5
        $changed.RateCount, $changed.RateBurst, $changed.DefaultRetry, $changed.DeadLetterQueue | Should -Be $null, $null, $null, $null
        $changed.DefaultTimeout | Should -Be ([timespan]'00:30:00')
    }

    It 'gives its defaults to tasks that say nothing of their own' {
        Set-PqQueue defaults -DefaultTimeout 90s -DefaultMaxAttempts 3
        $plain, $own = (Add-PqTask { } -Queue defaults), (Add-PqTask { } -Queue defaults -Timeout 5s -MaxAttempts 1) | Get-PqTask
        $plain.Timeout | Should -Be ([timespan]'00:01:30')
        $plain.MaxAttempts | Should -Be 3
        $own.Timeout | Should -Be ([timespan]'00:00:05')
        $own.MaxAttempts | Should -Be 1
    }

    It 'takes a rate as <Text>' -ForEach @(
        @{ Text = '10/s'; Count = 10; Period = '00:00:01' }, @{ Text = '100/m'; Count = 100; Period = '00:01:00' }
        @{ Text = '500/15m'; Count = 500; Period = '00:15:00' }, @{ Text = '2 / 1h30m'; Count = 2; Period = '01:30:00' }
        @{ Text = '5/00:00:10'; Count = 5; Period = '00:00:10' }, @{ Text = '3/30'; Count = 3; Period = '00:00:30' }
    ) {
        $set = Set-PqQueue rates -RateLimit $Text -PassThru
        $set.RateCount | Should -Be $Count
        $set.RatePeriod | Should -Be ([timespan]$Period)
    }

    It 'says how a rate is written: <_>' -ForEach '10', '0/s', '-1/s', '1/soon', '/s', '10/', '1.5/s', '1/0s' {
        (Get-Failure { Set-PqQueue rates -RateLimit $_ }) | Should -BeLike '*is no rate limit. Write*10/s*'
    }

    It 'changes queues from the pipeline, and by wildcard' {
        'w1', 'w2' | Set-PqQueue
        (Get-PqQueue w? | Set-PqQueue -MaxConcurrency 2 -PassThru).Name | Should -Be 'w1', 'w2'
        (Set-PqQueue 'w*' -Clear MaxConcurrency -PassThru).MaxConcurrency | Should -Be $null, $null
        Set-PqQueue 'no-such-*' -MaxConcurrency 2 -PassThru | Should -BeNullOrEmpty
    }

    It 'makes none with -WhatIf' {
        Set-PqQueue never -MaxConcurrency 2 -WhatIf
        Get-PqQueue never* | Should -BeNullOrEmpty
    }

    It 'keeps all, until told how long again' {
        (Set-PqQueue keeper -KeepAll -PassThru).KeepAll | Should -BeTrue
        (Set-PqQueue keeper -MaxConcurrency 1 -PassThru).KeepAll | Should -BeTrue
        (Get-PqQueue keeper).Retention | Should -BeNullOrEmpty
        $set = Set-PqQueue keeper -Retention 3d -PassThru
        $set.KeepAll | Should -BeFalse
        $set.Retention | Should -Be ([timespan]'3.00:00:00')
        (Set-PqQueue keeper -KeepAll -PassThru | Set-PqQueue -Clear KeepAll -PassThru).KeepAll | Should -BeFalse
    }

    It 'sets what holds for queues that say nothing of their own' {
        (Get-PqQueue default).Retention | Should -Be ([timespan]'30.00:00:00')
        Set-PqQueue -Default -Retention 90d -RetentionCount 500 -WhatIf
        (Get-PqQueue default).Retention | Should -Be ([timespan]'30.00:00:00')
        Set-PqQueue -Default -Retention 90d -RetentionCount 500
        (Get-PqQueue default).Retention | Should -Be ([timespan]'90.00:00:00')
        (Get-PqQueue default).RetentionCount | Should -Be 500
        (Get-PqQueue keeper).Retention | Should -Be ([timespan]'3.00:00:00')
        Set-PqQueue -Default -KeepAll
        (Get-PqQueue default).Retention, (Get-PqQueue default).RetentionCount | Should -Be $null, $null
        Set-PqQueue -Default -Retention 30d
    }

    It 'refuses a bad option before anything is set: <Name>' -ForEach @(
        @{ Name = 'no task at once'; Bad = @{ MaxConcurrency = 0 }; Says = 'MaxConcurrency ''0''*at least 1*' }
        @{ Name = 'no burst'; Bad = @{ RateLimit = '5/s'; RateBurst = 0 }; Says = 'RateBurst ''0''*' }
        @{ Name = 'a negative time'; Bad = @{ Retention = -5 }; Says = 'Retention*longer than zero*' }
        @{ Name = 'a negative number'; Bad = @{ RetentionCount = -5 }; Says = 'RetentionCount*not be negative*' }
        @{ Name = 'no attempts'; Bad = @{ DefaultMaxAttempts = 0 }; Says = 'DefaultMaxAttempts ''0''*' }
        @{ Name = 'a negative wait'; Bad = @{ DefaultRetryDelay = -5 }; Says = 'DefaultRetryDelay*not be negative*' }
        @{ Name = 'two ways to wait'; Bad = @{ DefaultBackoff = 5, 10; DefaultRetryDelay = 5 }; Says = 'DefaultBackoff*DefaultRetryDelay can''t be given*' }
        @{ Name = 'all and some'; Bad = @{ KeepAll = $true; Retention = '5d' }; Says = 'KeepAll*Retention*' }
        @{ Name = 'set and taken away'; Bad = @{ RateLimit = '5/s'; Clear = 'RateLimit' }; Says = 'Clear ''RateLimit''*' }
    ) {
        $failure = Get-Failure { Set-PqQueue refused @Bad }
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidArgument,PgQueue.PowerShell.SetQueueCommand'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -BeLike $Says
        Get-PqQueue refused* | Should -BeNullOrEmpty
    }

    It 'writes an error for the queue that can''t have a setting, and sets the others' {
        $set = 'dead', 'alive' | Set-PqQueue -DeadLetterQueue dead -PassThru -ErrorAction SilentlyContinue -ErrorVariable problem
        $set.Name | Should -Be 'alive'
        $problem.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        $problem.TargetObject | Should -Be 'dead'
        Set-PqQueue alive -RateBurst 5 -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike 'RateBurst ''5'' needs RateLimit*alive*'
    }

    It 'needs to be told what -Default is' {
        (Get-Failure { Set-PqQueue -Default }) | Should -BeLike 'Default needs Retention, RetentionCount or KeepAll*'
        (Get-Failure { Set-PqQueue -Default -Retention 0 }).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
    }
}

Describe 'Get-PqQueue' {
    It 'finds queues by name and wildcard, in their order' {
        'find-b', 'find-a', 'find-c' | Set-PqQueue
        (Get-PqQueue find-*).Name | Should -Be 'find-a', 'find-b', 'find-c'
        (Get-PqQueue).Name | Should -Contain 'default'
    }

    It 'writes an error for a name that is not there' {
        (Get-PqQueue nobody, find-a -ErrorAction SilentlyContinue -ErrorVariable problem).Name | Should -Be 'find-a'
        $problem.FullyQualifiedErrorId | Should -Be 'QueueNotFound,PgQueue.PowerShell.GetQueueCommand'
        $problem.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem.TargetObject | Should -Be 'nobody'
        Get-PqQueue nobody* | Should -BeNullOrEmpty
    }

    It 'fits a console of 80 columns' {
        $null = Set-PqQueue screen -MaxConcurrency 12 -RateLimit 500/15m -DefaultTimeout 90s -DefaultMaxAttempts 5 -DeadLetterQueue morgue -Retention 7d -RetentionCount 10
        $screen = Get-Screen (Get-PqQueue screen)
        $screen[-1] | Should -Be 'screen             active      12  500/15m   1m30s     5 morgue       7d, 10'
        $screen | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
        Get-Screen (Get-PqQueue screen | Format-List) | Should -Contain 'RateLimit          : 500/15m'
    }

    It 'completes names where queues are meant' -ForEach 'Get-PqQueue', 'Set-PqQueue', 'Suspend-PqQueue', 'Resume-PqQueue', 'Measure-PqQueue',
    'Clear-PqQueue', 'Set-PqQueue x -DeadLetterQueue', 'Add-PqTask { } -Queue', 'Add-PqTask { } -DeadLetterQueue', 'Set-PqTask 1 -Queue' {
        (Get-Completion "$_ find-").CompletionText | Should -Be 'find-a', 'find-b', 'find-c'
    }
}

Describe 'Suspend-PqQueue and Resume-PqQueue' {
    It 'let tasks wait, and go on' {
        $task = Add-PqTask -Command true -Queue pausing
        Suspend-PqQueue pausing | Should -BeNullOrEmpty
        (Get-PqQueue pausing).Paused | Should -BeTrue
        (Start-PqWorker pausing -Drain 6>$null).Completed | Should -Be 0
        ($task | Get-PqTask).State | Should -Be 'Ready'
        (Get-PqQueue pausing | Resume-PqQueue -PassThru).Paused | Should -BeFalse
        (Start-PqWorker pausing -Drain 6>$null).Completed | Should -Be 1
    }

    It 'take wildcards, and what Measure-PqQueue emits' {
        'p1', 'p2' | Set-PqQueue
        (Suspend-PqQueue p? -PassThru).Paused | Should -Be $true, $true
        (Measure-PqQueue p? | Resume-PqQueue -PassThru).Paused | Should -Be $false, $false
    }

    It 'take a task''s queue, not the queue of the task''s name' {
        Set-PqQueue named-alike
        $task = Add-PqTask { 1 } -Name named-alike -Queue of-the-task
        ($task | Suspend-PqQueue -PassThru).Name | Should -Be of-the-task
        (Get-PqTask $task.Id | Get-PqQueue).Paused | Should -BeTrue
        (Get-PqTask $task.Id | Measure-PqQueue).Queue | Should -Be of-the-task
        (Get-PqTask $task.Id | Select-Object Name, Queue | Resume-PqQueue -PassThru).Name | Should -Be of-the-task
        ([pscustomobject]@{ Name = 'named-alike' } | Get-PqQueue).Name | Should -Be named-alike
    }

    It 'change nothing with -WhatIf' {
        Suspend-PqQueue p1 -WhatIf
        (Get-PqQueue p1).Paused | Should -BeFalse
    }

    It 'write an error for a queue that is not there, and make none' {
        Suspend-PqQueue nobody -ErrorAction SilentlyContinue -ErrorVariable problem
        Resume-PqQueue nobody -ErrorAction SilentlyContinue -ErrorVariable +problem
        $problem.FullyQualifiedErrorId | Should -Be 'QueueNotFound,PgQueue.PowerShell.SuspendQueueCommand', 'QueueNotFound,PgQueue.PowerShell.ResumeQueueCommand'
        Get-PqQueue nobody* | Should -BeNullOrEmpty
    }
}

Describe 'Measure-PqQueue' {
    BeforeAll {
        1..3 | Add-PqTask -Command true -Queue measured | Out-Null
        Add-PqTask -Command false -Queue measured | Out-Null
        $null = Start-PqWorker measured -Drain 6>$null
        1..2 | Add-PqTask { } -Queue measured | Out-Null
        $null = Add-PqTask { } -Queue measured -Delay 1h
        $null = 1..3 | Add-PqTask { } -Queue measured -Group g
    }

    It 'tells what a queue holds and did' {
        $measure = Measure-PqQueue measured
        $measure.psobject.TypeNames | Should -Contain 'PgQueue.QueueMeasure'
        $measure.Ready | Should -Be 3
        $measure.Scheduled | Should -Be 1
        $measure.Blocked | Should -Be 2
        $measure.Running | Should -Be 0
        $measure.Completed | Should -Be 3
        $measure.Failed | Should -Be 1
        $measure.OldestReady | Should -BeLessOrEqual (Get-Date).AddSeconds(5)
        $measure.AverageRun | Should -BeGreaterThan ([timespan]::Zero)
        $measure.AverageWait | Should -BeGreaterOrEqual ([timespan]::Zero)
    }

    It 'counts what was done since a time' {
        # By now the worker may have added them up.
        'finished', 'throughput' | ForEach-Object {
            $null = Invoke-TestSql $server "update $($queue.Schema).$_ set at = now() - interval '2 hours' where queue = 'measured' and state = 'failed'"
        }
        (Measure-PqQueue measured).Failed | Should -Be 0
        (Measure-PqQueue measured -Since 3h).Failed | Should -Be 1
        (Measure-PqQueue measured -Since (Get-Date).AddHours(-3)).Failed | Should -Be 1
        (Get-Failure { Measure-PqQueue measured -Since (Get-Date).AddHours(1) }).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
    }

    It 'counts what was done, also where it was cleared since' {
        $before = (Measure-PqQueue measured -Since 1d).Completed
        Clear-PqCompleted -Queue measured -Confirm:$false
        (Measure-PqQueue measured -Since 1d).Completed | Should -Be $before
        Get-PqTask -Queue measured -State Completed | Should -BeNullOrEmpty
    }

    It 'measures all, or those of wildcards' {
        (Measure-PqQueue).Queue | Should -Contain 'default'
        (Measure-PqQueue measure?).Queue | Should -Be 'measured'
        Measure-PqQueue nobody -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'QueueNotFound,*'
    }

    It 'fits a console of 80 columns' {
        $screen = Get-Screen (Measure-PqQueue)
        $screen[0] | Should -Be 'Queue            Ready  Run  Sched  Block    Done  Fail Oldest   Wait   Took'
        $screen | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
    }
}

Describe 'Clear-PqQueue' {
    BeforeEach {
        Get-PqTask -Queue doomed | Remove-PqTask
        $null = 'one', 'two', 'three' | Add-PqTask { } -Queue doomed -Name { $_ }
        $null = Add-PqTask { } -Queue doomed -Name four -Tag keep, red -Delay 1h
        $done = Add-PqTask { } -Queue doomed -Name five
        $done | Stop-PqTask
    }

    It 'asks first' {
        (Get-Command Clear-PqQueue).ImplementingType.GetCustomAttributes($true).Where({ $_ -is [Management.Automation.CmdletAttribute] }).ConfirmImpact |
            Should -Be 'High'
        Clear-PqQueue doomed -PassThru -WhatIf | Should -BeNullOrEmpty
        Get-PqTask -Queue doomed -State Ready, Scheduled | Should -HaveCount 4
    }

    It 'deletes what waits, counts on request, and leaves what has finished' {
        Clear-PqQueue doomed -Confirm:$false -PassThru | Should -Be 4
        (Get-PqTask -Queue doomed).Name | Should -Be 'five'
        Clear-PqQueue doomed -Confirm:$false -PassThru | Should -Be 0
        Clear-PqQueue doomed -Confirm:$false | Should -BeNullOrEmpty
    }

    It 'leaves what runs' {
        $task = Get-PqTask -Queue doomed -Name one
        $null = Invoke-TestSql $server "update $($queue.Schema).task set state = 'running', worker_id = 1 where id = $($task.Id)"
        Clear-PqQueue doomed -Confirm:$false -PassThru | Should -Be 3
        ($task | Get-PqTask).State | Should -Be 'Running'
        $null = Invoke-TestSql $server "update $($queue.Schema).task set state = 'ready', worker_id = null where id = $($task.Id)"
    }

    It 'deletes only what the filters name' {
        Clear-PqQueue doomed -TaskName 't*' -Confirm:$false -PassThru | Should -Be 2
        Clear-PqQueue doomed -Tag red -Confirm:$false -PassThru | Should -Be 1
        Clear-PqQueue doomed -OlderThan 1h -Confirm:$false -PassThru | Should -Be 0
        Clear-PqQueue doomed -Before (Get-Date).AddMinutes(5) -Confirm:$false -PassThru | Should -Be 1
    }

    It 'writes an error for a queue that is not there' {
        Clear-PqQueue nobody, doomed -Confirm:$false -PassThru -ErrorAction SilentlyContinue -ErrorVariable problem | Should -Be 4
        $problem.FullyQualifiedErrorId | Should -BeLike 'QueueNotFound,*'
        $problem.TargetObject | Should -Be 'nobody'
    }
}
