BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/PgQueue/PgQueue.psd1') -Force
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    function Complete([string] $Line) {
        (TabExpansion2 $Line $Line.Length).CompletionMatches
    }

    # The state of each id that is offered, in turn.
    function Get-Offered([string] $Line) {
        (Get-Completion $Line).ListItemText | Where-Object { $_ } | ForEach-Object { $_ -replace '^\d+ (.+) \((\w+)\)$', '$1:$2' }
    }

    $null = Add-PqTask -Command true -Name good -Queue work -Tag 'red', 'dark green' -Group rack-1
    $null = Add-PqTask -Command sh -ArgumentList '-c', 'exit 3' -Name bad -Queue work -ClientId order-17
    $null = Add-PqTask { throw [TimeoutException]::new('late') } -Name late -Queue work
    $null = Start-PqWorker work -Drain -Name done-worker -WarningAction Ignore 6>$null
    $null = Add-PqTask -Command true -Name waiting
    $null = Add-PqTask -Command true -Name scheduled -Delay 1h
    $null = Register-PqSchedule nightly -Cron '@daily' -Command true
    Get-PqTask -Name waiting | Stop-PqTask
    $null = Add-PqTask -Command true -Name ready
    $null = Invoke-TestSql $server "
        insert into $($queue.Schema).worker (name, host, process_id, version, concurrency) values ('alive', 'here', 1, '0.1.0', 1);
        insert into $($queue.Schema).worker (name, host, process_id, version, concurrency, lost_at) values ('dead', 'here', 1, '0.1.0', 1, now());
        insert into $($queue.Schema).task (id, queue, kind, name, spec, state, worker_id, started_at, attempt, run)
            select 900, 'work', 'command', 'running', '{""file"": ""true""}', 'running', id, now(), 1, 1 from $($queue.Schema).worker where name = 'alive'"

    # The first one pays for the connection.
    Wait-Until { Complete 'Get-PqTask ' }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'A task''s id' {
    It 'is offered by <Line> in this order: <Expected>' -ForEach @(
        @{ Line = 'Get-PqTask '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled', 'waiting:Canceled', 'late:Failed', 'bad:Failed', 'good:Completed' }
        @{ Line = 'Stop-PqTask '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Stop-PqTask -Id '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Stop-PqTask -TaskId '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'PgQueue\Stop-PqTask '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Set-PqTask -Id '; Expected = 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Restart-PqTask '; Expected = 'late:Failed', 'bad:Failed', 'waiting:Canceled', 'good:Completed' }
        @{ Line = 'Remove-PqTask '; Expected = 'waiting:Canceled', 'late:Failed', 'bad:Failed', 'good:Completed', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Wait-PqTask '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled', 'waiting:Canceled', 'late:Failed', 'bad:Failed', 'good:Completed' }
        @{ Line = 'Receive-PqTask '; Expected = 'running:Running', 'waiting:Canceled', 'late:Failed', 'bad:Failed', 'good:Completed', 'ready:Ready', 'scheduled:Scheduled' }
        @{ Line = 'Add-PqTask { 1 } -After '; Expected = 'running:Running', 'ready:Ready', 'scheduled:Scheduled', 'waiting:Canceled', 'late:Failed', 'bad:Failed', 'good:Completed' }
        @{ Line = 'Add-PqTask { 1 } -AfterAny 1, 90'; Expected = , 'running:Running' }
        @{ Line = 'Stop-PqTask 90'; Expected = , 'running:Running' }
        @{ Line = 'Stop-PqTask 12345'; Expected = $null }
        @{ Line = 'Stop-PqTask nonsense'; Expected = $null }
    ) {
        Get-Offered $Line | Should -Be $Expected
    }

    It 'comes with the name, the queue and the state' {
        $one = Get-Completion 'Stop-PqTask 90'
        $one.CompletionText | Should -Be 900
        $one.ListItemText | Should -Be '900 running (Running)'
        $one.ToolTip | Should -Be 'running in queue work: Running'
    }

    It 'is among some tens at most' {
        $null = Invoke-TestSql $server "insert into $($queue.Schema).task (id, queue, kind, spec) select 70000 + n, 'many', 'command', '{""file"": ""true"", ""args"": [""a"", ""b""]}' from generate_series(1, 5000) n"
        try {
            $all = Get-Completion 'Get-PqTask '
            $all | Should -HaveCount 40
            $all[0].ListItemText | Should -Be '75000 true a b (Ready)'
            (Get-Completion 'Stop-PqTask ')[0].CompletionText | Should -Be 900
            (Get-Completion 'Restart-PqTask ')[0].CompletionText | Should -Be 3
        }
        finally {
            $null = Invoke-TestSql $server "delete from $($queue.Schema).task where queue = 'many'"
        }
    }
}

Describe 'A name' {
    It 'is offered by <Line>: <Expected>' -ForEach @(
        @{ Line = 'Get-PqTask -Name '; Expected = 'bad', 'good', 'late', 'ready', 'running', 'scheduled', 'waiting' }
        @{ Line = 'Get-PqTask -Name r'; Expected = 'ready', 'running' }
        @{ Line = 'Get-PqFailedTask -Name LA'; Expected = 'late' }
        @{ Line = 'Get-PqTask -Tag '; Expected = "'dark green'", 'red' }
        @{ Line = "Get-PqFailedTask -Tag 'da"; Expected = "'dark green'" }
        @{ Line = 'Add-PqTask { 1 } -Tag r'; Expected = 'red' }
        @{ Line = 'Start-PqWorker -Tag r'; Expected = 'red' }
        @{ Line = 'Clear-PqCompleted -Tag r'; Expected = 'red' }
        @{ Line = 'Clear-PqFailed -Tag r'; Expected = 'red' }
        @{ Line = 'Clear-PqQueue work -Tag r'; Expected = 'red' }
        @{ Line = 'Clear-PqQueue work -TaskName wai'; Expected = 'waiting' }
        @{ Line = 'Start-PqWorker -TaskName wai'; Expected = 'waiting' }
        @{ Line = 'Get-PqTask -Group '; Expected = 'rack-1' }
        @{ Line = 'Add-PqTask { 1 } -Group ra'; Expected = 'rack-1' }
        @{ Line = 'Get-PqTask -ClientId '; Expected = 'order-17' }
        @{ Line = 'Set-PqTask { 1 } -ClientId '; Expected = 'order-17' }
        @{ Line = 'Get-PqFailedTask -ErrorType timeout'; Expected = 'System.TimeoutException' }
        @{ Line = 'Get-PqTask -ErrorType System.T'; Expected = 'System.TimeoutException' }
        @{ Line = 'Get-PqTask -Schedule '; Expected = 'nightly' }
        @{ Line = 'Get-PqTask -Worker al'; Expected = 'alive' }
        @{ Line = 'Get-PqTask -Queue wo'; Expected = 'work' }
        @{ Line = 'Get-PqWorker al'; Expected = 'alive' }
        @{ Line = 'Stop-PqWorker -Name al'; Expected = 'alive' }
        @{ Line = 'Get-PqTask -State Fa'; Expected = 'Failed' }
        @{ Line = 'Get-PqSchedule '; Expected = 'nightly' }
    ) {
        (Get-Completion $Line).CompletionText | Should -Be $Expected
    }

    It 'may be a worker''s id, of those that are at work' {
        $one = Get-Completion 'Stop-PqWorker '
        $one.ListItemText | Should -BeLike '* alive'
        $one.CompletionText | Should -Match '^\d+$'
    }

    It 'is offered wherever the parameter is: every -Queue, -Tag, -Schedule, -TimeZone and id of a task' {
        $completed = 'Queue', 'Tag', 'Schedule', 'TimeZone', 'Group', 'Priority', 'DeadLetterQueue', 'TaskName', 'Id', 'After', 'AfterAny', 'Method', 'Worker', 'ErrorType'
        $without = foreach ($cmdlet in Get-Command -Module PgQueue) {
            foreach ($parameter in $cmdlet.Parameters.Values | Where-Object Name -In $completed) {
                if (-not ($parameter.Attributes | Where-Object { $_ -is [ArgumentCompleter] })) {
                    "$cmdlet -$($parameter.Name)"
                }
            }
        }
        $without | Should -BeNullOrEmpty
    }
}

Describe 'A method' {
    BeforeAll {
        $source = @'
namespace Ours
{
    public static class Reports
    {
        public static System.Threading.Tasks.Task<int> BuildAsync(int year, string[] names, System.Threading.CancellationToken stop) => null;
        public static void Send(string to, int? copies = null) { }
        public static void Send(object to) { }
        public static T Generic<T>(T it) => it;
        public static int Property { get; set; }
        internal static void Hidden() { }
        public class Inner { public static void Deep(System.Collections.Generic.List<double> numbers) { } public void NotStatic() { } }
    }
    internal static class Private { public static void Run() { } }
    public static class Open<T> { public static void Run() { } }
}
'@
        $folder = Join-Path ([IO.Path]::GetTempPath()) "pgq-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
        $null = New-Item $folder -ItemType Directory
        $assembly = Join-Path $folder 'Ours Jobs.dll'
        Add-Type -TypeDefinition $source -OutputAssembly $assembly
    }

    AfterAll {
        Remove-Item $folder -Recurse -Force
    }

    It 'is offered out of the assembly that the command names' {
        (Get-Completion "Add-PqTask -Assembly '$assembly' -Method ").CompletionText | Should -Be 'Ours.Reports+Inner::Deep', 'Ours.Reports::BuildAsync', 'Ours.Reports::Send'
        (Get-Completion "Register-PqSchedule x -Every 1h -Assembly '$assembly' -Method ours.reports::b").CompletionText | Should -Be 'Ours.Reports::BuildAsync'
        (Get-Completion "Set-PqTask -ClientId x -Assembly '$assembly' -Method Build").CompletionText | Should -Be 'Ours.Reports::BuildAsync'
    }

    It 'comes with its signatures' {
        (Get-Completion "Add-PqTask -Assembly '$assembly' -Method Build").ToolTip | Should -Be 'Task<int> BuildAsync(int year, string[] names, CancellationToken stop)'
        (Get-Completion "Add-PqTask -Assembly '$assembly' -Method Send").ToolTip.Split([Environment]::NewLine) | Should -Be 'void Send(string to, [int? copies])', 'void Send(object to)'
        (Get-Completion "Add-PqTask -Assembly '$assembly' -Method Deep").ToolTip | Should -Be 'void Deep(List<double> numbers)'
    }

    It 'is found by a path that is relative to the session''s place' {
        Push-Location $folder
        try {
            (Get-Completion "Add-PqTask -Assembly './Ours Jobs.dll' -Method Build").CompletionText | Should -Be 'Ours.Reports::BuildAsync'
        }
        finally {
            Pop-Location
        }
    }

    It 'is not loaded for that, nor is the file held' {
        $null = Complete "Add-PqTask -Assembly '$assembly' -Method "
        [AppDomain]::CurrentDomain.GetAssemblies().Location | Should -Not -Contain $assembly
        $file = [IO.File]::Open($assembly, 'Open', 'ReadWrite', 'None')
        $file.Dispose()
    }

    It 'is not offered where the file is none or no assembly' {
        $Error.Clear()
        Complete "Add-PqTask -Assembly /not/there.dll -Method " | Should -BeNullOrEmpty
        Complete "Add-PqTask -Assembly '$PSCommandPath' -Method " | Should -BeNullOrEmpty
        Complete "Add-PqTask -Assembly '$folder' -Method " | Should -BeNullOrEmpty
        $Error | Should -BeNullOrEmpty
    }

    It 'is quick on a large assembly' {
        $large = [psobject].Assembly.Location
        $null = Complete "Add-PqTask -Assembly '$large' -Method PSSer"
        $time = Measure-Command { $script:found = Get-Completion "Add-PqTask -Assembly '$large' -Method PSSer" }
        $found.CompletionText | Should -Contain 'System.Management.Automation.PSSerializer::Serialize'
        $time.TotalMilliseconds | Should -BeLessThan 1000
    }
}

Describe 'A command' {
    It 'is an executable of PATH, or a file by its path' {
        (Get-Completion 'Add-PqTask -Command pws').CompletionText | Should -Contain pwsh
        (Get-Completion 'Add-PqTask -Command Get-Chi').CompletionText | Should -Not -Contain 'Get-ChildItem'
        (Get-Completion 'Add-PqTask -Command /etc/host').CompletionText | Should -Contain '/etc/hosts'
    }
}

Describe 'Completion' {
    It 'gives up soon, without an error, where the server does not answer' {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $Error.Clear()
            $line = "Stop-PqTask -Connection 'Host=127.0.0.1;Port=$($listener.LocalEndpoint.Port)' -Id "
            $null = Complete $line
            $time = Measure-Command { $script:nothing = Complete $line }
            $nothing | Should -BeNullOrEmpty
            $time.TotalMilliseconds | Should -BeLessThan 1000
            $Error | Should -BeNullOrEmpty
        }
        finally {
            $listener.Stop()
        }
    }

    It 'starts no server' {
        $result = pwsh -NoProfile -Command "
            `$env:PGQUEUE_SERVER_DATA = '$TestDrive/none'
            Import-Module '$ModulePath'
            'Stop-PqTask ', 'Get-PqTask -Tag ', 'Get-PqQueue ', 'Stop-PqWorker ' | ForEach-Object { (TabExpansion2 `$_ `$_.Length).CompletionMatches.CompletionText }
            (Get-PqServer).Running"
        $result | Should -Be 'False'
        Join-Path $TestDrive none | Should -Not -Exist
    }

    It 'uses the embedded server that runs already' {
        $result = pwsh -NoProfile -Command "
            `$env:PGQUEUE_SCHEMA = '$($queue.Schema)'
            Import-Module '$ModulePath'
            `$env:PGQUEUE_CONNECTION = `$null
            foreach (`$try in 1..100) {
                `$found = (TabExpansion2 'Stop-PqTask 90' 14).CompletionMatches.CompletionText
                if (`$found) { break }
            }
            `$found"
        $result | Should -Be 900
    }

    It 'works in a transaction' {
        Use-PqTransaction {
            $task = Add-PqTask -Command true -Name in-transaction
            (Get-Completion "Stop-PqTask $($task.Id)").ListItemText | Should -Be "$($task.Id) in-transaction (Ready)"
        }
    }

    It 'takes the connection that the command names' {
        $script:other = Connect-PqQueue $server -Schema $queue.Schema
        Disconnect-PqQueue
        try {
            Wait-Until { (Complete 'Get-PqTask -Connection $other -Name wai').CompletionText -eq 'waiting' }
        }
        finally {
            $null = Connect-PqQueue $server -Schema $queue.Schema
        }
    }
}
