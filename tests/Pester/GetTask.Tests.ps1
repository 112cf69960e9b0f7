BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
    $alpha = Add-PqTask { 'a' } -Name 'import alpha' -Tag red, big -Queue left -Priority High
    $beta = Add-PqTask -Command echo -Name 'import beta' -Tag red -Queue right -ClientId b1
    $gamma = Add-PqTask { 'c' } -Name export -Queue right -Delay 1h
    $null = Stop-PqTask $beta.Id -Reason 'timed out waiting'
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Get-PqTask' {
    It 'reads all, newest first' {
        (Get-PqTask).Id | Should -Be $gamma.Id, $beta.Id, $alpha.Id
        (Get-PqTask -Ascending).Id | Should -Be $alpha.Id, $beta.Id, $gamma.Id
    }

    It 'emits tasks of the engine''s type' {
        $task = Get-PqTask $alpha.Id
        $task.psobject.TypeNames[0] | Should -Be 'PgQueue.QueueTask'
        $task.State | Should -Be 'Ready'
        $task.CreatedAt.Kind | Should -Be 'Local'
    }

    It 'filters by <Filter>' -ForEach @(
        @{ Filter = @{ Name = 'import*' }; Found = 'beta', 'alpha' }
        @{ Filter = @{ Name = 'IMPORT ?LPHA', 'export' }; Found = 'gamma', 'alpha' }
        @{ Filter = @{ Queue = 'ri*' }; Found = 'gamma', 'beta' }
        @{ Filter = @{ Tag = 'red' }; Found = 'beta', 'alpha' }
        @{ Filter = @{ Tag = 'red', 'big' }; Found = , 'alpha' }
        @{ Filter = @{ State = 'Ready', 'Scheduled' }; Found = 'gamma', 'alpha' }
        @{ Filter = @{ Kind = 'Command' }; Found = , 'beta' }
        @{ Filter = @{ ClientId = 'b1' }; Found = , 'beta' }
        @{ Filter = @{ ErrorText = 'TIMED*waiting' }; Found = , 'beta' }
        @{ Filter = @{ First = 1 }; Found = , 'gamma' }
        @{ Filter = @{ First = 1; Skip = 1 }; Found = , 'beta' }
        @{ Filter = @{ First = 0 }; Found = @() }
        @{ Filter = @{ Since = '1h' }; Found = 'gamma', 'beta', 'alpha' }
        @{ Filter = @{ Before = '1h' }; Found = @() }
        @{ Filter = @{ FinishedSince = '1h' }; Found = , 'beta' }
        @{ Filter = @{ Queue = 'right'; State = 'Canceled' }; Found = , 'beta' }
        @{ Filter = @{ Priority = 'High', 7 }; Found = , 'alpha' }
        @{ Filter = @{ Priority = 70..80 }; Found = , 'alpha' }
        @{ Filter = @{ Ended = 'Canceled' }; Found = , 'beta' }
        @{ Filter = @{ ExitCode = 1 }; Found = @() }
        @{ Filter = @{ ErrorType = '*' }; Found = @() }
        @{ Filter = @{ Group = '*' }; Found = @() }
        @{ Filter = @{ Schedule = '*' }; Found = @() }
        @{ Filter = @{ DueSince = '30m'; DueBefore = '2h' }; Found = , 'gamma' }
        @{ Filter = @{ DueSince = '2h' }; Found = @() }
        @{ Filter = @{ StartedSince = '1h' }; Found = @() }
        @{ Filter = @{ SortBy = 'Name' }; Found = 'gamma', 'alpha', 'beta' }
        @{ Filter = @{ SortBy = 'Name'; Descending = $true }; Found = 'beta', 'alpha', 'gamma' }
        @{ Filter = @{ SortBy = 'Priority'; First = 1 }; Found = , 'alpha' }
        @{ Filter = @{ SortBy = 'RunAt'; Ascending = $true; Skip = 2 }; Found = , 'gamma' }
    ) {
        $names = @{ $alpha.Id = 'alpha'; $beta.Id = 'beta'; $gamma.Id = 'gamma' }
        @(Get-PqTask @Filter | ForEach-Object { $names[$_.Id] }) | Should -Be $Found
    }

    It 'reads by ids from the pipeline, in their order' {
        ($gamma, $alpha | Get-PqTask).Id | Should -Be $gamma.Id, $alpha.Id
        ($alpha.Id, $gamma.Id | Get-PqTask).Id | Should -Be $alpha.Id, $gamma.Id
    }

    It 'writes an error for an id that is not there, and reads the others' {
        $found = $alpha.Id, 987654, $gamma.Id | Get-PqTask -ErrorAction SilentlyContinue -ErrorVariable problem
        $found | Should -HaveCount 2
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'TaskNotFound,PgQueue.PowerShell.GetTaskCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 987654
        "$($problem[0])" | Should -BeLike "There is no task 987654 in *$($queue.Schema)*"
    }

    It 'stops reading when the pipeline has enough' {
        1..3000 | Add-PqTask { } -Queue bulk | Out-Null
        Get-PqTask -Queue bulk | Select-Object -First 2 | Should -HaveCount 2
        (Get-PqTask -Queue bulk | Measure-Object).Count | Should -Be 3000
        Get-PqTask -Queue bulk | Remove-PqTask
        Get-PqTask -Queue bulk | Should -BeNullOrEmpty
    }

    It 'refuses two orders at once' {
        (Get-Failure { Get-PqTask -Ascending -Descending }).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
    }

    It 'says how a time is written' {
        (Get-Failure { Get-PqTask -Since yesterdayish }) | Should -BeLike "*'yesterdayish' is neither a time nor a duration*"
    }

    It 'shows a table of at most 80 columns' {
        $lines = (Get-PqTask | Format-Table | Out-String -Width 80).Split("`n")
        $lines[1] | Should -Match 'Id +Name +Queue +State +Try +Age +Took +Error'
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 81
        $lines -match 'timed out' | Should -HaveCount 1
    }
}

Describe 'Get-PqTask -Attempts' {
    BeforeAll {
        $twice = Add-PqTask -Command sh -ArgumentList '-c', 'exit 3' -MaxAttempts 2 -Queue attempts
        $once = Add-PqTask -Command true -Queue attempts
        $null = Start-PqWorker attempts -Drain -Name tester 6>$null
    }

    It 'emits every run of the tasks that come through the pipeline' {
        $runs = $alpha, $once, $twice | Get-PqTask -Attempts
        $runs.TaskId | Should -Be $once.Id, $twice.Id, $twice.Id
        $runs.Run | Should -Be 1, 1, 2
        $runs.Ended | Should -Be 'Success', 'ExitCode', 'ExitCode'
        $runs.ExitCode | Should -Be 0, 3, 3
        $runs.Worker | Sort-Object -Unique | Should -Be 'tester'
        $runs[2].Duration | Should -BeOfType timespan
        (Get-PqFailedTask -Queue attempts | Get-PqTask -Attempts).TaskId | Should -Be $twice.Id, $twice.Id
    }

    It 'writes an error for an id that is not there' {
        987654, $once.Id | Get-PqTask -Attempts -ErrorAction SilentlyContinue -ErrorVariable problem | Should -HaveCount 1
        $problem.TargetObject | Should -Be 987654
    }

    It 'shows a table of at most 80 columns' {
        $lines = (Get-PqTask $twice.Id -Attempts | Out-String -Width 80).Split("`n")
        $lines[1] | Should -Match "Task: $($twice.Id)"
        $lines[3] | Should -Match 'Run +Try Ended +StartedAt +Took Worker +Error'
        $lines[5] | Should -Match 'ExitCode +\d\d-\d\d .*tester +The command'
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 81
    }

    It 'shows in the list of a task what is set' {
        $list = Get-PqTask $twice.Id | Format-List | Out-String
        $list | Should -Not -Match 'Group|DeadLetter|ExpiresAt|Retry|After'
        $schema = $queue.Schema
        $null = Invoke-TestSql $server "update $schema.history set group_key = 'g', needs = '{1}', schedule = 's', retry = '{""delay"": ""00:00:05""}' where id = $($twice.Id)"
        $list = Get-PqTask $twice.Id | Format-List | Out-String
        $list | Should -Match '(?s)Group +: g.*After +: \{1\}.*Schedule +: s.*Retry +: after 5s'
    }
}

Describe 'Completion' {
    It 'offers <Expected> for <Line>' -ForEach @(
        @{ Line = 'Get-PqTask -State Comp'; Expected = , 'Completed' }
        @{ Line = 'Get-PqTask -Queue '; Expected = 'left', 'right' }
        @{ Line = 'Add-PqTask {} -Queue le'; Expected = , 'left' }
        @{ Line = 'Add-PqTask {} -Priority '; Expected = 'Batch', 'Low', 'Normal', 'High', 'Critical' }
    ) {
        $offered = (Get-Completion $Line).CompletionText
        foreach ($one in $Expected) { $offered | Should -Contain $one }
    }

    It 'is silent where the server is away' {
        $Error.Clear()
        $line = 'Get-PqTask -Connection "Host=localhost;Port=1" -Queue zzz'
        $null = [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)
        $Error | Should -BeNullOrEmpty
    }
}
