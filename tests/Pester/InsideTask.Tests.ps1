BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    function Invoke-Queue {
        Start-PqWorker -Drain -Concurrency 4 6>$null @args
    }

    # Runs one script task and all that it adds, and returns it as it is then.
    function Invoke-Task {
        param([Parameter(Mandatory)][scriptblock] $Script, [hashtable] $Worker = @{}, [hashtable] $Task = @{})
        $added = Add-PqTask $Script @Task
        $null = Invoke-Queue @Worker
        Get-PqTask $added.Id
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'Tasks that run after others' {
    It 'read what those have brought' {
        $one = Add-PqTask -Name one { [pscustomobject]@{ Rows = 3 }; 'and a text' }
        $two = Add-PqTask -Name two -Command echo -ArgumentList hello
        $bad = Add-PqTask -Name bad { throw 'no' }
        $last = Add-PqTask -After $one, $two -AfterAny $bad {
            foreach ($part in $PqTask.Inputs) {
                '{0} {1}: {2}' -f $part.Name, $part.State, (@($part.Result)[-1] ?? 'nothing')
            }
            $PqTask.Inputs[0].Result[0].Rows + 1
        }

        $null = Invoke-Queue

        (Get-PqTask $last.Id).State | Should -Be Completed
        $lines = Get-PqTask $last.Id | Receive-PqTask
        $lines | Should -Be 'one Completed: and a text', 'two Completed: hello', 'bad Failed: nothing', 4
        (Get-PqTask $last.Id).After | Should -Be $one.Id, $two.Id, $bad.Id
    }
}

Describe 'Tasks that add tasks' {
    It 'adds by its worker, and the added one adds the next' {
        $task = Invoke-Task {
            $word = 'handed on'
            $next = Add-PqTask -Name second {
                param($n)
                Add-PqTask -Name third { "third: $using:n" } | Out-Null
                "second: $n $using:word"
            } -ArgumentList 2
            $next.Id
            $next.pstypenames[0]
        }

        $task.State | Should -Be Completed
        $id, $type = $task | Receive-PqTask
        $type | Should -Be 'PgQueue.PowerShell.AddedTask'
        Get-PqTask $id | Receive-PqTask | Should -Be 'second: 2 handed on'
        (Get-PqTask $id).Name | Should -Be 'second'
        Get-PqTask -State Completed | Where-Object Name -EQ third | Receive-PqTask | Should -Be 'third: 2'
    }

    It 'takes the pipeline, with all of the cmdlet''s parameters' {
        $task = Invoke-Task { (1..10 | Add-PqTask { param($n) $n * $n } -Queue squares -Name { "square of $_" } -Priority High).Id }

        $squares = Get-PqTask -Queue squares
        $squares | Should -HaveCount 10
        $squares.Id | Sort-Object | Should -Be ($task | Receive-PqTask | Sort-Object)
        $squares.Name | Should -Contain 'square of 7'
        $squares.Priority | Select-Object -Unique | Should -Be 75
        $squares | Receive-PqTask | Sort-Object | Should -Be (1..10).ForEach({ $_ * $_ })
    }

    It 'tells an error as with a database, and adds the others' {
        Add-PqTask { 1 } -ClientId taken | Out-Null
        $task = Invoke-Task {
            'free-1', 'taken', 'free-2' | Add-PqTask { param($n) $n } -ClientId { $_ } -ErrorVariable problems -ErrorAction SilentlyContinue | ForEach-Object Existing
            $problems | ForEach-Object { "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $($_.TargetObject)" }
            try { Add-PqTask { 1 } -Timeout 0s } catch { $_.FullyQualifiedErrorId }
        }

        $task | Receive-PqTask | Should -Be $false, $false, 'DuplicateClientId,PgQueue.PowerShell.AddTaskCommand ResourceExists taken', 'InvalidArgument,PgQueue.PowerShell.AddTaskCommand'
    }

    It 'adds many with flat memory' {
        $task = Invoke-Task {
            $live = [Collections.Generic.List[long]]::new()
            (1..30000 | ForEach-Object {
                if ($_ % 5000 -eq 0) {
                    $live.Add([GC]::GetTotalMemory($true))
                }
                $_
            } | Add-PqTask -Command true -Queue many | Measure-Object).Count
            $range = $live | Measure-Object -Minimum -Maximum
            $range.Maximum - $range.Minimum
        } -Worker @{ Queue = 'default' }

        $count, $grown = $task | Receive-PqTask
        $count | Should -Be 30000
        $grown | Should -BeLessThan 10MB
        Invoke-TestSql $server "select count(*) from ""$($queue.Schema)"".task where queue = 'many'" | Should -Be 30000
        Invoke-TestSql $server "delete from ""$($queue.Schema)"".task where queue = 'many'; select 1" | Should -Be 1
    }

    It 'adds from the other threads of a task as well' {
        $task = Invoke-Task { (1..4 | ForEach-Object -Parallel { Add-PqTask { 'added aside' } -Name aside }).Count }

        $task | Receive-PqTask | Should -Be 4
        Get-PqTask -State Completed | Where-Object Name -EQ aside | Receive-PqTask | Should -HaveCount 4
    }

    It 'works in a worker that is no PowerShell session' {
        $added = Add-PqTask { Add-PqTask { 'by the host' } -Name hosted | Out-Null }
        $env:PGQUEUE_CONNECTION = $server
        $env:PGQUEUE_SCHEMA = $queue.Schema
        try {
            dotnet (Join-Path $PSScriptRoot '../../out/Host/PgQueue.Host.dll') worker --drain | Out-Null
        }
        finally {
            $env:PGQUEUE_CONNECTION = $env:PGQUEUE_SCHEMA = $null
        }

        (Get-PqTask $added.Id).State | Should -Be Completed
        Get-PqTask -State Completed | Where-Object Name -EQ hosted | Receive-PqTask | Should -Be 'by the host'
    }
}

Describe 'A task without credentials' {
    It 'is refused by other cmdlets with an error that says what to do, and no server is started' {
        $task = Invoke-Task {
            foreach ($try in { Get-PqTask }, { Stop-PqTask 1 }, { Connect-PqQueue }, { Start-PqWorker -Drain }, { Install-PqSchema }) {
                try { & $try } catch { "$($_.FullyQualifiedErrorId.Split(',')[0]) $($_.Exception.Message -match 'no credentials.*-Connection or Connect-PqQueue')" }
            }

            Test-Path $env:PGQUEUE_SERVER_DATA
        } -Task @{ Environment = @{ PGQUEUE_SERVER_DATA = Join-Path $TestDrive none } }

        $task | Receive-PqTask | Should -Be (@('NoConnectionInTask True') * 5 + $false)
    }

    It 'is refused in a process that the task starts' {
        $task = Invoke-Task { pwsh -NoProfile -Command 'try { Add-PqTask { 1 } } catch { $_.FullyQualifiedErrorId }' }

        $task | Receive-PqTask | Should -Be 'NoConnectionInTask,PgQueue.PowerShell.AddTaskCommand'
    }

    It 'may bring its own' {
        $task = Invoke-Task {
            param($server, $schema)
            $null = Connect-PqQueue $server -Schema $schema
            (Add-PqTask { 'own way' }).Id
            "$((Get-PqTask $PqTask.Id).State)"
        } -Task @{ ArgumentList = $server, $queue.Schema }

        $id, $state = $task | Receive-PqTask
        $state | Should -Be Running
        Get-PqTask $id | Receive-PqTask | Should -Be 'own way'
    }
}

Describe 'Hooks' {
    It 'run in the task''s own scope, with values of this session' {
        $word = 'given'
        $task = Invoke-Task { "$Prepared $env:PGQ_PREPARED"; $opened = 'left open' } -Task @{ WarningAction = 'SilentlyContinue' } -Worker @{
            BeforeTask = { param($task) $Prepared = "$using:word to $($task.Id)"; $env:PGQ_PREPARED = 'env' }
            AfterTask  = { param($task, $failure) "after $($PqTask.Id): $opened, $($null -eq $failure), $using:word" }
        }

        $task | Receive-PqTask | Should -Be "given to $($task.Id) env", "after $($task.Id): left open, True, given"
    }

    It 'set variables that a task reads by their scope' {
        $task = Invoke-Task { "$script:Plain $global:Everywhere" } -Worker @{
            BeforeTask = { $Plain = 'plain'; $global:Everywhere = 'everywhere' }
        }

        $task | Receive-PqTask | Should -Be 'plain everywhere'
    }

    It 'need their $using: variables' {
        Get-Failure { Start-PqWorker -Drain -BeforeTask { $using:NoSuchVariable } } | ForEach-Object FullyQualifiedErrorId | Should -BeLike 'UsingVariableMissing,*'
    }

    It 'fail the attempt before, with the hook''s name' {
        $task = Invoke-Task { 'ran' } -Worker @{ BeforeTask = { throw 'not today' } }

        $task.State | Should -Be Failed
        $task.Error.Message | Should -Be 'The hook BeforeTask failed, so the task was not run: not today'
        $task | Receive-PqTask -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'get the error after, and change nothing when they fail' {
        $task = Invoke-Task { throw [FormatException]::new('bad') } -Worker @{
            AfterTask       = { param($task, $failure) $failure.Exception.GetType().Name; throw 'hook is broken' }
            WarningVariable = 'warnings'
            WarningAction   = 'SilentlyContinue'
        }

        $task.State | Should -Be Failed
        $task.Error.Message | Should -Be bad
        $task | Receive-PqTask -ErrorAction Ignore -WarningVariable told -WarningAction SilentlyContinue | Should -Be FormatException
        $told | Should -Be "The worker's hook AfterTask failed: hook is broken"
    }

    It 'may add tasks as the task may' {
        $task = Invoke-Task { 'ran' } -Worker @{ AfterTask = { param($task) if ($task.Queue -eq 'default') { $null = Add-PqTask { 'told' } -Queue reports -Name "report on $($task.Id)" } } }

        Get-PqTask -Queue reports | Where-Object Name -EQ "report on $($task.Id)" | Receive-PqTask | Should -Be told
    }
}

Describe 'Stop-PqTask' {
    It 'lets a script clean up as Ctrl+C does' {
        $task = Add-PqTask {
            function Use-Thing { [CmdletBinding()] param() process { 'in use'; Start-Sleep 600 } clean { Write-Warning 'closed' } }
            try { Use-Thing } finally { 'cleaned up' }
        }
        $log = Join-Path $TestDrive worker.log
        $env:PGQUEUE_TEST_SERVER = $server
        $command = "Import-Module '$ModulePath'; `$null = Connect-PqQueue `$env:PGQUEUE_TEST_SERVER -Schema '$($queue.Schema)'; Start-PqWorker -Drain -CancelGrace 20s"
        try {
            $worker = Start-Process pwsh '-NoProfile', '-EncodedCommand', ([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($command))) -PassThru -RedirectStandardOutput $log -RedirectStandardError "$log.err"
        }
        finally {
            $env:PGQUEUE_TEST_SERVER = $null
        }

        Wait-Until { $task | Receive-PqTask } -Seconds 40
        $task | Stop-PqTask -Reason enough
        Wait-Until { (Get-PqTask $task.Id).State -eq 'Canceled' }

        $task | Receive-PqTask -WarningVariable told -WarningAction SilentlyContinue | Should -Be 'in use', 'cleaned up'
        $told | Should -Be closed
        $worker.WaitForExit(20000) | Should -BeTrue
    }
}
