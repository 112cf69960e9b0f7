BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server
    $alpha = Add-PqTask { 'a' } -Name 'import alpha' -Tag red, big -Queue left
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

    It 'says how a time is written' {
        (Get-Failure { Get-PqTask -Since yesterdayish }) | Should -BeLike "*'yesterdayish' is neither a time nor a duration*"
    }

    It 'shows a table of at most 80 columns' {
        $lines = (Get-PqTask | Format-Table | Out-String -Width 80).Split("`n")
        $lines[1] | Should -Match 'Id +Name +Queue +State +Kind +Try +Time +Error'
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 81
        $lines -match 'timed out' | Should -HaveCount 1
    }
}

Describe 'Completion' {
    It 'offers <Expected> for <Line>' -ForEach @(
        @{ Line = 'Get-PqTask -State Comp'; Expected = , 'Completed' }
        @{ Line = 'Get-PqTask -Queue '; Expected = 'left', 'right' }
        @{ Line = 'Add-PqTask {} -Queue le'; Expected = , 'left' }
        @{ Line = 'Add-PqTask {} -Priority '; Expected = 'Batch', 'Low', 'Normal', 'High', 'Critical' }
    ) {
        $offered = [Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches.CompletionText
        foreach ($one in $Expected) { $offered | Should -Contain $one }
    }

    It 'is silent where the server is away' {
        $Error.Clear()
        $line = 'Get-PqTask -Connection "Host=localhost;Port=1" -Queue zzz'
        $null = [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)
        $Error | Should -BeNullOrEmpty
    }
}
