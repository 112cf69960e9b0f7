BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # A task that runs, as far as the queue knows.
    function Set-Running($Task) {
        $null = Invoke-TestSql $server "update $($queue.Schema).task set state = 'running', worker_id = 1, run = run + 1, attempt = attempt + 1, started_at = now() where id = $($Task.Id)"
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Set-PqTask -ClientId' {
    It 'adds where there is none, and says so' {
        $set = Set-PqTask { param($n) } -ClientId one -ArgumentList 1 -Name first -Queue own
        $set | Should -HaveCount 1
        $set | Should -BeOfType PgQueue.PowerShell.SetTask
        $set.Outcome | Should -Be 'Added'
        $set.ClientId | Should -Be 'one'
        $set.Name | Should -Be 'first'
        $set.Queue | Should -Be 'own'
        ($set | Get-PqTask).ClientId | Should -Be 'one'
    }

    It 'replaces what waits, under its id' {
        $old = Add-PqTask { 'old' } -ClientId two -Priority High -Tag red -Delay 1h
        $set = Set-PqTask -Command true -ClientId two -Name new
        $set.Outcome | Should -Be 'Replaced'
        $set.Id | Should -Be $old.Id
        $task = $set | Get-PqTask
        $task.Kind | Should -Be 'Command'
        $task.State | Should -Be 'Ready'
        $task.Priority | Should -Be 50
        $task.Tags | Should -BeNullOrEmpty
    }

    It 'replaces what has finished, with no attempt used' {
        $old = Add-PqTask { } -ClientId three
        $old | Stop-PqTask
        $set = Set-PqTask { 'again' } -ClientId three
        $set.Outcome | Should -Be 'Replaced'
        $set.Id | Should -Be $old.Id
        $task = $set | Get-PqTask
        $task.State | Should -Be 'Ready'
        $task.Attempt | Should -Be 0
        $task.Error | Should -BeNullOrEmpty
    }

    It 'lets what runs finish, and the new one run after it' {
        $old = Add-PqTask { } -ClientId four
        Set-Running $old
        $set = Set-PqTask { } -ClientId four
        $set.Outcome | Should -Be 'Queued'
        $set.Id | Should -Not -Be $old.Id
        ($set | Get-PqTask).State | Should -Be 'Blocked'
        ($old | Get-PqTask).State | Should -Be 'Running'
        (Get-PqTask -ClientId four).Id | Should -Be $set.Id
    }

    It 'makes one for each pipeline object, in their order' {
        $null = Set-PqTask { } -ClientId file-b
        $set = 'a', 'b', 'c' | Set-PqTask { param($name) } -ClientId { "file-$_" } -Queue files
        $set.ClientId | Should -Be 'file-a', 'file-b', 'file-c'
        $set.Outcome | Should -Be 'Added', 'Replaced', 'Added'
        ($set | Get-PqTask).Spec | Should -Be '{"args": ["a"]}', '{"args": ["b"]}', '{"args": ["c"]}'
    }

    It 'leaves out the object that is bad, and sets the others' {
        $stream = [IO.MemoryStream]::new()
        $set = 'a', $stream, '', ('x' * 501), 'd' | Set-PqTask { } -ClientId { $_ } -ErrorAction SilentlyContinue -ErrorVariable problem
        $set.ClientId | Should -Be 'a', 'd'
        $problem | Should -HaveCount 3
        $problem.FullyQualifiedErrorId -replace ',.*' | Should -Be 'ValueNotStorable', 'InvalidArgument', 'InvalidArgument'
        $problem[0].TargetObject | Should -Be $stream
        "$($problem[1])" | Should -BeLike 'ClientId*gives no id*'
    }

    It 'changes nothing with -WhatIf' {
        1..2 | Set-PqTask { } -ClientId { "if-$_" } -WhatIf | Should -BeNullOrEmpty
        Get-PqTask -ClientId if-1, if-2 | Should -BeNullOrEmpty
    }

    It 'refuses a task that would wait for itself' {
        $first = Set-PqTask { } -ClientId circle
        $second = Add-PqTask { } -After $first
        $null = Set-PqTask { } -ClientId circle -After $second -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        "$problem" | Should -BeLike '*wait for*'
    }

    It 'takes no dedupe key, nor ids' {
        (Get-Command Set-PqTask).Parameters.Keys | Should -Not -Contain 'DedupeKey'
        (Get-Failure { Set-PqTask -Id 1 -ClientId x -Priority High }).FullyQualifiedErrorId | Should -BeLike 'AmbiguousParameterSet,*'
    }
}

Describe 'Set-PqTask -Id' {
    It 'changes only what is given' {
        $task = Add-PqTask { } -Name before -Tag red -Timeout 1m -Priority Low
        $task | Set-PqTask -Priority High | Should -BeNullOrEmpty
        $changed = $task | Get-PqTask | Set-PqTask -Name after -Tag green, blue -Queue other -MaxAttempts 3 -MaxLost 5 -PassThru
        $changed.Priority | Should -Be 75
        $changed.Name | Should -Be 'after'
        $changed.Tags | Should -Be 'green', 'blue'
        $changed.Queue | Should -Be 'other'
        $changed.MaxAttempts | Should -Be 3
        $changed.MaxLost | Should -Be 5
        $changed.Timeout | Should -Be ([timespan]'00:01:00')
    }

    It 'changes times' {
        $tasks = 1..3 | Add-PqTask { }
        ($tasks | Set-PqTask -Delay 1h -PassThru).State | Sort-Object -Unique | Should -Be 'Scheduled'
        ($tasks | Set-PqTask -RunAt (Get-Date) -PassThru).State | Sort-Object -Unique | Should -Be 'Ready'
    }

    It 'changes how many processes it may have' {
        $task = Add-PqTask { }
        ($task | Set-PqTask -ProcessLimit 3 -PassThru).ProcessLimit | Should -Be 3
        $set = Set-PqTask { } -ClientId limited -ProcessLimit 4
        ($set | Get-PqTask).ProcessLimit | Should -Be 4
        $failure = Get-Failure { $task | Set-PqTask -ProcessLimit 0 }
        $failure.FullyQualifiedErrorId | Should -Be 'InvalidArgument,PgQueue.PowerShell.SetTaskCommand'
        "$failure" | Should -Be "ProcessLimit '0' must be at least 1."
        $task.Id, $set.Id | Remove-PqTask
    }

    It 'takes settings away' {
        $task = Add-PqTask { } -Name n -Tag red -Timeout 1m -MemoryLimit 1MB -ProcessLimit 9 -RetryDelay 5m -DeadLetterQueue dead -ExpireAfter 1h
        $changed = $task | Set-PqTask -Clear Name, Tag, Timeout, MemoryLimit, ProcessLimit, Retry, DeadLetterQueue, ExpiresAt -PassThru
        $changed.Name, $changed.Timeout, $changed.MemoryLimit, $changed.ProcessLimit | Should -Be $null, $null, $null, $null
        $changed.Tags | Should -BeNullOrEmpty
        Invoke-TestSql $server "select retry is null and dead_letter_queue is null and expires_at is null from $($queue.Schema).tasks where id = $($task.Id)" |
            Should -BeTrue
    }

    It 'changes arguments, each kind''s in its own way' {
        $script = Add-PqTask { param($a, $b) } -ArgumentList 1 -Environment @{ A = 1 }
        $command = Add-PqTask -Command echo -ArgumentList 1
        $script, $command | Set-PqTask -ArgumentList 2.5, 'x'
        ($script | Get-PqTask).Spec | ConvertFrom-Json | ForEach-Object { $_.args; $_.env.A } | Should -Be 2.5, 'x', '1'
        (($command | Get-PqTask).Spec | ConvertFrom-Json).args | Should -Be '2.5', 'x'
        $script | Set-PqTask -Parameters @{ b = 7 }
        $spec = ($script | Get-PqTask).Spec | ConvertFrom-Json
        $spec.params.b | Should -Be 7
        $spec.args | Should -Be 2.5, 'x'
    }

    It 'has no named arguments for a command' {
        $script = Add-PqTask { param($a) }
        $command = Add-PqTask -Command echo
        $script, $command | Set-PqTask -Parameters @{ a = 1 } -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'CommandHasNoParameters,*'
        $problem.TargetObject | Should -Be $command.Id
    }

    It 'refuses values that can''t be stored' {
        (Get-Failure { Add-PqTask { } | Set-PqTask -ArgumentList ([IO.MemoryStream]::new()) }).FullyQualifiedErrorId | Should -BeLike 'ValueNotStorable,*'
    }

    It 'writes an error for what runs, has finished or is not there, and changes the others' {
        $running, $done, $waiting = 1..3 | Add-PqTask { }
        Set-Running $running
        $done | Stop-PqTask
        $changed = $running.Id, $done.Id, 987654, $waiting.Id | Set-PqTask -Priority High -PassThru -ErrorAction SilentlyContinue -ErrorVariable problem
        $changed.Id | Should -Be $waiting.Id
        $problem.FullyQualifiedErrorId -replace ',.*' | Should -Be 'TaskRunning', 'TaskFinished', 'TaskNotFound'
        $problem.CategoryInfo.Category | Should -Be 'InvalidOperation', 'InvalidOperation', 'ObjectNotFound'
        $problem.TargetObject | Should -Be $running.Id, $done.Id, 987654
        "$($problem[0])" | Should -BeLike '*Stop-PqTask*-AfterAny*'
        "$($problem[1])" | Should -BeLike '*Canceled*Restart-PqTask*'
    }

    It 'changes nothing with -WhatIf' {
        $task = Add-PqTask { }
        $task | Set-PqTask -Priority High -WhatIf
        ($task | Get-PqTask).Priority | Should -Be 50
    }

    It 'changes 2,500 at once' {
        $tasks = 1..2500 | Add-PqTask { } -Queue bulk
        ($tasks | Set-PqTask -Priority Critical -PassThru).Count | Should -Be 2500
        (Get-PqTask -Queue bulk).Priority | Sort-Object -Unique | Should -Be 100
    }

    It 'refuses bad options before it asks: <Name>' -ForEach @(
        @{ Name = 'none'; Bad = @{ }; Says = 'Nothing is to change*' }
        @{ Name = 'two times'; Bad = @{ RunAt = [datetime]::Now; Delay = '5m' }; Says = '*RunAt*' }
        @{ Name = 'set and taken away'; Bad = @{ Timeout = '5m'; Clear = 'Timeout' }; Says = 'Clear ''Timeout''*' }
        @{ Name = 'retries set and taken away'; Bad = @{ RetryDelay = '5m'; Clear = 'Retry' }; Says = 'Clear ''Retry''*RetryDelay*' }
        @{ Name = 'expiry set and taken away'; Bad = @{ ExpireAfter = '5m'; Clear = 'ExpiresAt' }; Says = 'Clear ''ExpiresAt''*ExpireAfter*' }
        @{ Name = 'a name for each'; Bad = @{ Name = { $_ } }; Says = 'Name*script block*' }
        @{ Name = 'an expiry that has passed'; Bad = @{ ExpiresAt = [datetime]::Now.AddDays(-1) }; Says = 'ExpiresAt*has passed*' }
        @{ Name = 'no attempts'; Bad = @{ MaxAttempts = 0 }; Says = 'MaxAttempts ''0''*' }
        @{ Name = 'fewer than no lost runs'; Bad = @{ MaxLost = -1 }; Says = 'MaxLost ''-1''*' }
    ) {
        $failure = Get-Failure { Set-PqTask 1 @Bad }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        "$failure" | Should -BeLike $Says
    }
}
