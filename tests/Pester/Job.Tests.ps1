BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # A worker in a runspace beside this one.
    function Start-Worker {
        param($Connection)
        $state = [initialsessionstate]::CreateDefault()
        $state.ImportPSModule($ModulePath)
        $shell = [powershell]::Create($state)
        $script = '$null = Connect-PqQueue $args[0] -Schema $args[1]; Start-PqWorker default -Concurrency 3'
        $null = $shell.AddScript($script).AddArgument($server).AddArgument($Connection.Schema)
        @{ Shell = $shell; Running = $shell.BeginInvoke() }
    }

    function Stop-Worker {
        param($Worker)
        $Worker.Shell.Stop()
        $Worker.Shell.Runspace.Dispose()
        $Worker.Shell.Dispose()
    }

    # Connections to the server whose last statement was one of those that follow tasks.
    function Get-FollowerCount {
        Invoke-TestSql $server "select count(*) from pg_stat_activity where query like '%task_output o on%' and pid <> pg_backend_pid()"
    }

    # A task goes on when its file is there.
    function New-Gate { Join-Path $TestDrive "gate-$([guid]::NewGuid().ToString('N'))" }

    $worker = Start-Worker $queue
}

AfterAll {
    Get-Job | Where-Object PSJobTypeName -EQ PqTask | Remove-Job -Force
    Get-PqTask -State Running | Stop-PqTask
    Stop-Worker $worker
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'A task as a job' {
    AfterEach {
        Get-Job | Where-Object PSJobTypeName -EQ PqTask | Remove-Job -Force
    }

    It 'is a job like any other: it waits, runs, completes, and its streams come out of Receive-Job' {
        $gate = New-Gate
        $task = Add-PqTask {
            param($Gate)
            while (-not (Test-Path $Gate)) { [Threading.Thread]::Sleep(20) }
            [pscustomobject]@{ A = 1 }; 'text'
            Write-Warning careful; Write-Verbose words -Verbose; Write-Debug bug -Debug; Write-Information told; Write-Host shown
            Write-Error bad -Category ObjectNotFound; Write-Progress Loading -PercentComplete 5
        } -ArgumentList $gate -Name first -Delay 1h
        $job = $task | ConvertTo-PqJob
        $job | Should -BeOfType System.Management.Automation.Job
        $job.State | Should -Be NotStarted
        $job.Name, $job.PSJobTypeName, $job.TaskId, $job.Queue | Should -Be 'first', 'PqTask', $task.Id, 'default'
        $job.Command | Should -BeLike 'param($Gate)*'
        $job.Location | Should -Be $queue.Server
        $job.HasMoreData | Should -BeTrue
        (Get-Job first).InstanceId | Should -Be $job.InstanceId
        (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId

        Set-PqTask -Id $task -RunAt (Get-Date)
        Wait-Until { $job.State -eq 'Running' }
        Wait-Until { $job.Location -eq (Get-PqTask $task).Worker }
        Get-Job -State Running | ForEach-Object Name | Should -Contain first
        $null = New-Item $gate
        Wait-Job $job -Timeout 20 | ForEach-Object State | Should -Be Completed
        $read = Receive-Job $job -Keep -WarningVariable w -ErrorVariable e -InformationVariable i -ErrorAction SilentlyContinue 3>$null 4>$null 5>$null 6>$null
        $read[0].A, $read[1] | Should -Be 1, 'text'
        "$w" | Should -Be careful
        $e | Should -HaveCount 1
        "$e", $e[0].CategoryInfo.Category | Should -Be 'bad', 'ObjectNotFound'
        $i.ForEach({ "$_" }) | Should -Be told, shown
        $job.Verbose.Message, $job.Debug.Message | Should -Be words, bug
        $job.Progress.Activity | Should -Be Loading, Loading
        $job.Progress.RecordType | Should -Be Processing, Completed
        ($job.PSEndTime - $job.PSBeginTime).TotalMinutes | Should -BeLessThan 1
        (Receive-Job $job -ErrorAction SilentlyContinue 3>$null 4>$null 5>$null 6>$null)[1] | Should -Be text
        Receive-Job $job | Should -BeNullOrEmpty
        $job.HasMoreData | Should -BeFalse
    }

    It 'that fails has the state Failed, with the task''s error as its reason' {
        $job = Add-PqTask { 1; throw [IO.FileNotFoundException]::new('not there') } -AsJob
        $null = Wait-Job $job -Timeout 20
        $job.State | Should -Be Failed
        $job.JobStateInfo.Reason.Message | Should -Be 'not there'
        $job.JobStateInfo.Reason.ErrorRecord.CategoryInfo.Reason | Should -Be FileNotFoundException
        Receive-Job $job -ErrorAction SilentlyContinue -ErrorVariable e | Should -Be 1
        $e | Should -HaveCount 1
        "$e" | Should -Be 'not there'
    }

    It 'shows a method''s result and a command''s output and exit code' {
        $job = Add-PqTask -Command sh -ArgumentList '-c', 'echo out; exit 3' -AsJob
        $null = Wait-Job $job -Timeout 20
        $job.Command | Should -Be 'sh -c echo out; exit 3'
        $job.State | Should -Be Failed
        Receive-Job $job -ErrorAction SilentlyContinue -ErrorVariable e | Should -Be out
        "$e" | Should -BeLike '*3*'
    }

    It 'that is stopped is canceled, and comes to its end first' {
        $job = Add-PqTask { try { 'begun'; Start-Sleep 100 } finally { 'cleaned' } } -AsJob
        Wait-Until { $job.Output.Count -eq 1 }
        Stop-Job $job
        $job.State | Should -Be Stopped
        (Get-PqTask $job.TaskId).State | Should -Be Canceled
        Receive-Job $job 3>$null | Should -Be begun, cleaned

        $waiting = Add-PqTask { 1 } -Delay 1h -AsJob
        $waiting.StopJob($true, 'not today')
        $waiting.State | Should -Be Stopped
        (Get-PqTask $waiting.TaskId).Error | Should -BeLike '*not today*'
    }

    It 'that is removed leaves the task as it is' {
        $done = Add-PqTask { 5 } -AsJob | Wait-Job -Timeout 20
        Remove-Job $done
        Get-Job | Where-Object PSJobTypeName -EQ PqTask | Should -BeNullOrEmpty
        (Get-PqTask $done.TaskId).State | Should -Be Completed

        $gate = New-Gate
        $waiting = Add-PqTask { param($Gate) while (-not (Test-Path $Gate)) { [Threading.Thread]::Sleep(20) } } -ArgumentList $gate -AsJob
        { Remove-Job $waiting -ErrorAction Stop } | Should -Throw
        $waiting.Detach()
        Wait-Until { $waiting.State -eq 'Disconnected' }
        $waiting.StatusMessage | Should -BeLike '*goes on*'
        Remove-Job $waiting -Force
        Wait-Until { (Get-PqTask $waiting.TaskId).State -eq 'Running' }
        $null = New-Item $gate
        (Wait-PqTask $waiting.TaskId -Timeout 20s).State | Should -Be Completed
    }

    It 'is one for each pipeline object, and works with -Wait, -AutoRemoveJob, -Any and -Timeout' {
        $found = 1..4 | Add-PqTask { param($n) "out $n" } -Name { "part $_" } -AsJob | Receive-Job -Wait -AutoRemoveJob
        $found | Sort-Object | Should -Be 'out 1', 'out 2', 'out 3', 'out 4'
        Get-Job | Where-Object PSJobTypeName -EQ PqTask | Should -BeNullOrEmpty

        $gates = 1..2 | ForEach-Object { New-Gate }
        $jobs = $gates | Add-PqTask { param($Gate) while (-not (Test-Path $Gate)) { [Threading.Thread]::Sleep(20) } } -AsJob
        Wait-Job $jobs -Timeout 1 | Should -BeNullOrEmpty
        $null = New-Item $gates[1]
        (Wait-Job $jobs -Any -Timeout 20).Id | Should -Be $jobs[1].Id
        $null = New-Item $gates[0]
        (Wait-Job $jobs -Timeout 20).State | Should -Be Completed, Completed
    }

    It 'stands for its task, not for the task of its own number' {
        $other = Add-PqTask { 1 } -Delay 1h
        $job = Add-PqTask { 2 } -Delay 1h -AsJob
        ($job | Get-PqTask).Id | Should -Be $job.TaskId
        (Get-PqTask $job).Id | Should -Be $job.TaskId
        $after = Add-PqTask { 3 } -After $job
        (Get-PqTask $after).After | Should -Be $job.TaskId
        Get-Job -Filter @{ TaskId = $job.TaskId } | ForEach-Object InstanceId | Should -Be $job.InstanceId
        Stop-PqTask $job, $other.Id
        Wait-Until { $job.State -eq 'Stopped' }
    }

    It 'has one job while it goes on, and a new one after a restart' {
        $task = Add-PqTask { 'again' } -Delay 1h
        $job, $same = $task, $task | ConvertTo-PqJob
        $same.InstanceId | Should -Be $job.InstanceId
        Stop-PqTask $task
        $null = Wait-Job $job -Timeout 20
        Restart-PqTask $task
        $new = $task | ConvertTo-PqJob
        $new.InstanceId | Should -Not -Be $job.InstanceId
        $new | Receive-Job -Wait | Should -Be again
    }

    It 'is told anew where it takes the place of one that was let go a moment before' {
        $gate = New-Gate
        $task = Add-PqTask { param($Gate) 'begun'; while (-not (Test-Path $Gate)) { [Threading.Thread]::Sleep(20) }; 'done' } -ArgumentList $gate
        $job = $task | ConvertTo-PqJob
        Wait-Until { $job.State -eq 'Running' -and $job.Output.Count -eq 1 }
        $job.Detach()
        $new = $task | ConvertTo-PqJob
        $new.InstanceId | Should -Not -Be $job.InstanceId
        Wait-Until { $new.State -eq 'Running' }
        $null = New-Item $gate
        $new | Receive-Job -Wait | Should -Be begun, done
        $job.State | Should -Be Disconnected
    }

    It 'fails alone where what its task has written can''t be read' {
        $job, $other = 1..2 | Add-PqTask { param($n) [pscustomobject]@{ N = $n } } -Delay 1h -AsJob
        $null = Invoke-TestSql $server "insert into $($queue.Schema).task_output (task_id, run, seq, stream, text, clixml) values ($($job.TaskId), 1, 1, 'output', 'x', '<broken')"
        $null = Wait-Job $job -Timeout 20
        Set-PqTask -Id $job, $other -RunAt (Get-Date)
        $null = Wait-Job $other -Timeout 20
        $job.State, $other.State | Should -Be Failed, Completed
        $job.JobStateInfo.Reason | Should -Not -BeNullOrEmpty
        (Receive-Job $other).N | Should -Be 2
    }

    It 'tells what each attempt wrote, and waits in between' {
        $job = Add-PqTask { "attempt $($PqTask.Attempt)"; if ($PqTask.Attempt -eq 1) { throw 'once' } } -MaxAttempts 2 -RetryDelay 1s -AsJob
        $null = Wait-Job $job -Timeout 20
        Receive-Job $job -Keep | Should -Be 'attempt 1', 'attempt 2'
        $job.State | Should -Be Completed
        "$($job.Verbose)" | Should -BeLike '*run 2*'
    }

    It 'says when somebody has removed the task' {
        $job = Add-PqTask { 1 } -Delay 1h -AsJob
        Remove-PqTask $job
        $null = Wait-Job $job -Timeout 20
        $job.State | Should -Be Failed
        $job.JobStateInfo.Reason.Message | Should -BeLike "*removed task $($job.TaskId)*"
    }

    It 'goes on when the connection was lost' {
        $gate = New-Gate
        $job = Add-PqTask { param($Gate) 'before'; while (-not (Test-Path $Gate)) { [Threading.Thread]::Sleep(20) }; 'after' } -ArgumentList $gate -AsJob
        Wait-Until { $job.Output.Count -eq 1 }
        Wait-Until { (Get-FollowerCount) -eq 1 }
        $null = Invoke-TestSql $server "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%task_output o on%' and pid <> pg_backend_pid()"
        $null = New-Item $gate
        $job | Receive-Job -Wait | Should -Be before, after
    }

    It 'does not hold up the other jobs while somebody reads it slowly' {
        $first = Add-PqTask { 1..50; 'end' } -AsJob
        $second = Add-PqTask { 'second' } -AsJob
        $null = Wait-Job $first -Timeout 20
        $read = $first | Receive-Job -Wait | ForEach-Object { $null = Wait-Job $second -Timeout 20; $second.State }
        $read | Select-Object -Unique | Should -Be Completed
    }

    It 'is refused where it can''t be followed: inside a transaction' {
        foreach ($refused in { Use-PqTransaction { Add-PqTask { 1 } -AsJob } }, { Use-PqTransaction { ConvertTo-PqJob 1 } }) {
            (Get-Failure $refused).FullyQualifiedErrorId | Should -BeLike 'NotInTransaction*'
        }

        Get-PqTask -State Ready, Scheduled | Where-Object Name -EQ refused | Should -BeNullOrEmpty
    }

    It 'that is not there is an error of its own' {
        $task = Add-PqTask { 1 } -Delay 1h
        $jobs = ConvertTo-PqJob 999999, $task.Id -ErrorAction SilentlyContinue -ErrorVariable e
        $jobs | Should -HaveCount 1
        $e.FullyQualifiedErrorId | Should -BeLike 'TaskNotFound,*'
    }
}

Describe 'A thousand jobs' {
    It 'have one connection, which goes with the last of them' {
        Wait-Until { (Get-FollowerCount) -eq 0 }
        $jobs = 1..1000 | Add-PqTask { param($n) $n } -Queue nobody -AsJob
        $jobs | Should -HaveCount 1000
        Wait-Until { (Get-FollowerCount) -eq 1 }
        $jobs | Select-Object -First 500 | Stop-Job
        $jobs.Where({ $_.State -eq 'Stopped' }) | Should -HaveCount 500
        (Get-PqTask -Queue nobody -State Canceled) | Should -HaveCount 500
        Get-FollowerCount | Should -Be 1
        $jobs | Remove-Job -Force
        Get-PqTask -Queue nobody | Should -HaveCount 1000
        Wait-Until { (Get-FollowerCount) -eq 0 }
    }
}

Describe 'Leaving' {
    It 'Disconnect-PqQueue lets the tasks of jobs go on, and closes their connection' {
        $other = Connect-PqQueue $server -Schema $queue.Schema
        $job = Add-PqTask { 1 } -Delay 1h -AsJob
        Wait-Until { (Get-FollowerCount) -eq 1 }
        Disconnect-PqQueue $other
        $null = Wait-Job $job -Timeout 20 3>$null
        $job.State | Should -Be Disconnected
        Wait-Until { (Get-FollowerCount) -eq 0 }
        $null = Connect-PqQueue $server -Schema $queue.Schema
        (Get-PqTask $job.TaskId).State | Should -Be Scheduled
        Remove-Job $job -Force
    }
}
