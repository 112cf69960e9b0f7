BeforeDiscovery {
    $kinds = 'AddedTask', 'SetTask', 'QueueTask', 'TaskAttempt', 'ScheduleInfo', 'WorkerInfo', 'QueueInfo', 'QueueMeasure', 'PqConnection', 'SchemaStatus', 'EmbeddedServerStatus', 'TaskJob'
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    $state = [initialsessionstate]::CreateDefault()
    $state.ImportPSModule($ModulePath)
    $worker = [powershell]::Create($state)
    $null = $worker.AddScript('$null = Connect-PqQueue $args[0] -Schema $args[1]; Start-PqWorker -Name serializer').AddArgument($server).AddArgument($queue.Schema).BeginInvoke()

    # One of each that cmdlets emit, with values in most of its properties.
    $task = Add-PqTask { if ($PqTask.Attempt -eq 1) { throw [IO.FileNotFoundException]'gone' }; 7 } -Name saved -Tag a, b -Timeout 30s -MaxAttempts 2 -Backoff 0.1s -Group g
    $null = Register-PqSchedule nightly -Cron '0 2 * * *' -TimeZone Europe/Berlin { 1 } -Jitter 5m
    $objects = @{
        AddedTask = $task
        SetTask = Set-PqTask { 1 } -ClientId saved -Delay 1h
        QueueTask = Wait-PqTask $task -Timeout 30s
        TaskAttempt = Get-PqTask $task -Attempts | Select-Object -First 1
        ScheduleInfo = Get-PqSchedule nightly
        WorkerInfo = Get-PqWorker serializer
        QueueInfo = Get-PqQueue default
        QueueMeasure = Measure-PqQueue default
        PqConnection = Get-PqConnection | Select-Object -First 1
        SchemaStatus = Test-PqSchema -Detailed
        EmbeddedServerStatus = Get-PqServer
        TaskJob = $task | ConvertTo-PqJob
    }
    $null = Wait-Job $objects.TaskJob -Timeout 20
}

AfterAll {
    Remove-Job $objects.TaskJob
    $worker.Stop()
    $worker.Runspace.Dispose()
    $worker.Dispose()
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe '<_>' -ForEach $kinds {
    BeforeAll {
        $object = $objects.$_
        $object.GetType().Name | Should -Be $_

        # The properties that are a name, a number, a time, a state.
        $plain = $object.psobject.Properties.Where({ $_.Value -is [string] -or $_.Value -is [ValueType] })
        $plain.Count | Should -BeGreaterThan 2
    }

    It 'comes back from Export-Clixml with its values as they were' {
        $file = Join-Path $TestDrive 'saved.xml'
        $object | Export-Clixml $file
        $back = Import-Clixml $file
        $back.psobject.TypeNames[0] | Should -Be "Deserialized.$($object.GetType().FullName)"
        foreach ($property in $plain) {
            "$($back.($property.Name))" | Should -Be "$($property.Value)" -Because $property.Name
        }

        ($back | Out-String).Trim() | Should -Not -BeNullOrEmpty
    }

    It 'is readable as JSON, states by their names' {
        $json = $object | ConvertTo-Json -WarningAction SilentlyContinue | ConvertFrom-Json
        foreach ($property in $plain.Where({ $_.Value -is [enum] -or $_.Value -is [string] })) {
            "$($json.($property.Name))" | Should -Be "$($property.Value)" -Because $property.Name
        }

        foreach ($property in $plain.Where({ $_.Value -is [datetime] })) {
            ([datetime]$json.($property.Name)).ToUniversalTime() | Should -Be $property.Value.ToUniversalTime() -Because $property.Name
        }
    }
}

Describe 'Tasks that failed' {
    It 'are grouped by the type and the message of their error, saved ones and their runs too' {
        $failed = @(1..2 | Add-PqTask { throw [TimeoutException]'too late' }) + @(Add-PqTask -Command sh -ArgumentList '-c', 'exit 3')
        $null = Wait-PqTask $failed -Timeout 30s
        $groups = Get-PqFailedTask | Group-Object ErrorType, Queue -NoElement | Sort-Object Count
        $groups.Name | Should -Be 'default', 'System.TimeoutException, default'
        $groups.ForEach({ $_.Count }) | Should -Be 1, 2
        (Get-PqFailedTask | Group-Object ErrorMessage -NoElement | Sort-Object Count)[1].Name | Should -Be 'too late'
        Get-PqFailedTask | Where-Object ErrorType -Like '*Timeout*' | Should -HaveCount 2
        ($failed | Get-PqTask -Attempts | Group-Object ErrorType -NoElement | Sort-Object Count)[1].Name | Should -Be System.TimeoutException

        $file = Join-Path $TestDrive 'failed.xml'
        Get-PqFailedTask | Export-Clixml $file
        $groups = Import-Clixml $file | Group-Object ErrorType -NoElement | Sort-Object Count
        $groups.Name | Should -Be '', 'System.TimeoutException'
        $groups.ForEach({ $_.Count }) | Should -Be 1, 2
    }
}

Describe 'Tasks from another session' {
    BeforeAll {
        $script = { param($Module, $Server, $Schema, $Id) Import-Module $Module; $null = Connect-PqQueue $Server -Schema $Schema; Get-PqTask $Id; Get-PqTask $Id -Attempts | Select-Object -First 1; Get-PqWorker serializer }
        $there, $attempt, $at = Start-Job $script -ArgumentList $ModulePath, $server, $queue.Schema, $task.Id | Receive-Job -Wait -AutoRemoveJob
    }

    It 'show what they show here' {
        $there.psobject.TypeNames[0] | Should -Be Deserialized.PgQueue.QueueTask
        $there.State, $there.Name, $there.FinishedAt | Should -Be 'Completed', 'saved', $objects.QueueTask.FinishedAt
        $attempt.Error | Should -BeLike '*gone*'
        $at.Name | Should -Be serializer
        ($there | Format-Table | Out-String) | Should -BeLike '*saved*default*Completed*'
    }

    It 'stand for their ids where they are piped or given' {
        ($there | Get-PqTask).Id | Should -Be $task.Id
        (Wait-PqTask $there -Timeout 20s).Id | Should -Be $task.Id
        ($there | Receive-PqTask) | Should -Be 7
        (Get-PqTask (Add-PqTask { 1 } -After $there)).After | Should -Be $task.Id
        ($there | Restart-PqTask -PassThru).Id | Should -Be $task.Id
        $job = $there | ConvertTo-PqJob
        $job.TaskId | Should -Be $task.Id
        Remove-Job $job -Force
        { $at | Stop-PqTask -ErrorAction Stop } | Should -Throw '*This is a worker, not a task*'
    }
}
