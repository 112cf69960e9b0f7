BeforeDiscovery {
    $hasTerminal = -not $IsWindows -and (Get-Command script -CommandType Application -ErrorAction Ignore) -and
        "$(script --version 2>&1)" -match 'util-linux'
    $noTerminal = if (-not $hasTerminal) { 'there is no script(1) of util-linux to make a terminal with' }
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
    $started = [Collections.Generic.List[object]]::new()

    function Get-Encoded {
        param([string] $Command)
        $text = "Import-Module '$ModulePath'; `$null = Connect-PqQueue `$env:PGQUEUE_TEST_SERVER -Schema '$($queue.Schema)'; $Command"
        [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))
    }

    # A pwsh of its own with redirected streams; its output is in Log, its errors and warnings too.
    function Start-Child {
        param([string] $Command)
        Start-Logged pwsh @('-NoProfile', '-EncodedCommand', (Get-Encoded $Command))
    }

    # A pwsh of its own in a terminal; what the terminal got is in Log, and Input takes keys.
    function Start-Terminal {
        param([string] $Command, [int] $Columns = 80, [int] $Rows = 24, [string] $Options)
        $inside = "stty cols $Columns rows $Rows; exec pwsh -NoLogo -NoProfile $Options -EncodedCommand $(Get-Encoded $Command)"
        Start-Logged script @('-qefc', $inside, '/dev/null')
    }

    function Start-Logged {
        param([string] $File, [string[]] $Arguments)
        $info = [Diagnostics.ProcessStartInfo]::new($File, $Arguments)
        $info.RedirectStandardInput = $info.RedirectStandardOutput = $info.RedirectStandardError = $true
        $info.Environment['PGQUEUE_TEST_SERVER'] = $server
        $info.Environment['TERM'] = 'xterm'
        $null = $info.Environment.Remove('NO_COLOR')
        $process = [Diagnostics.Process]::Start($info)
        $log = Join-Path $TestDrive "log-$([guid]::NewGuid().ToString('N'))"
        $streams = $process.StandardOutput.BaseStream, $process.StandardError.BaseStream
        $files = 0..1 | ForEach-Object { [IO.FileStream]::new("$log.$_", 'Create', 'Write', 'ReadWrite', 1) }
        $copies = 0..1 | ForEach-Object { $streams[$_].CopyToAsync($files[$_]) }
        $child = [pscustomobject]@{ Process = $process; Input = $process.StandardInput; Path = $log; Copies = $copies; Files = $files }
        $child | Add-Member ScriptProperty Log { [IO.StreamReader]::new([IO.FileStream]::new("$($this.Path).0", 'Open', 'Read', 'ReadWrite')).ReadToEnd() }
        $child | Add-Member ScriptProperty Problems { [IO.StreamReader]::new([IO.FileStream]::new("$($this.Path).1", 'Open', 'Read', 'ReadWrite')).ReadToEnd() }
        $started.Add($child)
        $child
    }

    function Wait-Child {
        param($Child, [int] $Seconds = 30)
        if (-not $Child.Process.WaitForExit($Seconds * 1000)) { throw "Still runs: $($Child.Log)" }
        [Threading.Tasks.Task]::WaitAll($Child.Copies)
    }

    function Send-CtrlC {
        param($Child)
        $Child.Input.Write([char]3)
        $Child.Input.Flush()
    }

    function Stop-AllStarted {
        foreach ($child in $started) {
            if (-not $child.Process.HasExited) {
                $child.Process.Kill($true)
                $child.Process.WaitForExit()
            }

            $child.Files.ForEach('Dispose')
            $child.Process.Dispose()
        }

        $started.Clear()
        Get-PqTask -State Ready, Scheduled, Blocked, Running | Stop-PqTask
    }

    # A task goes on when its file is there.
    function New-Gate { Join-Path $TestDrive "gate-$([guid]::NewGuid().ToString('N'))" }

    $waits = { param($Gate) while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 } }
    $reports = {
        param($Gate)
        Write-Progress 'Copying' -Status 'file 7 of 10' -PercentComplete 70
        while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 20 }
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Start-PqWorker -PassThru' {
    AfterEach { Stop-AllStarted }

    It 'emits each task that has finished, as Get-PqTask does, once, and no summary' {
        $added = @(
            1..3 | Add-PqTask -Command true
            Add-PqTask -Command false
            Add-PqTask { if ($PqTask.Attempt -lt 2) { throw 'not yet' } } -MaxAttempts 2
        )
        $got = Start-PqWorker -Drain -PassThru -InformationVariable told 6>$null
        $got.ForEach({ $_.GetType().FullName }) | Select-Object -Unique | Should -Be PgQueue.QueueTask
        $got.Id | Sort-Object | Should -Be $added.Id
        $now = $got.Id | Get-PqTask
        $got.State | Should -Be $now.State
        $got.FinishedAt | Should -Be $now.FinishedAt
        "$($got.Where({ $_.State -eq 'Failed' }).Error)" | Should -BeLike '*exit code 1*'
        "$told" | Should -Match 'try again +\d+ if.*has ended: 4 completed, 1 failed'
        "$told" | Should -Not -Match 'completed +\d+ true'
    }

    It 'keeps up with thousands of tasks, and emits them in the order of their ends but for moments' {
        $null = 1..2000 | Add-PqTask -Command true
        $got = Start-PqWorker -Drain -Concurrency 8 -PassThru 6>$null
        $got | Should -HaveCount 2000
        ($got.Id | Sort-Object -Unique).Count | Should -Be 2000

        $times = $got.FinishedAt
        $late = 1..1999 | Where-Object { ($times[$_ - 1] - $times[$_]).TotalMilliseconds -gt 1000 }
        $late | Should -BeNullOrEmpty
    }

    It 'finishes what it runs and ends when the pipeline has enough' {
        $null = 1..8 | ForEach-Object { Add-PqTask -Command sleep -ArgumentList 0.2 -Queue enough }
        $null = 1..30 | Add-PqTask -Command true -Queue enough -Priority Low
        $one = Start-PqWorker enough -Concurrency 2 -PassThru 6>$null | Select-Object -First 1
        $one.State | Should -Be 'Completed'
        Get-PqTask -Queue enough -State Running | Should -BeNullOrEmpty
        Get-PqTask -Queue enough -State Ready | Should -Not -BeNullOrEmpty
        Get-PqWorker | Should -BeNullOrEmpty
    }

    It 'finishes what it runs, and passes on an error of the pipeline' {
        $null = 1..8 | ForEach-Object { Add-PqTask -Command sleep -ArgumentList 0.3 -Queue enough }
        "$(Get-Failure { Start-PqWorker enough -Concurrency 2 -PassThru 6>$null | ForEach-Object { throw 'enough' } })" | Should -Be 'enough'
        Get-PqTask -Queue enough -State Running | Should -BeNullOrEmpty
        Get-PqTask -Queue enough -State Ready | Should -Not -BeNullOrEmpty
        foreach ($round in 1) {
            Start-PqWorker enough -Concurrency 2 -PassThru 6>$null | ForEach-Object { break }
        }

        Get-PqWorker | Should -BeNullOrEmpty
    }

    It 'warns of those that were removed before they were read, and shows a restarted one as it ended' {
        $first = Add-PqTask -Command true -Priority Critical
        $second, $third = 1..2 | Add-PqTask -Command true -Queue later
        $null = Add-PqTask -Command sleep -ArgumentList 0.5
        $got = Start-PqWorker -Drain -Concurrency 1 -PassThru -WarningVariable warned 3>$null 6>$null | ForEach-Object {
            if ($_.Id -eq $first.Id) {
                Wait-Until { ($second, $third | Get-PqTask).State -eq 'Completed' | Measure-Object | ForEach-Object { $_.Count -eq 2 } }
                Suspend-PqQueue later
                $second | Remove-PqTask
                $third | Restart-PqTask
                $third | Stop-PqTask
                $third | Restart-PqTask
            }

            $_
        }
        Resume-PqQueue later
        "$warned" | Should -BeLike "1 finished tasks were removed before they could be read: $($second.Id) (Completed)."
        $got.Where({ $_.Id -eq $third.Id })[0].State | Should -Be 'Completed'
    }

    It 'emits the last ones that a worker finishes when it is told to stop' -Skip:$IsWindows {
        $gate = New-Gate
        $tasks = 1..2 | Add-PqTask $waits -Parameters @{ Gate = $gate } -Queue last
        $child = Start-Child 'Start-PqWorker last -PassThru -Concurrency 2 | ForEach-Object { "got $($_.Id) $($_.State)" }; "goes on"'
        Wait-Until { ($tasks | Get-PqTask).Where({ $_.State -eq 'Running' }).Count -eq 2 }
        kill -TERM $child.Process.Id
        Wait-Until { $child.Log -match 'Finishing 2 tasks' }
        $null = New-Item $gate
        Wait-Child $child
        foreach ($id in $tasks.Id) { $child.Log | Should -Match "got $id Completed" }
        $child.Log | Should -Match 'goes on'
        $child.Process.ExitCode | Should -Be 0
    }
}

Describe 'Start-PqWorker without a terminal' {
    AfterEach { Stop-AllStarted }

    It 'writes plain lines where its output is redirected, or in a job' {
        $task = Add-PqTask -Command true -Queue plain
        $child = Start-Child 'Start-PqWorker plain -Drain | Out-Null'
        Wait-Child $child
        $child.Log | Should -Match "takes tasks[\s\S]*completed +$($task.Id) true"
        $child.Log | Should -Not -Match "`e|──"
        $task = Add-PqTask -Command true -Queue plain
        $job = Start-Job { param($Module, $Server, $Schema) Import-Module $Module; $null = Connect-PqQueue $Server -Schema $Schema; Start-PqWorker plain -Drain 6>&1 } -ArgumentList $ModulePath, $server, $queue.Schema
        $lines = $job | Receive-Job -Wait -AutoRemoveJob
        "$lines" | Should -Match "completed +$($task.Id) true"
        "$lines" | Should -Not -Match "`e|──"
    }
}

Describe "In a terminal$(if ($noTerminal) { " ($noTerminal)" })" -Skip:($null -ne $noTerminal) {
    AfterEach { Stop-AllStarted }

    It 'Start-PqWorker shows what runs with its progress below its lines, and takes that away at its end' {
        $gate = New-Gate
        $quick = Add-PqTask -Command true -Name quick -Queue shown
        $slow = Add-PqTask $reports -Parameters @{ Gate = $gate } -Name "slow`e[2J" -Queue shown
        $terminal = Start-Terminal 'Start-PqWorker shown -Drain -Concurrency 2'
        Wait-Until { $terminal.Log -match '70% Copying: file 7 of 10' }
        Wait-Until { $terminal.Log -match '── 1 of 2 running · 1 completed · [\d.]+/s · up \d+s ─+' }
        $terminal.Log | Should -Match "completed +$($quick.Id) quick"
        $terminal.Log | Should -Match "  $($slow.Id) +[\d.]+m?s  slow \[2J  shown   70% "
        $terminal.Log | Should -Not -Match "`e\[2J"
        $null = New-Item $gate
        Wait-Child $terminal
        $end = $terminal.Log.Substring($terminal.Log.LastIndexOf('──'))
        $end | Should -Match "`e\[J[\s\S]*Completed"
        $terminal.Log | Should -Match "completed +$($slow.Id) slow \[2J"
    }

    It 'Start-PqWorker counts the failed in the session''s colour of errors' {
        $gate = New-Gate
        $null = Add-PqTask -Command false -Queue painted -MaxAttempts 1
        $null = Add-PqTask $waits -Parameters @{ Gate = $gate } -Queue painted
        $terminal = Start-Terminal '$PSStyle.Formatting.Error = $PSStyle.Foreground.Magenta; Start-PqWorker painted -Drain'
        Wait-Until { $terminal.Log.Contains("$($PSStyle.Foreground.Magenta)1 failed$($PSStyle.Reset)") }
        $null = New-Item $gate
        Wait-Child $terminal
    }

    It 'Start-PqWorker shows those that fit, and how many there are beside' {
        $gate = New-Gate
        $tasks = 1..12 | Add-PqTask $waits -Parameters @{ Gate = $gate } -Name 'a name that is far too long for it' -Queue many
        $terminal = Start-Terminal 'Start-PqWorker many -Drain -Concurrency 12' -Columns 40 -Rows 12
        Wait-Until { $terminal.Log -match '── 12/12 · 0 done' }
        Wait-Until { $terminal.Log -match '  \+ 8 more' }
        $rows = ($terminal.Log -replace '\e\[[?\d;]*[a-zA-Z]' -split '[\r\n]+').Where({ $_ -match '^(──|  )' })
        $rows.Count | Should -BeGreaterThan 5
        ($rows.Length | Measure-Object -Maximum).Maximum | Should -BeLessThan 40
        $null = New-Item $gate
        Wait-Child $terminal
        ($tasks | Get-PqTask).State | Select-Object -Unique | Should -Be 'Completed'
    }

    It 'Start-PqWorker takes its view away at Ctrl+C, and tells of what it finishes' {
        $gate = New-Gate
        $task = Add-PqTask $waits -Parameters @{ Gate = $gate } -Name last -Queue drained
        $terminal = Start-Terminal 'Start-PqWorker drained'
        Wait-Until { $terminal.Log -match '── 1 of \d+ running' }
        Send-CtrlC $terminal
        Wait-Until { $terminal.Log -match 'Finishing 1 task;' }
        $null = New-Item $gate
        Wait-Child $terminal
        $end = $terminal.Log.Substring($terminal.Log.IndexOf('Finishing 1 task;'))
        $end | Should -Match "completed +$($task.Id) last[\s\S]*has ended: 1 completed"
        $end | Should -Not -Match '──'
    }

    It 'Start-PqWorker -PassThru lets through at Ctrl+C what it finishes, and the session goes on; a second Ctrl+C stops both' {
        $gate = New-Gate
        $task = Add-PqTask $waits -Parameters @{ Gate = $gate } -Queue through
        $terminal = Start-Terminal 'Start-PqWorker through -PassThru | ForEach-Object { "got $($_.Id)" }; "goes on"'
        Wait-Until { $terminal.Log -match '── 1 of \d+ running' }
        Send-CtrlC $terminal
        Wait-Until { $terminal.Log -match 'Finishing 1 task;' }
        $null = New-Item $gate
        Wait-Child $terminal
        $terminal.Log | Should -Match "got $($task.Id)[\s\S]*goes on"

        $task = Add-PqTask $waits -Parameters @{ Gate = (New-Gate) } -Queue through
        $terminal = Start-Terminal 'Start-PqWorker through -PassThru; "goes on"'
        Wait-Until { $terminal.Log -match '── 1 of \d+ running' }
        Send-CtrlC $terminal
        Wait-Until { $terminal.Log -match 'Finishing 1 task;' }
        Send-CtrlC $terminal
        Wait-Child $terminal
        $terminal.Log | Should -Match "given back $($task.Id)"
        $terminal.Log | Should -Not -Match 'goes on'
        ($task | Get-PqTask).State | Should -Be 'Ready'
    }

    It 'Start-PqWorker writes plain lines <Name>' -ForEach @(
        @{ Name = 'with -NonInteractive'; Options = '-NonInteractive'; Command = 'Start-PqWorker quiet -Drain' }
        @{ Name = 'with -ProgressAction SilentlyContinue'; Options = ''; Command = 'Start-PqWorker quiet -Drain -ProgressAction SilentlyContinue' }
        @{ Name = 'where progress is not wanted'; Options = ''; Command = '$ProgressPreference = "SilentlyContinue"; Start-PqWorker quiet -Drain' }
    ) {
        $task = Add-PqTask -Command sleep -ArgumentList 0.5 -Queue quiet
        $terminal = Start-Terminal $Command -Options $Options
        Wait-Child $terminal
        $terminal.Log | Should -Match "completed +$($task.Id) sleep"
        $terminal.Log | Should -Not -Match '──|\?2026'
    }

    It 'Measure-PqQueue -Watch redraws its table until Ctrl+C, and leaves the last' {
        $null = Add-PqTask -Command true -Queue watched -Delay 1h
        $terminal = Start-Terminal 'Measure-PqQueue watched -Watch -Interval 100ms'
        Wait-Until { ([regex]'· every 100ms ·').Matches($terminal.Log).Count -ge 3 }
        $terminal.Log | Should -Match 'Queue +Ready +Run[\s\S]*watched +0 +0 +1[\s\S]*per second +added +done'
        Send-CtrlC $terminal
        Wait-Child $terminal
        $terminal.Log.TrimEnd() | Should -Match "`e\[\d+E\s*(`e\[\?\w+)?$"
    }
}

Describe 'Measure-PqQueue -Watch' {
    AfterEach { Stop-AllStarted }

    It 'emits the queues each time where its output goes on, with time and rates' {
        $null = 1..3 | Add-PqTask -Command true -Queue counted
        $got = Measure-PqQueue counted, other* -Watch -Interval 100ms | ForEach-Object {
            if ($null -eq $_.AddedPerSecond) { $null = Add-PqTask -Command true -Queue counted }
            $_
        } | Select-Object -First 3
        $got | Should -HaveCount 3
        $got.ForEach({ $_.GetType().FullName }) | Select-Object -Unique | Should -Be PgQueue.QueueMeasure
        $got.Ready | Should -Be 3, 4, 4
        $got[0].AddedPerSecond | Should -BeNullOrEmpty
        $got[1].AddedPerSecond | Should -BeGreaterThan 0
        $got[2].CompletedPerSecond | Should -Be 0
        $got[1].At | Should -BeGreaterThan $got[0].At
    }

    It 'refuses an interval that is too short' {
        (Get-Failure { Measure-PqQueue -Watch -Interval 10ms }).FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
    }
}

Describe 'The progress of Wait-PqTask' {
    BeforeAll {
        function Get-WaitProgress {
            param([string] $Before = '')
            $gate = New-Gate
            $done = Add-PqTask -Command true
            $slow = Add-PqTask $reports -Parameters @{ Gate = $gate } -Name slow
            $state = [initialsessionstate]::CreateDefault()
            $state.ImportPSModule($ModulePath)
            $shells = 1..2 | ForEach-Object { [powershell]::Create($state) }
            $connect = '$null = Connect-PqQueue $args[0] -Schema $args[1];'
            try {
                $null = $shells[0].AddScript("$connect Start-PqWorker -Drain").AddArgument($server).AddArgument($queue.Schema)
                $null = $shells[1].AddScript("$connect $Before; Wait-PqTask `$args[2]").AddArgument($server).AddArgument($queue.Schema).AddArgument([long[]]($done.Id, $slow.Id))
                $shells[1].Streams.Progress.EnumeratorNeverBlocks = $true
                $running = $shells.ForEach({ $_.BeginInvoke() })
                Wait-Until { ($done | Get-PqTask).State -eq 'Completed' -and ($slow | Get-PqTask).State -eq 'Running' }
                if ($Before) {
                    Wait-Until { Invoke-TestSql $server "select watched from $($queue.Schema).task where id = $($slow.Id)" }
                }
                else {
                    Wait-Until { $shells[1].Streams.Progress.Where({ $_.Activity -like '*slow: Copying' }) }
                    Wait-Until { $shells[1].Streams.Progress.Where({ $_.StatusDescription -eq '1 of 2 finished' }) }
                }

                $null = New-Item $gate
                $got = $shells[1].EndInvoke($running[1])
                $null = $shells[0].EndInvoke($running[0])
                $got.Id | Should -Be $done.Id, $slow.Id
                @($shells[1].Streams.Progress)
            }
            finally {
                $shells.ForEach({ $_.Stop(); $_.Runspace.Dispose(); $_.Dispose() })
            }
        }
    }

    It 'counts those that have finished, shows the bars of those that run, and completes all' {
        $records = Get-WaitProgress
        $bar = $records.Where({ $_.Activity -like '*slow: Copying' })[0]
        $bar.PercentComplete | Should -Be 70
        $bar.StatusDescription | Should -Be 'file 7 of 10'
        foreach ($id in $records.ActivityId | Select-Object -Unique) {
            $records.Where({ $_.ActivityId -eq $id })[-1].RecordType | Should -Be 'Completed'
        }
    }

    It 'is none where progress is not wanted' {
        Get-WaitProgress '$ProgressPreference = "SilentlyContinue"' | Should -BeNullOrEmpty
    }
}
