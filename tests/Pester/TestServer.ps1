# Dot-sourced in each test file's BeforeAll: the module as it was built, and a queue of the file's own on a real server,
# either that of PGQUEUE_TEST_CONNECTION or an embedded one that is gone afterwards.

$ModulePath = Join-Path $PSScriptRoot '../../out/PgQueue/PgQueue.psd1'
if (-not (Test-Path $ModulePath)) {
    throw "There is no built module at $ModulePath. Build it first: ./build.ps1 build"
}

Import-Module $ModulePath -Force

function Start-TestServer {
    $Script:SavedConnection = $env:PGQUEUE_CONNECTION, $env:PGQUEUE_SCHEMA, $env:PGQUEUE_SERVER_DATA
    $env:PGQUEUE_CONNECTION = $env:PGQUEUE_SCHEMA = $null
    $env:PGQUEUE_SERVER_DATA = Join-Path ([IO.Path]::GetTempPath()) "pgq-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
    if ($env:PGQUEUE_TEST_CONNECTION) {
        return $env:PGQUEUE_TEST_CONNECTION
    }

    # With the password, which tests look for where it must not be.
    "$((Start-PqServer).ConnectionString);Password=$(Get-Content (Join-Path $env:PGQUEUE_SERVER_DATA password))"
}

function Stop-TestServer {
    Disconnect-PqQueue
    Stop-PqServer -Mode Immediate
    Remove-Item $env:PGQUEUE_SERVER_DATA -Recurse -Force -ErrorAction Ignore
    $env:PGQUEUE_CONNECTION, $env:PGQUEUE_SCHEMA, $env:PGQUEUE_SERVER_DATA = $Script:SavedConnection
}

# A queue in a schema of its own, which becomes the session's connection.
function New-TestQueue {
    param([Parameter(Mandatory)][string] $Server)
    $connection = Connect-PqQueue $Server -Schema "test_$([guid]::NewGuid().ToString('N').Substring(0, 8))"
    Install-PqSchema
    $connection
}

function Remove-TestQueue {
    param([Parameter(Mandatory)] $Queue)
    Uninstall-PqSchema -Connection $Queue -Confirm:$false
}

# Runs SQL past the module, with its own Npgsql.
function Invoke-TestSql {
    param([Parameter(Mandatory)][string] $Server, [Parameter(Mandatory)][string] $Sql)
    $npgsql = [AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq 'Npgsql' }, 'First')[0]
    $connection = $npgsql.GetType('Npgsql.NpgsqlConnection')::new("$Server;Pooling=false")
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText = $Sql
        $command.ExecuteScalar()
    }
    finally {
        $connection.Dispose()
    }
}

# Looks again until a condition holds, and fails at its deadline.
function Wait-Until {
    param([Parameter(Mandatory)][scriptblock] $Condition, [int] $Seconds = 20)
    $deadline = [datetime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Condition)) {
        if ([datetime]::UtcNow -gt $deadline) {
            throw "Not true after $Seconds s: $Condition"
        }

        [Threading.Thread]::Sleep(50)
    }
}

# What is offered for a line. A busy machine may take longer than anybody waits at a prompt: then nothing is offered, and
# one presses the key again.
function Get-Completion {
    param([Parameter(Mandatory)][string] $Line)
    foreach ($try in 1..20) {
        if ($found = (TabExpansion2 $Line $Line.Length).CompletionMatches) {
            return $found
        }
    }
}

# What a statement that must fail leaves behind: its error record.
function Get-Failure {
    param([Parameter(Mandatory)][scriptblock] $Statement)
    try {
        & $Statement | Out-Null
    }
    catch {
        return $_
    }

    throw "Did not fail: $Statement"
}
