# Dot-sourced by Help.Tests.ps1: the examples of the cmdlets' pages, and what runs them.

# The examples of a page, in order. An example is a heading, perhaps a hidden setup, and code; code that can't be run here
# is fenced as ```powershell norun: why.
function Read-Example {
    param([Parameter(Mandatory)][string] $Path)
    $example = $block = $null
    $isInside = $false
    foreach ($line in Get-Content $Path) {
        if ($block) {
            if ($line -in '```', '-->') {
                $block = $null
            }
            else {
                $example.$block += "$line`n"
            }
        }
        elseif ($line -like '## *') {
            $isInside = $line -eq '## Examples'
        }
        elseif ($isInside -and $line -like '### *') {
            if ($example) { $example }
            $example = @{ Cmdlet = [IO.Path]::GetFileNameWithoutExtension($Path); Title = $line.Substring(4); Setup = ''; Code = ''; NoRun = ''; Text = '' }
        }
        elseif ($isInside -and $line -eq '<!-- setup') {
            $block = 'Setup'
        }
        elseif ($isInside -and $line -match '^```powershell(?: norun: (?<why>.+))?$') {
            $example.NoRun = "$($Matches['why'])"
            $block = 'Code'
        }
        elseif ($isInside -and $line) {
            $example.Text += "$line "
        }
    }

    if ($example) { $example }
}

# The SQL of a topic, block by block.
function Read-Sql {
    param([Parameter(Mandatory)][string] $Path)
    [regex]::Matches((Get-Content $Path -Raw), '(?ms)^```sql\n(.*?)^```').ForEach({ $_.Groups[1].Value })
}

# What an example writes, errors among it. Questions are answered with yes.
function Invoke-Example {
    param([string] $Setup, [Parameter(Mandatory)][string] $Code)
    $ConfirmPreference = 'None'
    $ProgressPreference = 'SilentlyContinue'
    . ([scriptblock]::Create($Setup)) 3>$null 4>$null 6>$null | Out-Null
    . ([scriptblock]::Create($Code)) 2>&1 3>$null 4>$null 6>$null
}

# A worker beside an example, in a runspace of its own.
function Start-ExampleWorker {
    param([string] $Name = 'example')
    $shell = [powershell]::Create()
    $null = $shell.AddScript({
            param($Module, $Server, $Schema, $Name)
            Import-Module $Module
            $null = Connect-PqQueue $Server -Schema $Schema
            Start-PqWorker -Name $Name -Concurrency 2
        }).AddArgument($ModulePath).AddArgument($server).AddArgument($queue.Schema).AddArgument($Name)
    $Script:ExampleWorkers += @{ Shell = $shell; Run = $shell.BeginInvoke() }
    Wait-Until { Get-PqWorker $Name -State Idle, Busy }
}

function Stop-ExampleWorker {
    foreach ($worker in $Script:ExampleWorkers) {
        $null = Get-PqWorker -State Idle, Busy | Stop-PqWorker -Now
        if (-not $worker.Run.AsyncWaitHandle.WaitOne(30000)) {
            throw 'The worker of an example did not end within 30 s.'
        }

        $null = $worker.Shell.EndInvoke($worker.Run)
        $worker.Shell.Dispose()
    }

    $Script:ExampleWorkers = @()
}

# The session's connection, which an example may have changed.
function Reset-Connection {
    $now = Get-PqConnection
    if ($now.Schema -ne $queue.Schema -or $now.User -ne $queue.User) {
        $null = Connect-PqQueue $server -Schema $queue.Schema
    }
}

# The queue as it was installed.
function Reset-Queue {
    $null = Invoke-TestSql $server @"
        set search_path to "$($queue.Schema)";
        do `$`$
        declare
            name text;
        begin
            for name in
                select c.relname
                from pg_class c
                where c.relnamespace = '"$($queue.Schema)"'::regnamespace and c.relkind = 'r' and c.relname not in ('migration', 'queue_defaults')
            loop
                execute format('delete from %I', name);
            end loop;
        end
        `$`$;
        insert into queue (name) values ('default');
        update queue_defaults set retention = '30 days', retention_count = null;
"@
}
