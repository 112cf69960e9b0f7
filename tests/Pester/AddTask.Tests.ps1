BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # What was stored for the task added last.
    function Get-Spec($Task) {
        (Get-PqTask $Task.Id).Spec | ConvertFrom-Json
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Add-PqTask' {
    It 'adds one task, and emits what identifies it' {
        $added = Add-PqTask { 'hello' } -Name greeting
        $added | Should -HaveCount 1
        $added | Should -BeOfType PgQueue.PowerShell.AddedTask
        $added.Id | Should -BeGreaterThan 0
        $added.Name | Should -Be 'greeting'
        $added.Queue | Should -Be 'default'
        $added.Existing | Should -BeFalse
        ($added | Get-PqTask).Script | Should -Be " 'hello' "
    }

    It 'adds one task for each pipeline object, in their order, the object first among its arguments' {
        $added = 1..2500 | Add-PqTask { param($n, $more) } -ArgumentList 'more' -Queue many
        $added | Should -HaveCount 2500
        $ids = $added.Id
        ($ids | Sort-Object) | Should -Be $ids
        $args = Get-PqTask -Queue many -Ascending | ForEach-Object { ($_.Spec | ConvertFrom-Json).args[0] }
        $args | Should -Be (1..2500)
        (Get-Spec $added[7]).args | Should -Be 8, 'more'
    }

    It 'adds none for an empty pipeline, and one for $null' {
        @() | Add-PqTask { } | Should -BeNullOrEmpty
        $added = $null | Add-PqTask { param($x) }
        $added | Should -HaveCount 1
        (Get-PqTask $added.Id).Spec | Should -Be '{"args": [null]}'
    }

    It 'emits tasks of a slow pipeline before its end' {
        $seen = [Collections.Generic.List[int]]::new()
        1..3 | ForEach-Object { [Threading.Thread]::Sleep(250); $seen.Add($_); $_ } | Add-PqTask { } | ForEach-Object { $seen.Add(-1) }
        $seen[1] | Should -Be -1
    }

    It 'keeps all its settings' {
        $at = (Get-Date).AddDays(1)
        $added = Add-PqTask { } -Queue settings -Name n -Tag red, green -Priority High -Timeout 90s -MemoryLimit 512MB -ProcessLimit 50 `
            -MaxAttempts 3 -MaxLost 0 -RetryDelay 5m -Backoff Exponential -RunAt $at -ClientId mine -DedupeKey same -WorkingDirectory / `
            -Environment @{ A = 1; B = $null } -Module Pester
        $task = $added | Get-PqTask
        $task.Queue | Should -Be 'settings'
        $task.Tags | Should -Be 'red', 'green'
        $task.Priority | Should -Be 75
        $task.Timeout | Should -Be ([timespan]'00:01:30')
        $task.MemoryLimit | Should -Be 512MB
        $task.ProcessLimit | Should -Be 50
        $task.MaxAttempts | Should -Be 3
        $task.MaxLost | Should -Be 0
        $task.State | Should -Be 'Scheduled'
        ($task.RunAt - $at).TotalSeconds | Should -BeLessThan 1
        $task.ClientId | Should -Be 'mine'
        $task.DedupeKey | Should -Be 'same'
        $spec = $task.Spec | ConvertFrom-Json
        $spec.cwd | Should -Be '/'
        $spec.env.A | Should -Be '1'
        $spec.env.psobject.Properties['B'].Value | Should -BeNullOrEmpty
        $spec.modules | Should -Be 'Pester'
        Remove-PqTask $added.Id
    }

    It 'takes durations as <Text>' -ForEach @(
        @{ Text = '500ms'; Is = '00:00:00.5' }, @{ Text = '30s'; Is = '00:00:30' }, @{ Text = '1h30m'; Is = '01:30:00' }
        @{ Text = '2 d'; Is = '2.00:00:00' }, @{ Text = '1w'; Is = '7.00:00:00' }, @{ Text = '00:05:00'; Is = '00:05:00' }
        @{ Text = 90; Is = '00:01:30' }, @{ Text = 1.5; Is = '00:00:01.5' }, @{ Text = [timespan]'00:10:00'; Is = '00:10:00' }
    ) {
        (Add-PqTask { } -Timeout $Text | Get-PqTask).Timeout | Should -Be ([timespan]$Is)
    }

    It 'takes a bare 1d and 30s for a day and half a minute, though PowerShell reads numbers there' {
        (Add-PqTask { } -Timeout 1d | Get-PqTask).Timeout | Should -Be ([timespan]'1.00:00:00')
        (Add-PqTask { } -Timeout 30s | Get-PqTask).Timeout | Should -Be ([timespan]'00:00:30')
    }

    It 'takes priorities by name and by number' {
        'Batch', 'low', 'Normal', 'HIGH', 'Critical', '7', -3 |
            ForEach-Object { (Add-PqTask { } -Priority $_ | Get-PqTask).Priority } | Should -Be 0, 25, 50, 75, 100, 7, -3
    }

    It 'makes names, ids and keys from each object where they are script blocks' {
        $added = 'a', 'b' | Add-PqTask { } -Name { "name of $_" } -ClientId { "id-$_" } -DedupeKey { "key-$_" }
        $added.Name | Should -Be 'name of a', 'name of b'
        ($added | Get-PqTask).ClientId | Should -Be 'id-a', 'id-b'
        ($added | Get-PqTask).DedupeKey | Should -Be 'key-a', 'key-b'
        $added | Remove-PqTask
    }

    It 'returns the unfinished task that has the key already' {
        $first = Add-PqTask { } -DedupeKey once
        $second = Add-PqTask { } -DedupeKey once
        $second.Id | Should -Be $first.Id
        $first.Existing | Should -BeFalse
        $second.Existing | Should -BeTrue
    }

    It 'stores a command, with pipeline objects as its last argument' {
        $file = Get-Item $PSCommandPath
        $added = $file | Add-PqTask -Command wc -ArgumentList '-l', 3, 1.5 -SuccessExitCode 0, 3
        $spec = Get-Spec $added
        $spec.file | Should -Be 'wc'
        $spec.args | Should -Be '-l', '3', '1.5', $file.FullName
        $spec.successCodes | Should -Be 0, 3
        ($added | Get-PqTask).Kind | Should -Be 'Command'
    }

    It 'stores a method with arguments as JSON' {
        $added = Add-PqTask -Assembly ./some.dll -Method 'A.B::C' -ArgumentList @{ X = 1L; Y = @(1, 'z') }, ([datetime]'2026-01-02T03:04:05Z').ToUniversalTime() -Parameters @{ flag = $true }
        $task = $added | Get-PqTask
        $task.Kind | Should -Be 'Method'
        $spec = $task.Spec | ConvertFrom-Json -DateKind String
        $spec.assembly | Should -Be (Join-Path $PWD 'some.dll')
        $spec.method | Should -Be 'A.B::C'
        $spec.args[0].X | Should -Be 1
        $spec.args[0].Y | Should -Be 1, 'z'
        $spec.args[1] | Should -Be '2026-01-02T03:04:05Z'
        $spec.params.flag | Should -BeTrue
    }

    It 'stores a file''s text, and names the task by it' {
        $path = Join-Path $TestDrive 'report.ps1'
        Set-Content $path 'param($x) "got $x"'
        $task = Add-PqTask -FilePath $path -ArgumentList 1 | Get-PqTask
        $task.Name | Should -Be 'report.ps1'
        $task.Script | Should -BeLike 'param($x) "got $x"*'
    }

    It 'does not pollute $Error' {
        $Error.Clear()
        $x = 1
        1..3 | Add-PqTask { param($n) $n + $using:x } | Get-PqTask | Remove-PqTask
        $Error | Should -BeNullOrEmpty
    }
}

Describe 'Values that are stored' {
    It 'are JSON where it brings back the same: <Json>' -ForEach @(
        @{ Value = 'text "quoted" ü€😀'; Json = '"text \"quoted\" ü€😀"' }
        @{ Value = 42; Json = '42' }
        @{ Value = 5000000000; Json = '5000000000' }
        @{ Value = [bigint]::Parse('123456789012345678901234567890'); Json = '123456789012345678901234567890' }
        @{ Value = 1.5; Json = '1.5' }
        @{ Value = [double]5; Json = '5.0' }
        @{ Value = $true; Json = 'true' }
        @{ Value = $null; Json = 'null' }
        @{ Value = @(1, 'a', @($null)); Json = '[1, "a", [null]]' }
        @{ Value = @(); Json = '[]' }
        @{ Value = [pscustomobject]@{ A = 1; Bb = 'x' }; Json = '{"A": 1, "Bb": "x"}' }
    ) {
        $added = Add-PqTask { } -ArgumentList (, $Value)
        (Get-PqTask $added.Id).Spec | Should -Be "{`"args`": [$Json]}"
    }

    It 'are CLIXML where JSON would change them: <Name>' -ForEach @(
        @{ Name = 'a small long'; Value = 5L }
        @{ Name = 'a decimal'; Value = 1.10d }
        @{ Name = 'a time'; Value = [datetime]'2026-01-02' }
        @{ Name = 'bytes'; Value = [byte[]](1, 2) }
        @{ Name = 'a hashtable'; Value = @{ A = 1 } }
        @{ Name = 'properties out of jsonb''s order'; Value = [pscustomobject]@{ Zebra = 1; A = 2 } }
        @{ Name = 'a NUL'; Value = "a`0b" }
        @{ Name = 'an infinite number'; Value = [double]::PositiveInfinity }
        @{ Name = 'a huge number'; Value = 1e300 }
        @{ Name = 'minus zero'; Value = -0.0 }
    ) {
        $spec = Get-Spec (Add-PqTask { } -ArgumentList (, $Value))
        $spec.args[0].psobject.Properties.Name | Should -Be '$clixml'
        $back = [Management.Automation.PSSerializer]::Deserialize($spec.args[0].'$clixml')
        "$back" | Should -Be "$Value"
    }

    It 'keep data as deep as it goes' {
        $deep = @{ a = @{ b = @{ c = @{ d = @{ e = 'bottom' } } } } }
        $spec = Get-Spec (Add-PqTask { } -ArgumentList $deep)
        [Management.Automation.PSSerializer]::Deserialize($spec.args[0].'$clixml').a.b.c.d.e | Should -Be 'bottom'
    }

    It 'are plain text from Get-Content, whose lines carry properties' {
        $path = Join-Path $TestDrive 'lines.txt'
        Set-Content $path 'line one'
        (Get-PqTask (Get-Content $path | Add-PqTask { }).Id).Spec | Should -Be '{"args": ["line one"]}'
    }

    It 'are never secrets: <Name>' -ForEach @(
        @{ Name = 'a SecureString'; Value = ConvertTo-SecureString 'hush' -AsPlainText }
        @{ Name = 'a credential'; Value = [pscredential]::new('me', (ConvertTo-SecureString 'hush' -AsPlainText)) }
        @{ Name = 'one deep inside'; Value = @{ list = @([pscustomobject]@{ login = [pscredential]::new('me', (ConvertTo-SecureString 'hush' -AsPlainText)) }) } }
        @{ Name = 'a network credential'; Value = [Net.NetworkCredential]::new('me', 'hush') }
    ) {
        $failure = Get-Failure { Add-PqTask { } -ArgumentList $Value }
        $failure.FullyQualifiedErrorId | Should -BeLike 'SecretArgument,*'
        $failure.CategoryInfo.Category | Should -Be 'SecurityError'
        "$failure" | Should -BeLike 'The argument 1 holds a secret*'
    }

    It 'are never things of this process: <Name>' -ForEach @(
        @{ Name = 'a stream'; Value = [IO.MemoryStream]::new() }
        @{ Name = 'a task'; Value = [Threading.Tasks.Task]::CompletedTask }
        @{ Name = 'a wait handle'; Value = @{ h = [Threading.ManualResetEvent]::new($false) } }
    ) {
        (Get-Failure { Add-PqTask { } -ArgumentList $Value }).FullyQualifiedErrorId | Should -BeLike 'ValueNotStorable,*'
    }

    It 'don''t hold themselves' {
        $loop = @{}
        $loop.self = $loop
        (Get-Failure { Add-PqTask { } -ArgumentList $loop }).FullyQualifiedErrorId | Should -BeLike 'ValueTooDeep,*'
    }

    It 'are not too large' {
        'x' * 20MB | Add-PqTask { } -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'ValueTooLarge,*'
        $problem.CategoryInfo.Category | Should -Be 'LimitsExceeded'
    }
}

Describe '$using:' {
    It 'takes values from the caller''s scope' {
        function Add-FromFunction {
            $inner = 'of the function'
            $object = [pscustomobject]@{ List = 1, 2; Text = 'member' }
            Add-PqTask { "$using:inner $($using:object.Text) $($using:object.List[1]) ${using:inner}" }
        }

        $using = (Get-Spec (Add-FromFunction)).using
        $using.inner | Should -Be 'of the function'
        $using.'object.text' | Should -Be 'member'
        $using.'object.list[1]' | Should -Be 2
    }

    It 'takes the environment''s too' {
        (Get-Spec (Add-PqTask { $using:env:PATH })).using.'env:path' | Should -Be $env:PATH
    }

    It 'is an error where the caller has no such variable' {
        $failure = Get-Failure { Add-PqTask { $using:noSuchThing } }
        $failure.FullyQualifiedErrorId | Should -BeLike 'UsingVariableMissing,*'
        "$failure" | Should -BeLike '*$using:noSuchThing*$noSuchThing*'
    }

    It 'is left alone where it belongs to a block inside' {
        $added = Add-PqTask { $local = 1; 1..2 | ForEach-Object -Parallel { $using:local } }
        (Get-Spec $added).psobject.Properties['using'] | Should -BeNullOrEmpty
    }

    It 'refuses secrets' {
        $secret = ConvertTo-SecureString 'hush' -AsPlainText
        (Get-Failure { Add-PqTask { $using:secret } }).FullyQualifiedErrorId | Should -BeLike 'SecretArgument,*'
    }
}

Describe 'A script' {
    It 'with a syntax error is refused with message and position' {
        $path = Join-Path $TestDrive 'broken.ps1'
        Set-Content $path "'fine'`nif (`$true) { 'open'"
        $failure = Get-Failure { Add-PqTask -FilePath $path }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ScriptSyntaxError,*'
        $failure.CategoryInfo.Category | Should -Be 'ParserError'
        "$failure" | Should -BeLike "*broken.ps1:2:12: Missing closing '}'*"
        $failure.Exception.InnerException | Should -BeOfType ([Management.Automation.ParseException])
    }

    It 'that is not there is refused' {
        $failure = Get-Failure { Add-PqTask -FilePath ./nowhere.ps1 }
        $failure.FullyQualifiedErrorId | Should -BeLike 'ScriptFileNotReadable,*'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'that reads variables it will not have gets a warning that names them' {
        $path = 'here only'
        Add-PqTask { Get-Item $path; "$missing[0]" } -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike '*reads $path, $missing but never sets them*$using:path*$global:path*-BeforeTask*'
    }

    It 'gets no warning for what it has: <Script>' -ForEach @(
        @{ Script = { param($a, [int] $b = 2) $a + $b } }
        @{ Script = { $x = 1; $y, $z = 2, 3; [string] $w = 'w'; $x + $y + $z + $w } }
        @{ Script = { $global:Share; $script:Share; "$global:Share" } }
        @{ Script = { foreach ($item in 1..3) { $item }; for ($i = 0; $i -lt 3; $i++) { $i } } }
        @{ Script = { 1..3 | ForEach-Object { $_ + $PSItem } | Where-Object { $_ -match 'x' }; $Matches[0] } }
        @{ Script = { $args[0]; $input; $PSScriptRoot; $env:HOME; $HOME; $PID; $PqTask.Id; $ErrorActionPreference; $global:Error; $? } }
        @{ Script = { function f($p) { $p + $script:total }; $script:total = 1; f 1 } }
        @{ Script = { Get-Item x -ErrorVariable bad -OutVariable +found; $bad; $found } }
        @{ Script = { Set-Variable named 1; New-Variable -Name other; $named + $other } }
        @{ Script = { $n = 0; [int]::TryParse('1', [ref] $n); try { 1 } catch { $_ } } }
        @{ Script = { [int]::TryParse('1', [ref] $out); $out } }
        @{ Script = { $splat = @{}; Get-Item @splat } }
        @{ Script = { class C { [int] $P; [int] M([int] $q) { return $this.P + $q } } } }
        @{ Script = { . ./other.ps1; $fromOther } }
        @{ Script = { $using:server } }
    ) {
        Add-PqTask $Script -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -BeNullOrEmpty
    }
}

Describe 'Groups, order and dependencies' {
    # What the table has of a task that the module does not show.
    BeforeAll {
        function Get-Row($Task, $Column) {
            Invoke-TestSql $server "select ($Column)::text from $($queue.Schema).tasks where id = $($Task.Id)"
        }
    }

    It 'keep a group''s tasks in line, the newest first where asked for' {
        $first = Add-PqTask { } -Queue lines -Group nightly -Order Lifo
        $second, $third = 1..2 | ForEach-Object { Add-PqTask { } -Queue lines -Group nightly -Order Lifo }
        ($first, $second, $third | Get-PqTask).State | Should -Be 'Ready', 'Blocked', 'Blocked'
        $first | Stop-PqTask
        ($second, $third | Get-PqTask).State | Should -Be 'Blocked', 'Ready'
        Get-Row $second "group_key || ' ' || group_order" | Should -Be 'nightly lifo'
    }

    It 'make groups from each object where they are script blocks' {
        $tasks = 'a1', 'a2', 'b1' | Add-PqTask { param($name) } -Queue lines -Group { $_[0] } -Order Fifo
        ($tasks | Get-PqTask).State | Should -Be 'Ready', 'Blocked', 'Ready'
        Get-Row $tasks[2] "group_key || ' ' || group_order" | Should -Be 'b fifo'
    }

    It 'give no group to an object whose script block gives none' {
        $tasks = 1, 2 | Add-PqTask { } -Group { if ($_ -eq 1) { 'odd' } } -Order Lifo
        Get-Row $tasks[1] 'group_key is null and group_order is null' | Should -Be 'true'
    }

    It 'make a task wait for tasks, ids, and tasks of another session' {
        $a, $b, $c = 1..3 | Add-PqTask { }
        $saved = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($c))
        $after = Add-PqTask { } -After $a, ($b | Get-PqTask) -AfterAny $saved, $a.Id
        ($after | Get-PqTask).State | Should -Be 'Blocked'
        Get-Row $after 'needs' | Should -Be "{$($a.Id),$($b.Id),$($c.Id)}"
        $a | Stop-PqTask
        ($after | Get-PqTask).State | Should -Be 'Canceled'
    }

    It 'wait for none where -After is an empty list' {
        (Add-PqTask { } -After @() | Get-PqTask).State | Should -Be 'Ready'
    }

    It 'expire in time, and leave dead letters where asked for' {
        $task = Add-PqTask { } -ExpireAfter 2h -DeadLetterQueue morgue
        Get-Row $task 'round(extract(epoch from expires_at - created_at))' | Should -Be '7200'
        Get-Row $task 'dead_letter_queue' | Should -Be 'morgue'
        $at = (Get-Date).AddDays(3)
        $task = Add-PqTask { } -ExpiresAt $at
        Get-Row $task 'expires_at' | ForEach-Object { [math]::Abs(([datetimeoffset]$_ - $at).TotalSeconds) | Should -BeLessThan 1 }
    }
}

Describe 'Retry options' {
    BeforeAll {
        function Get-Retry($Task) {
            Invoke-TestSql $server "select retry::text from $($queue.Schema).tasks where id = $($Task.Id)" | ConvertFrom-Json
        }
    }

    It 'have a first wait of a second where -Backoff <Way> comes without -RetryDelay' -ForEach @(
        @{ Way = 'Fixed' }, @{ Way = 'Linear' }, @{ Way = 'Exponential' }
    ) {
        (Get-Retry (Add-PqTask { } -MaxAttempts 3 -Backoff $Way)).delay | Should -Be '00:00:01'
    }

    It 'wait not at all with -Backoff None, nor without options' {
        $policy = Get-Retry (Add-PqTask { } -MaxAttempts 3 -Backoff None)
        $policy.delay | Should -BeNullOrEmpty
        $policy.backoff | Should -Be 'None'
        Get-Retry (Add-PqTask { } -MaxAttempts 3) | Should -BeNullOrEmpty
    }

    It 'take the waits one by one' {
        (Get-Retry (Add-PqTask { } -MaxAttempts 4 -Backoff 1m, 5m, 30m)).delays | Should -Be '00:01:00', '00:05:00', '00:30:00'
        (Get-Retry (Add-PqTask { } -MaxAttempts 4 -Backoff 90)).delays | Should -Be '00:01:30'
    }

    It 'take jitter, a cap, and what is worth trying again' {
        $policy = Get-Retry (Add-PqTask { } -MaxAttempts 4 -RetryDelay 10s -Backoff Linear -MaxRetryDelay 1m -RetryJitter 0.3 -RetryOn 'System.IO.*', 3 -NoRetryOn Timeout)
        $policy.backoff | Should -Be 'Linear'
        $policy.max_delay | Should -Be '00:01:00'
        $policy.jitter | Should -Be 0.3
        $policy.retry_on | Should -Be 'System.IO.*', '3'
        $policy.no_retry_on | Should -Be 'Timeout'
    }

    It 'don''t cut a delay that is longer than the usual cap' {
        (Get-Retry (Add-PqTask { } -MaxAttempts 2 -RetryDelay 5h)).max_delay | Should -Be '05:00:00'
    }

    It 'complete the names of -Backoff' {
        (TabExpansion2 'Add-PqTask { } -Backoff E').CompletionMatches.CompletionText | Should -Be 'Exponential'
    }
}

Describe 'Bad input to Add-PqTask' {
    It 'leaves out the bad object and adds the others' {
        $stream = [IO.MemoryStream]::new()
        $added = 1, $stream, 3 | Add-PqTask { } -ErrorAction SilentlyContinue -ErrorVariable problem
        $added | Should -HaveCount 2
        $problem | Should -HaveCount 1
        $problem[0].TargetObject | Should -Be $stream
    }

    It 'names the task that has the client id, and adds the others' {
        $first = Add-PqTask { } -ClientId b
        $added = 'a', 'b', 'c' | Add-PqTask { } -ClientId { $_ } -ErrorAction SilentlyContinue -ErrorVariable problem
        $added | Should -HaveCount 2
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'DuplicateClientId,*'
        $problem[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $problem[0].TargetObject | Should -Be 'b'
        $problem[0].Exception.TaskId | Should -Be $first.Id
        "$($problem[0])" | Should -BeLike "*`"b`"*task $($first.Id)*"
    }

    It 'adds 997 of 1,000 where three are bad in different ways, with an error that names each' {
        $taken = Add-PqTask { } -ClientId 'many-700'
        $secret = ConvertTo-SecureString 'hush' -AsPlainText
        $file = [IO.File]::OpenRead($PSCommandPath)
        try {
            $items = 1..1000 | ForEach-Object { $_ -eq 100 ? $secret : $_ -eq 400 ? $file : $_ }
            $added = $items | Add-PqTask { param($x) } -Queue thousand -ClientId { $_ -is [int] ? "many-$_" : $null } -ErrorAction SilentlyContinue -ErrorVariable problem
        }
        finally {
            $file.Dispose()
        }

        $added | Should -HaveCount 997
        (Get-PqTask -Queue thousand).Count | Should -Be 997
        $problem | Should -HaveCount 3
        $problem.FullyQualifiedErrorId | Should -Be @(
            'SecretArgument,PgQueue.PowerShell.AddTaskCommand', 'ValueNotStorable,PgQueue.PowerShell.AddTaskCommand'
            'DuplicateClientId,PgQueue.PowerShell.AddTaskCommand')
        $problem.CategoryInfo.Category | Should -Be 'SecurityError', 'InvalidType', 'ResourceExists'
        $problem[0].TargetObject | Should -Be $secret
        $problem[1].TargetObject | Should -Be $file
        $problem[2].TargetObject | Should -Be 700
        "$($problem[0])" | Should -BeLike 'The pipeline object 100 holds a secret*'
        "$($problem[1])" | Should -BeLike 'The pipeline object 400 holds a System.IO.FileStream*'
        "$($problem[2])" | Should -BeLike "*`"many-700`"*task $($taken.Id)*"
        (Get-PqTask -Queue thousand -ClientId many-999).Spec | Should -Be '{"args": [999]}'
    }

    It 'is sent in few statements, though some items are bad' {
        $null = 1..3 | Add-PqTask { } -ClientId { "few-$($_ * 300)" }

        # A sequence counts what is rolled back too.
        $null = Invoke-TestSql $server "
            create sequence $($queue.Schema).statements;
            create function $($queue.Schema).count_statement() returns trigger language plpgsql as
                'begin perform nextval(''$($queue.Schema).statements''); return null; end';
            create trigger count_statement after insert on $($queue.Schema).task
                for each statement execute function $($queue.Schema).count_statement()"
        $added = 1..1000 | Add-PqTask { } -ClientId { "few-$_" } -ErrorAction SilentlyContinue -ErrorVariable problem
        $added | Should -HaveCount 997
        $problem.TargetObject | Should -Be 300, 600, 900
        $null = Invoke-TestSql $server "drop trigger count_statement on $($queue.Schema).task"
        Invoke-TestSql $server "select last_value from $($queue.Schema).statements" | Should -BeLessThan 150
    }

    It 'leaves out the object whose name can''t be made' {
        $added = 0, 1 | Add-PqTask { } -Name { "n$(1 / $_)" } -ErrorAction SilentlyContinue -ErrorVariable problem
        $added.Name | Should -Be 'n1'
        $problem[0].TargetObject | Should -Be 0
    }

    It 'ends the statement for a bad option: <Name>' -ForEach @(
        @{ Name = 'no attempts'; Bad = @{ MaxAttempts = 0 }; Says = '*MaxAttempts ''0''*at least 1*' }
        @{ Name = 'a negative limit'; Bad = @{ MemoryLimit = -1 }; Says = '*MemoryLimit*' }
        @{ Name = 'no processes'; Bad = @{ ProcessLimit = 0 }; Says = 'ProcessLimit ''0'' must be at least 1.' }
        @{ Name = 'fewer than no processes'; Bad = @{ ProcessLimit = -5 }; Says = 'ProcessLimit ''-5'' must be at least 1.' }
        @{ Name = 'two times'; Bad = @{ RunAt = [datetime]::Now; Delay = '5m' }; Says = '*RunAt*' }
        @{ Name = 'an order without a group'; Bad = @{ Order = 'Lifo' }; Says = 'Order ''Lifo'' needs Group*' }
        @{ Name = 'two expiries'; Bad = @{ ExpiresAt = [datetime]::Now.AddDays(1); ExpireAfter = '5m' }; Says = '*ExpireAfter*ExpiresAt*' }
        @{ Name = 'an expiry that has passed'; Bad = @{ ExpiresAt = [datetime]::Now.AddDays(-1) }; Says = '*ExpiresAt*has passed*' }
        @{ Name = 'an expiry before the time to run'; Bad = @{ ExpireAfter = '5m'; Delay = '10m' }; Says = '*ExpireAfter*Delay*' }
        @{ Name = 'a negative delay'; Bad = @{ Delay = -5 }; Says = 'Delay*must not be negative*' }
        @{ Name = 'a negative expiry'; Bad = @{ ExpireAfter = -5 }; Says = 'ExpireAfter*longer than zero*' }
        @{ Name = 'a negative time limit'; Bad = @{ Timeout = -5 }; Says = 'Timeout*longer than zero*' }
        @{ Name = 'a negative retry delay'; Bad = @{ RetryDelay = -5 }; Says = 'RetryDelay*must not be negative*' }
        @{ Name = 'a wait before the past'; Bad = @{ Backoff = 5, -5 }; Says = 'Backoff*negative*' }
        @{ Name = 'two ways to wait'; Bad = @{ Backoff = 5, 10; RetryDelay = 5 }; Says = 'Backoff*RetryDelay can''t be given as well*' }
        @{ Name = 'no wait of some length'; Bad = @{ Backoff = 'None'; RetryDelay = 5 }; Says = 'Backoff ''None''*RetryDelay*' }
        @{ Name = 'a cap below the delay'; Bad = @{ RetryDelay = 60; MaxRetryDelay = 5 }; Says = 'MaxRetryDelay*RetryDelay*' }
        @{ Name = 'too much chance'; Bad = @{ RetryJitter = 1.5 }; Says = 'RetryJitter*0 to 1*' }
        @{ Name = 'an error without a name'; Bad = @{ RetryOn = '' }; Says = 'RetryOn*empty name*' }
        @{ Name = 'its own dead-letter queue'; Bad = @{ Queue = 'q'; DeadLetterQueue = 'q' }; Says = 'DeadLetterQueue ''q''*' }
        @{ Name = 'a queue''s name too long'; Bad = @{ Queue = 'q' * 201 }; Says = '*Queue*200*' }
    ) {
        $before = Invoke-TestSql $server "select count(*) from $($queue.Schema).tasks"
        $failure = Get-Failure { 1..3 | Add-PqTask { } @Bad }
        Invoke-TestSql $server "select count(*) from $($queue.Schema).tasks" | Should -Be $before
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -BeLike $Says
    }

    It 'says how a duration is written' {
        (Get-Failure { Add-PqTask { } -Timeout soon }) | Should -BeLike "*'soon' is no duration. Write 500ms, 30s*"
    }

    It 'ends the statement for a task in -After that is not there' {
        $failure = Get-Failure { 1..3 | Add-PqTask { } -Queue after -After 987654 }
        $failure.FullyQualifiedErrorId | Should -BeLike 'TaskNotFound,*'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure.TargetObject | Should -Be 987654
        "$failure" | Should -BeLike '*task 987654*'
        Get-PqTask -Queue after | Should -BeNullOrEmpty
    }

    It 'is told of a variable in -After that was never set, and of what is no task' {
        (Get-Failure { Add-PqTask { } -After $null }) | Should -BeLike '*$null is no task*'
        (Get-Failure { Add-PqTask { } -After (Get-Process -Id $PID) }) | Should -BeLike '*is no task*'
    }
}

Describe 'A duration without quotes' {
    It 'is what was written, where PowerShell reads a rounded number' {
        $task = Add-PqTask { 1 } -Delay 0.2s -Timeout 1.5s -RetryDelay 30s | Get-PqTask
        ($task.RunAt - $task.CreatedAt) | Should -Be ([timespan]'00:00:00.2')
        $task.Timeout | Should -Be ([timespan]'00:00:01.5')
        $task.Retry.Delay | Should -Be ([timespan]'00:00:30')
        (Add-PqTask { 1 } -Backoff 0.2s | Get-PqTask).Retry.Delays | Should -Be ([timespan]'00:00:00.2')
        $delay = 1d
        $task = Add-PqTask { 1 } -Delay $delay | Get-PqTask
        ($task.RunAt - $task.CreatedAt) | Should -Be ([timespan]'1.00:00:00')
    }

    It 'is refused where it is another number: <_>' -ForEach '5y', '1kb', '2u', '0x10' {
        { & ([scriptblock]::Create("Add-PqTask { 1 } -Delay $_")) } | Should -Throw "*'$_' is no duration*"
    }

    It 'is refused in a list that has lost its fraction' {
        { Add-PqTask { 1 } -Backoff 1.5s, 5m } | Should -Throw "Backoff '1.5s' *quote it: '1.5s'."
        { Set-PqQueue rounded -DefaultBackoff 10s, 0.4s } | Should -Throw "DefaultBackoff '0.4s' *"
        (Add-PqTask { 1 } -Backoff '1.5s', 10s -ArgumentList 1.5s, 2 | Get-PqTask).Retry.Delays | Should -Be ([timespan]'00:00:01.5'), ([timespan]'00:00:10')
    }
}

Describe 'Asking first' {
    It 'shows what would be added for each item with -WhatIf, and adds none; a bad item is still an error' {
        $before = Invoke-TestSql $server "select count(*) from $($queue.Schema).tasks"
        $shown = pwsh -NoProfile -Command "
            Import-Module '$ModulePath'
            `$null = Connect-PqQueue '$server' -Schema $($queue.Schema)
            'a', 'b' | Add-PqTask { 1 } -Queue asked -Name { `$_ } -WhatIf
            Add-PqTask { 1 } -WhatIf
            Set-PqTask { 1 } -ClientId set -WhatIf
            `$WhatIfPreference = `$true; Add-PqTask { 1 } -Queue preferred"
        $shown | Should -Be @(
            "What if: Performing the operation ""Add a task"" on target ""Queue 'asked', task 'a'""."
            "What if: Performing the operation ""Add a task"" on target ""Queue 'asked', task 'b'""."
            "What if: Performing the operation ""Add a task"" on target ""Queue 'default'""."
            'What if: Performing the operation "Add, or replace the one there is" on target "Task with the client id set".'
            "What if: Performing the operation ""Add a task"" on target ""Queue 'preferred'""."
        )
        1, (ConvertTo-SecureString x -AsPlainText) | Add-PqTask { 1 } -WhatIf -ErrorAction SilentlyContinue -ErrorVariable e
        $e.FullyQualifiedErrorId | Should -BeLike 'SecretArgument,*'
        Invoke-TestSql $server "select count(*) from $($queue.Schema).tasks" | Should -Be $before
    }

    It 'asks with -Confirm and where $ConfirmPreference says Low, and adds nothing where nobody can answer' {
        foreach ($script in '1, 2 | Add-PqTask { 1 } -Queue asked -Confirm', '$ConfirmPreference = "Low"; Add-PqTask { 1 } -Queue asked') {
            $shell = [powershell]::Create()
            $null = $shell.AddScript("Import-Module '$ModulePath'; `$null = Connect-PqQueue '$server' -Schema $($queue.Schema); $script")
            $shell.Invoke() | Should -BeNullOrEmpty
            "$($shell.Streams.Error)" | Should -BeLike '*prompt*'
            $shell.Dispose()
        }

        Get-PqTask -Queue asked | Should -BeNullOrEmpty
        (Add-PqTask { 1 } -Queue asked -Confirm:$false).Id | Should -BeGreaterThan 0
    }
}
