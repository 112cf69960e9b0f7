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
        $added = Add-PqTask { } -Queue settings -Name n -Tag red, green -Priority High -Timeout 90s -MemoryLimit 512MB `
            -MaxAttempts 3 -RetryDelay 5m -Backoff Exponential -RunAt $at -ClientId mine -DedupeKey same -WorkingDirectory / `
            -Environment @{ A = 1; B = $null } -Module Pester
        $task = $added | Get-PqTask
        $task.Queue | Should -Be 'settings'
        $task.Tags | Should -Be 'red', 'green'
        $task.Priority | Should -Be 75
        $task.Timeout | Should -Be ([timespan]'00:01:30')
        $task.MemoryLimit | Should -Be 512MB
        $task.MaxAttempts | Should -Be 3
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
        "$warned" | Should -BeLike '*reads $path, $missing but never sets them*$using:path*'
    }

    It 'gets no warning for what it has: <Script>' -ForEach @(
        @{ Script = { param($a, [int] $b = 2) $a + $b } }
        @{ Script = { $x = 1; $y, $z = 2, 3; [string] $w = 'w'; $x + $y + $z + $w } }
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

    It 'leaves out the object whose name can''t be made' {
        $added = 0, 1 | Add-PqTask { } -Name { "n$(1 / $_)" } -ErrorAction SilentlyContinue -ErrorVariable problem
        $added.Name | Should -Be 'n1'
        $problem[0].TargetObject | Should -Be 0
    }

    It 'ends the statement for a bad option: <Name>' -ForEach @(
        @{ Name = 'no attempts'; Bad = @{ MaxAttempts = 0 }; Says = '*MaxAttempts ''0''*at least 1*' }
        @{ Name = 'a negative limit'; Bad = @{ MemoryLimit = -1 }; Says = '*MemoryLimit*' }
        @{ Name = 'two times'; Bad = @{ RunAt = [datetime]::Now; Delay = '5m' }; Says = '*RunAt*' }
        @{ Name = 'a queue''s name too long'; Bad = @{ Queue = 'q' * 201 }; Says = '*Queue*200*' }
    ) {
        $failure = Get-Failure { 1..3 | Add-PqTask { } @Bad }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -BeLike $Says
    }

    It 'says how a duration is written' {
        (Get-Failure { Add-PqTask { } -Timeout soon }) | Should -BeLike "*'soon' is no duration. Write 500ms, 30s*"
    }
}
