BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/PgQueue/PgQueue.psd1') -Force
    # A job looks as PowerShell's own do.
    $emitted = (Get-Command -Module PgQueue).OutputType.Type |
        Where-Object { $_.Namespace -like 'PgQueue*' -and -not $_.IsSubclassOf([System.Management.Automation.Job]) } |
        Sort-Object FullName -Unique |
        ForEach-Object { @{ Type = $_.FullName } }
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
    $escape = [char]27

    function Get-Screen($Objects, [int] $Width = 80) {
        ($Objects | Out-String -Width $Width).Trim("`r", "`n").Split("`n").TrimEnd()
    }

    # As a terminal counts: a wide character takes two columns, a colour none.
    function Get-Cells([string] $Line) {
        $Host.UI.RawUI.LengthInBufferCells($Line)
    }

    # Ages grow between two looks.
    function Hide-Age($Text) {
        $Text -replace '\d+s', 's' -replace ' +', ' '
    }

    $null = Set-PqQueue left -MaxConcurrency 3 -RateLimit 100/m
    $null = Add-PqTask -Command true -Name fine -Queue left -Tag one
    $bad = Add-PqTask -Name 'a name that is far too long for its column' -Queue a-queue-with-a-long-name -MaxAttempts 2 -RetryDelay 0 {
        function Get-It { param($Path) Get-Item $Path -ErrorAction Stop }
        try { Get-It /nowhere/at/all }
        catch { throw [TimeoutException]::new("the first line of the error is too long for the table and goes on and on`nthe second line", $_.Exception) }
    }
    $null = Add-PqTask -Command sh -ArgumentList '-c', 'exit 3'
    $null = Start-PqWorker -Drain -Name viewer -WarningAction Ignore 6>$null
    $later = Add-PqTask -Command true -Name later -RunAt (Get-Date).AddMinutes(90)
    $null = Add-PqTask -Command true -Name child -After $later
    $null = Add-PqTask -Command true -Name ([string]::new([char]0x6F22, 30))
    $gone = Add-PqTask -Command true -Name gone
    Stop-PqTask $gone -Reason "not needed`nany more"
    $null = Register-PqSchedule quarterly -Every 15m -Command true
    $null = Register-PqSchedule odd -Every 1d2h3m4s -Command true
    $null = Register-PqSchedule nightly -Cron '0 2 * * *' -TimeZone Europe/Berlin -Command true
    $null = Invoke-TestSql $server "update $($queue.Schema).task set id = 987654321 where name = 'child'"
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'The view of <Type>' -ForEach $emitted {
    It 'is a table' {
        (Get-FormatData $Type -PowerShellVersion $PSVersionTable.PSVersion).FormatViewDefinition.Control.ForEach('GetType').Name | Should -Contain 'TableControl'
    }
}

Describe 'What cmdlets emit' {
    It 'fits 80 columns, each object in one line, with no error in a view: <_>' -ForEach @(
        'Get-PqTask', 'Get-PqFailedTask | Get-PqTask -Attempts', 'Get-PqQueue', 'Measure-PqQueue', 'Get-PqSchedule', 'Get-PqConnection',
        'Get-PqServer', 'Test-PqSchema -Detailed', 'Add-PqTask { 1 } -Name wide', 'Set-PqTask { 1 } -ClientId wide', 'Start-PqWorker none -Drain'
        "Get-PqCronOccurrence '@daily' -Next 3"
    ) {
        $objects = @(& ([scriptblock]::Create($_)) 6>$null)
        $shown = $objects | Format-Table -DisplayError -ShowError 2>&1
        $shown | Should -Not -BeOfType ([System.Management.Automation.ErrorRecord])
        $screen = Get-Screen $objects
        foreach ($line in $screen) {
            Get-Cells $line | Should -BeLessOrEqual 80 -Because $line
        }

        $groups = @($screen -match '^   Task: ').Count
        @($screen -ne '').Count | Should -Be ($objects.Count + ($groups ? 3 * $groups : 2))
        $list = $objects | Format-List -DisplayError -ShowError 2>&1
        $list | Should -Not -BeOfType ([System.Management.Automation.ErrorRecord])
    }
}

Describe 'Tasks' {
    It 'show what one looks for first' {
        $screen = Get-Screen (Get-PqTask)
        $screen[0] | Should -Match '^       Id Name +Queue     State       Try    Age   Took Error$'
        ($screen -match 'later')[0] | Should -Match '^ +\d+ later +default +Scheduled +0/1 in 89m$|^ +\d+ later +default +Scheduled +0/1 +in 1h$'
        ($screen -match 'fine')[0] | Should -Match '^ +\d+ fine +left +Completed +1/1 +\d+s +\d+ms$'
        ($screen -match 'a name that')[0] | Should -Match '^ +\d+ a name that is?… a-queue-… Failed +2/2 +\d+s +[\d.]+m?s the first lin…$'
        ($screen -match 'gone')[0] | Should -Match 'Canceled +0/1 +\d+s +not needed$'
    }

    It 'show an id of nine digits, and what a task without a name runs' {
        $screen = Get-Screen (Get-PqTask)
        ($screen -match 'child')[0] | Should -Match '^987654321 child +default +Blocked +0/1 '
        ($screen -match 'ExitCode|exit 3') | Should -Match '^ +\d+ sh -c exit 3 +default +Failed'
    }

    It 'give a wider console to the name and the error' {
        (Get-Screen (Get-PqTask $bad.Id) 160)[2] | Should -BeLike '* a name that is far too long for its column *the first line of the error is too long for the t*'
    }

    It 'cannot command the terminal by their names and errors' {
        $id = (Add-PqTask -Command true -Name "evil$escape[2Jname").Id
        $evil = '{"message": "bad\u001b[2J news"}'
        $null = Invoke-TestSql $server "update $($queue.Schema).task set error = '$evil' where id = $id"
        $rendering = $PSStyle.OutputRendering
        try {
            $PSStyle.OutputRendering = 'Ansi'
            $text = (Get-PqTask $id | Out-String -Width 120) + (Get-PqTask $id | Format-List | Out-String) + "$(Get-PqTask $id)"
        }
        finally {
            $PSStyle.OutputRendering = $rendering
            Remove-PqTask $id -Confirm:$false
        }

        $text | Should -Match 'evil \[2Jname'
        $text | Should -Match 'bad \[2J news'
        $text | Should -Not -Match "$escape\[2J"
    }

    It 'are the same when they come from another process' {
        $copies = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@(Get-PqTask -Name a*, fine), 2))
        Hide-Age (Get-Screen $copies) | Should -Be (Hide-Age (Get-Screen (Get-PqTask -Name a*, fine)))
        $copies | Format-List -ShowError 2>&1 | Should -Not -BeOfType ([System.Management.Automation.ErrorRecord])
    }

    It 'list what is set, with how long ago, and keep their times' {
        $text = Get-Screen (Get-PqTask -Name fine | Format-List)
        $text | Should -Contain 'Tags        : {one}'
        $text -match '^FinishedAt  : .+ \(\d+s ago\)$' | Should -HaveCount 1
        $text -match '^(Error|Script|After|Schedule) ' | Should -BeNullOrEmpty
        (Get-PqTask -Name fine).FinishedAt | Should -BeOfType datetime
        (Get-PqTask -Name fine).Duration | Should -BeOfType timespan
    }
}

Describe 'A task''s error' {
    BeforeAll {
        $errorOfTask = (Get-PqTask $bad.Id).Error
    }

    It 'is shown with its code, the calls and the cause' {
        $screen = Get-Screen $errorOfTask
        $screen[0] | Should -BeLike 'TimeoutException: the first line of the error*'
        $screen | Should -Contain 'the second line'
        $screen | Should -Contain 'Line |'
        $screen -match '^   4 \| .*throw \[TimeoutException\]' | Should -HaveCount 1
        $screen -match '^     \| +~{20,}$' | Should -HaveCount 1
        $screen | Should -Contain 'at <ScriptBlock>, <No file>: line 4'
        $screen | Should -Contain 'caused by'
        $screen -match "^ItemNotFoundException: Cannot find path '/nowhere/at/all'" | Should -HaveCount 1
    }

    It 'is in the list of its task and of its attempts, aligned within 80 columns' -ForEach @(
        { Get-PqTask $bad.Id }, { Get-PqTask $bad.Id -Attempts | Select-Object -First 1 }
    ) {
        $screen = Get-Screen (& $_ | Format-List)
        $code = ($screen -match ' 4 \| ')[0]
        $mark = ($screen -match ' \| +~+$')[0]
        $code.IndexOf('|') | Should -Be $mark.IndexOf('|')
        $code[$mark.IndexOf('~')] | Should -Be 't'
        $screen | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
    }

    It 'comes with the error record that Receive-PqTask writes' {
        $null = Receive-PqTask $bad.Id -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].Exception.TaskError.Position | Should -BeLike 'At line:4*'
        $problem[0] | Get-Error | Out-String -Width 200 | Should -Match '(?s)Position +: At line:4.*ScriptStackTrace : at <ScriptBlock>, <No file>: line 4'
    }

    It 'lists all that is known of it' {
        $text = $errorOfTask | Format-List | Out-String -Width 200
        $text | Should -Match '(?s)Message +:.*Type +: System.TimeoutException.*Category +:.*Position +: At line:4.*ScriptStackTrace +: at <ScriptBlock>.*Inner +: ItemNotFoundException: '
    }

    It 'is its message as text' {
        "$((Get-PqTask -State Failed)[0].Error)" | Should -BeLike "The command 'sh' ended with exit code 3*"
    }
}

Describe 'Colours' {
    BeforeEach {
        $rendering = $PSStyle.OutputRendering
        $red = $PSStyle.Formatting.Error
    }

    AfterEach {
        $PSStyle.OutputRendering = $rendering
        $PSStyle.Formatting.Error = $red
    }

    It 'follow the meaning and $PSStyle' {
        $PSStyle.OutputRendering = 'Ansi'
        $PSStyle.Formatting.Error = $PSStyle.Foreground.Magenta
        $text = Get-PqTask | Out-String -Width 80
        $text.Contains("$($PSStyle.Foreground.Magenta)Failed$($PSStyle.Reset)") | Should -BeTrue
        $text.Contains("$($PSStyle.Foreground.Green)Completed$($PSStyle.Reset)") | Should -BeTrue
        $text.Contains("$($PSStyle.Formatting.Warning)Canceled$($PSStyle.Reset)") | Should -BeTrue
        $plain = $text -replace "$escape\[[\d;]*m"
        $PSStyle.OutputRendering = 'PlainText'
        Hide-Age $plain | Should -Be (Hide-Age (Get-PqTask | Out-String -Width 80))
    }

    It 'are in no pipe, whatever is shown: <_>' -ForEach 'Get-PqTask', 'Get-PqTask | Format-List', 'Get-PqSchedule', 'Get-PqQueue', '(Get-PqFailedTask).Error' {
        $PSStyle.OutputRendering = 'Host'
        & ([scriptblock]::Create($_)) | Out-String | Should -Not -Match $escape
        $PSStyle.OutputRendering = 'PlainText'
        & ([scriptblock]::Create($_)) | Out-String | Should -Not -Match $escape
    }

    It 'are not written to a file, to a program, or under NO_COLOR' {
        $command = "Import-Module '$ModulePath'; Get-PqTask -Connection '$server'"
        $file = Join-Path $TestDrive out.txt
        $env:PGQUEUE_SCHEMA = $queue.Schema
        try {
            pwsh -NoProfile -Command "$command > '$file'; $command | Format-List >> '$file'"
            $piped = pwsh -NoProfile -Command "$command | grep -v nothing"
            $env:NO_COLOR = '1'
            $plain = pwsh -NoProfile -Command "$command; [string] `$PSStyle.OutputRendering"
        }
        finally {
            $env:NO_COLOR = $env:PGQUEUE_SCHEMA = $null
        }

        Get-Content $file -Raw | Should -Match 'Failed'
        Get-Content $file -Raw | Should -Not -Match $escape
        "$piped" | Should -Match 'Failed'
        "$piped" | Should -Not -Match $escape
        $plain | Should -Contain 'PlainText'
        "$plain" | Should -Not -Match $escape
    }
}

Describe 'An object that follows another type' {
    It 'is shown by a few properties: <Name>' -ForEach @(
        @{ Name = 'attempts'; Code = { Get-PqTask $bad.Id -Attempts }; Has = 'Ended'; HasNot = 'PeakMemory' }
        @{ Name = 'measures'; Code = { Measure-PqQueue left }; Has = 'Completed'; HasNot = 'AverageWait' }
        @{ Name = 'queues'; Code = { Get-PqQueue left }; Has = 'MaxConcurrency'; HasNot = 'RateBurst' }
        @{ Name = 'schedules'; Code = { Get-PqSchedule nightly }; Has = 'NextRun'; HasNot = 'MissedLimit' }
        @{ Name = 'an error'; Code = { (Get-PqTask $bad.Id).Error }; Has = 'Position'; HasNot = ' StackTrace' }
    ) {
        $text = & { Get-PqTask -Name fine; & $Code } | Out-String -Width 80
        $text | Should -Match "(?m)^$Has +: "
        $text | Should -Not -Match "(?m)^$HasNot +: "
    }

    It 'is a task: few properties too' {
        & { Get-PqConnection; Get-PqTask -Name fine } | Out-String -Width 80 | Should -Match '(?s)Name +: fine.*Error +:\s+$'
    }
}

Describe 'As text' {
    It 'is short: <Expected>' -ForEach @(
        @{ Code = { Get-PqTask -Name fine }; Expected = '1 fine (Completed)' }
        @{ Code = { Get-PqTask 3 }; Expected = '3 sh -c exit 3 (Failed)' }
        @{ Code = { Get-PqTask 1 -Attempts }; Expected = '1 run 1 (Success)' }
        @{ Code = { Get-PqQueue left }; Expected = 'left' }
        @{ Code = { Measure-PqQueue left }; Expected = 'left: 0 ready, 0 running, 0 waiting' }
        @{ Code = { Get-PqSchedule nightly }; Expected = 'nightly' }
        @{ Code = { Set-PqTask { 1 } -ClientId 'text' -Name named }; Expected = '* text (Added)' }
        @{ Code = { Add-PqTask { 1 } -Name named }; Expected = '* named' }
        @{ Code = { Test-PqSchema -Detailed }; Expected = 'test_*, version * of *' }
    ) {
        "$(& $Code)" | Should -BeLike $Expected
    }

    It 'stands for a name where one is wanted' {
        (Get-PqTask -Queue (Get-PqQueue left)).Name | Should -Be 'fine'
    }
}

Describe 'Schedules' {
    It 'say their rhythm as it is written' {
        $screen = Get-Screen (Get-PqSchedule)
        ($screen -match '^quarterly')[0] | Should -Match 'every 15m +\d{4}-'
        ($screen -match '^odd')[0] | Should -Match 'every 1d2h3m4s +\d{4}-'
        ($screen -match '^nightly')[0] | Should -Match '0 2 \* \* \* Europe/Berlin \d{4}-'
        Get-Screen (Get-PqSchedule quarterly | Format-List) | Should -Contain 'Rhythm      : every 15m'
    }
}
