BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # Makes it so much later for a schedule.
    function Skip-Time([string] $Schedule, [string] $Time) {
        Invoke-TestSql $server "update $($queue.Schema).schedule set next_run = next_run - interval '$Time', last_tick = last_tick - interval '$Time', counts_from = counts_from - interval '$Time', created_at = created_at - interval '$Time' where name = '$Schedule'"
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Register-PqSchedule' {
    It 'shows with -WhatIf what it would register, and checks it' {
        Register-PqSchedule shown -Every 1m { 1 } -WhatIf | Should -BeNullOrEmpty
        Get-PqSchedule 'shown*' | Should -BeNullOrEmpty
        (Get-Failure { Register-PqSchedule shown -Every 1ms { 1 } -WhatIf }).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
    }

    It 'takes the name, the rhythm and a script, and emits the schedule with its next run' {
        $schedule = Register-PqSchedule nightly -Cron '0 2 * * *' -TimeZone Europe/Berlin { 'Backup-Everything' }
        $schedule.GetType().FullName | Should -Be 'PgQueue.ScheduleInfo'
        $schedule.Name | Should -Be 'nightly'
        $schedule.State | Should -Be 'Active'
        $schedule.NextRun | Should -Be (Get-PqCronOccurrence '0 2 * * *' -TimeZone Europe/Berlin).LocalDateTime
        $schedule.Overlap | Should -Be 'Skip'
        $schedule.Missed | Should -Be 'Once'
        $schedule.MissedLimit | Should -Be 100
    }

    It 'keeps all its settings' {
        $start, $end = (Get-Date).AddDays(1), (Get-Date).AddDays(9)
        $value = 'of the caller'
        Register-PqSchedule all { param($a, $b) $using:value } 1, 2 -Every 90s -Overlap Queue -Missed All -MissedLimit 5 -Jitter 10s `
            -StartAt $start -EndAt $end -MaxRuns 3 -Queue reports -Priority High -Tag red -Timeout 5m -ProcessLimit 8 -MaxAttempts 2 -RetryDelay 1m
        $schedule = Get-PqSchedule all
        $schedule.Every | Should -Be '00:01:30'
        $schedule.Overlap | Should -Be 'Queue'
        $schedule.Missed | Should -Be 'All'
        $schedule.MissedLimit | Should -Be 5
        $schedule.Jitter | Should -Be '00:00:10'
        ($schedule.StartAt - $start).TotalMilliseconds | Should -BeLessThan 1
        $schedule.NextRun | Should -Be $schedule.StartAt
        $schedule.MaxRuns | Should -Be 3
        $task = $schedule.Task | ConvertFrom-Json
        $task.queue | Should -Be 'reports'
        $task.priority | Should -Be 75
        $task.spec.args | Should -Be 1, 2
        $task.spec.using.value | Should -Be 'of the caller'
        $task.max_attempts | Should -Be 2
        $task.process_limit | Should -Be 8
    }

    It 'changes the schedule of the same name, and keeps its next run with the same rhythm' {
        $first = Register-PqSchedule changed -Every 10m -Command false
        $second = Register-PqSchedule changed -Every 10m -Command true -Overlap Allow
        $second.NextRun | Should -Be $first.NextRun
        $second.Overlap | Should -Be 'Allow'
        (Register-PqSchedule changed -Every 20m -Command true).NextRun | Should -Be $first.CreatedAt.AddMinutes(20)
        @(Get-PqSchedule changed).Count | Should -Be 1
    }

    It 'takes rows by their property names, and writes an error for a bad one alone' {
        $made = 'Name,Cron,TimeZone', 'row1,@daily,Europe/Berlin', 'row2,61 * * * *,UTC', 'row3,@hourly,UTC' | ConvertFrom-Csv |
            Register-PqSchedule -Command true -ErrorAction SilentlyContinue -ErrorVariable problem
        $made.Name | Should -Be 'row1', 'row3'
        $made[0].TimeZone | Should -Be 'Europe/Berlin'
        $problem | Should -HaveCount 1
        $problem.FullyQualifiedErrorId | Should -Be 'InvalidCron,PgQueue.PowerShell.RegisterScheduleCommand'
        $problem.TargetObject | Should -Be 'row2'
    }

    It 'takes what Get-TimeZone returns, and Windows names' {
        (Register-PqSchedule zone -Cron '@daily' -Command true -TimeZone (Get-TimeZone -Id Asia/Tokyo)).TimeZone | Should -Be 'Asia/Tokyo'
        (Register-PqSchedule zone -Cron '@daily' -Command true -TimeZone 'Tokyo Standard Time').NextRun | Should -Be (Get-PqCronOccurrence '@daily' -TimeZone Asia/Tokyo).LocalDateTime
    }

    It 'warns of a schedule that has no run to come' {
        Register-PqSchedule never -Cron '0 0 30 2 *' -Command true -WarningAction SilentlyContinue -WarningVariable warning | ForEach-Object State | Should -Be 'Ended'
        "$warning" | Should -Be "The schedule 'never' has no run to come."
    }

    It 'refuses <Why>, and writes nothing' -ForEach @(
        @{ Why = 'neither rhythm'; With = @{}; Id = 'InvalidArgument'; Says = "*has no rhythm: give Cron*or Every*" }
        @{ Why = 'both rhythms'; With = @{ Cron = '@daily'; Every = '5m' }; Id = 'InvalidArgument'; Says = '*both Cron and Every*' }
        @{ Why = 'an invalid expression'; With = @{ Cron = '0 24 * * *' }; Id = 'InvalidCron'; Says = "hour: '24' is out of range; 0 to 23 are allowed*" }
        @{ Why = 'an unknown time zone'; With = @{ Cron = '@daily'; TimeZone = 'Europe/Berln' }; Id = 'UnknownTimeZone'; Says = "*no time zone 'Europe/Berln'*Get-TimeZone*" }
        @{ Why = 'an interval under a second'; With = @{ Every = '500ms' }; Id = 'InvalidArgument'; Says = "Every '00:00:00.5000000' is too short*one second*" }
        @{ Why = 'an end before the start'; With = @{ Every = '5m'; StartAt = '2030-02-01'; EndAt = '2030-01-01' }; Id = 'InvalidArgument'; Says = "EndAt '2030-01-01*later than StartAt '2030-02-01*" }
        @{ Why = 'a name with a wildcard'; With = @{ Every = '5m'; Name = 'bad*' }; Id = 'InvalidArgument'; Says = "Name 'bad*'*" }
    ) {
        $name = $With.Name ?? 'bad'
        $rhythm = $With.Clone()
        $rhythm.Remove('Name')
        $failure = Get-Failure { Register-PqSchedule $name -Command true @rhythm }
        $failure.FullyQualifiedErrorId | Should -Be "$Id,PgQueue.PowerShell.RegisterScheduleCommand"
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -BeLike $Says
        Get-PqSchedule 'bad*' | Should -BeNullOrEmpty
    }
}

Describe 'A schedule' {
    It 'is found by its tasks, which have names of their own' {
        $null = Register-PqSchedule found -Every 1h { 1 } -Inactive
        $null = Register-PqSchedule other -Every 1h { 1 } -Inactive
        Start-PqSchedule found
        $task = Get-PqTask -Schedule found
        ($task | Get-PqSchedule).Name | Should -Be found
        $stray = Add-PqTask { 1 } -Name other | Get-PqTask
        $errors = @($stray | Suspend-PqSchedule 2>&1)
        "$errors" | Should -BeLike "*$($stray.Id) belongs to no schedule*"
        Unregister-PqSchedule found, other -Confirm:$false
    }

    It 'runs at its time, in a worker, and tells of its last run' {
        Register-PqSchedule works -Every 1h { "tick of $($PqTask.Name)" } | Out-Null
        Skip-Time works '61 minutes'
        Start-PqWorker default -For 4s 6>$null | Out-Null
        $schedule = Get-PqSchedule works
        $schedule.LastEnded | Should -Be 'Success'
        $schedule.LastState | Should -Be 'Completed'
        $schedule.Runs | Should -Be 1
        $schedule.LastDuration | Should -BeGreaterThan ([timespan]::Zero)
        $schedule.NextRun | Should -Be $schedule.LastTick.AddHours(1)
        $schedule.LastTaskId | Receive-PqTask | Should -Be 'tick of works'
    }

    It 'is started apart from its rhythm' {
        $before = Register-PqSchedule byhand -Every 1h -Command true -Queue hand
        $added = Start-PqSchedule byhand
        $added | Should -BeOfType PgQueue.PowerShell.AddedTask
        $added.Name | Should -Be 'byhand'
        $added.Queue | Should -Be 'hand'
        ($added | Get-PqTask).State | Should -Be 'Ready'
        $after = Get-PqSchedule byhand
        $after.NextRun | Should -Be $before.NextRun
        $after.LastTaskId | Should -Be $added.Id
        $after.Runs | Should -Be 0
    }

    It 'is suspended, resumed and removed, by name, by wildcard and by the pipeline' {
        'p1', 'p2', 'p3' | ForEach-Object { Register-PqSchedule $_ -Every 1h -Command true } | Out-Null
        (Suspend-PqSchedule p1, p2 -PassThru).State | Should -Be 'Suspended', 'Suspended'
        (Get-PqSchedule p1).NextRun | Should -BeNullOrEmpty
        (Get-PqSchedule -State Suspended).Name | Should -Be 'p1', 'p2'
        Get-PqSchedule p? | Resume-PqSchedule
        (Get-PqSchedule p*).State | Should -Be 'Active', 'Active', 'Active'
        Suspend-PqSchedule P3
        (Register-PqSchedule p3 -Every 1h -Command true).State | Should -Be 'Suspended'
        (Register-PqSchedule p3 -Every 1h -Command true -Inactive:$false).State | Should -Be 'Active'
        (Register-PqSchedule p4 -Every 1h -Command true -Inactive).State | Should -Be 'Suspended'

        Unregister-PqSchedule p* -WhatIf
        Get-PqSchedule p* | Should -HaveCount 4
        Get-PqSchedule p* | Unregister-PqSchedule -Confirm:$false
        Get-PqSchedule p* | Should -BeNullOrEmpty
    }

    It 'is an error for <Cmdlet> where there is none of that name' -ForEach @(
        @{ Cmdlet = 'Get-PqSchedule' }, @{ Cmdlet = 'Suspend-PqSchedule' }, @{ Cmdlet = 'Resume-PqSchedule' }
        @{ Cmdlet = 'Start-PqSchedule' }, @{ Cmdlet = 'Unregister-PqSchedule' }
    ) {
        $more = $Cmdlet -like 'Unregister*' ? @{ Confirm = $false } : @{}
        & $Cmdlet nobody, nothing* -ErrorAction SilentlyContinue -ErrorVariable problem @more | Should -BeNullOrEmpty
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ScheduleNotFound,PgQueue.PowerShell.*'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        "$problem" | Should -BeLike "There is no schedule 'nobody'*Get-PqSchedule*"
    }

    It 'is shown in a table' {
        Register-PqSchedule shown -Cron '0 9 * * MON-FRI' -Command true -TimeZone Europe/Berlin | Out-Null
        $text = Get-PqSchedule shown | Format-Table | Out-String -Width 120
        $text | Should -Match 'Name +Rhythm +NextRun +LastEnd +State'
        $text | Should -Match 'shown +0 9 \* \* MON-FRI Europe. \d{4}-\d\d-\d\d \d\d:00:00 +Active'
    }

    It 'is completed by name, a time zone by any of its parts' {
        Register-PqSchedule complete-me -Every 1h -Command true | Out-Null
        (Get-Completion 'Get-PqSchedule comp').CompletionText | Should -Contain 'complete-me'
        (TabExpansion2 'Register-PqSchedule x -TimeZone berl' 36).CompletionMatches.CompletionText | Should -Be 'Europe/Berlin'
    }
}

Describe 'Get-PqCronOccurrence' {
    It 'gives the next times in their zone' {
        $times = Get-PqCronOccurrence '0 9 * * MON-FRI' -TimeZone Europe/Berlin -From '2026-03-27T00:00:00Z' -Next 2
        $times | Should -BeOfType DateTimeOffset
        $times[0].ToString('o') | Should -Be '2026-03-27T09:00:00.0000000+01:00'
        $times[1].ToString('o') | Should -Be '2026-03-30T09:00:00.0000000+02:00'
    }

    It 'gives one where nothing is said, and all up to a time' {
        Get-PqCronOccurrence '* * * * *' | Should -HaveCount 1
        Get-PqCronOccurrence '0 * * * *' -From '2026-01-01T00:00:00Z' -Until '2026-01-01T05:00:00Z' | Should -HaveCount 5
        Get-PqCronOccurrence '0 * * * *' -From '2026-01-01T00:00:00Z' -Until '2026-01-02T00:00:00Z' -Next 3 | Should -HaveCount 3
        Get-PqCronOccurrence '0 0 30 2 *' -Next 5 | Should -BeNullOrEmpty
    }

    It 'takes schedules from the pipeline' {
        Register-PqSchedule piped -Cron '30 4 * * *' -Command true -TimeZone Asia/Kolkata | Out-Null
        $time = Get-PqSchedule piped | Get-PqCronOccurrence -From '2026-01-01T00:00:00Z'
        $time.ToString('o') | Should -Be '2026-01-02T04:30:00.0000000+05:30'
    }

    It 'refuses what it cannot read' {
        (Get-Failure { Get-PqCronOccurrence '0 0 * *' }).FullyQualifiedErrorId | Should -Be 'InvalidCron,PgQueue.PowerShell.GetCronOccurrenceCommand'
        (Get-Failure { Get-PqCronOccurrence '@daily' -TimeZone x }).FullyQualifiedErrorId | Should -Be 'UnknownTimeZone,PgQueue.PowerShell.GetCronOccurrenceCommand'
    }

    It 'needs no connection' {
        pwsh -NoProfile -Command "Import-Module '$ModulePath'; `$env:PGQUEUE_CONNECTION = 'Host=localhost;Port=1'; (Get-PqCronOccurrence '@daily' -From '2026-01-01').Hour" | Should -Be 0
    }
}

Describe 'Get-PqCronOccurrence in a console' {
    It 'shows a line for each' {
        $screen = (Get-PqCronOccurrence '0 9 * * MON-FRI' -TimeZone Europe/Berlin -From 2026-03-27T12:00Z -Next 2 | Out-String -Width 80).Trim().Split("`n").TrimEnd()
        $screen[2] | Should -BeLike '2026-03-30 09:00:00 +02:00 Monday *'
        $screen.Count | Should -Be 4
        (Get-PqCronOccurrence '@daily') | Should -BeOfType [datetimeoffset]
    }
}
