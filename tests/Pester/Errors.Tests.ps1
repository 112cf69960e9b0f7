BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot '../../out/PgQueue/PgQueue.psd1') -Force
    $errors = [enum]::GetNames((Get-PqServer).GetType().Assembly.GetType('PgQueue.QueueError'))
    $root = Join-Path $PSScriptRoot '../..'

    # The rows of docs/errors.md: an id, its categories, whether it ends the statement, when it comes, what to do.
    function Read-ErrorTable {
        foreach ($line in Get-Content (Join-Path $root 'docs/errors.md')) {
            if ($line -match '^\| (?<ids>`.+`) \| (?<categories>[^|]+) \| (?<ends>yes|no) \| (?<when>[^|]+) \| (?<cure>[^|]*) \|$') {
                $row = $Matches
                foreach ($id in [regex]::Matches($row.ids, '`(\w+)`')) {
                    @{ Id = $id.Groups[1].Value; Categories = $row.categories -split ', '; Ends = $row.ends; When = $row.when; Cure = $row.cure }
                }
            }
            elseif ($line -match '^\| `') {
                throw "A row of docs/errors.md can't be read: $line"
            }
        }
    }

    # The first arguments of a call, split at the commas that are not inside something.
    function Split-Argument([string] $Source, [int] $From, [int] $Count) {
        $depth = 0
        $isText = $false
        $argument = ''
        for ($i = $From; $Count -gt 0; $i++) {
            $char = $Source[$i]
            if ($char -eq '"' -and $Source[$i - 1] -ne '\') { $isText = -not $isText }
            if (-not $isText -and $char -in '(', '[', '{') { $depth++ }
            if (-not $isText -and $char -in ')', ']', '}') { $depth-- }
            if ($depth -lt 0 -or ($depth -eq 0 -and -not $isText -and $char -eq ',')) {
                $argument.Trim()
                $argument = ''
                $Count = $depth -lt 0 ? 0 : $Count - 1
            }
            else {
                $argument += $char
            }
        }
    }

    # Every place in the module's sources that makes an error record, with the id and the category as they are written there.
    function Find-ErrorSource {
        foreach ($file in Get-ChildItem (Join-Path $root 'src/PgQueue.PowerShell') -Recurse -Filter *.cs | Where-Object FullName -NotMatch '[\\/](obj|bin)[\\/]') {
            $text = Get-Content $file -Raw
            foreach ($call in [regex]::Matches($text, '(?<!void )\b(?<maker>new ErrorRecord|WriteItemError|CmdletException\.Of)\(')) {
                $arguments = @(Split-Argument $text ($call.Index + $call.Length) 3)
                $skip = $call.Groups['maker'].Value -eq 'new ErrorRecord' ? 1 : 0
                @{ File = $file.Name; Maker = $call.Groups['maker'].Value; Id = $arguments[$skip]; Category = $arguments[$skip + 1] }
            }
        }
    }

    # What makes records of ids that come from elsewhere: the makers themselves, and ids that are chosen in the same file.
    $passed = @(
        @{ File = 'CmdletException.cs'; Id = 'id' }
        @{ File = 'EngineCmdlet.cs'; Id = 'id' }
        @{ File = 'ErrorRecords.cs'; Id = 'e.Error.ToString()' }
        @{ File = 'PipelineTaskCmdlet.cs'; Id = 'record.FullyQualifiedErrorId' }
        @{ File = 'SetTaskCommand.Change.cs'; Id = 'id'; Ids = 'TaskFinished', 'TaskRunning', 'CommandHasNoParameters' }
        @{ File = 'TaskErrors.cs'; Id = 'id'; Ids = 'TaskFailed', 'TaskError'; Categories = 'any' }
        @{ File = 'ScriptFile.cs'; Id = '"ScriptFileNotReadable"'; Ids = 'ScriptFileNotReadable'; Categories = 'ObjectNotFound', 'ReadError' }
    )

    $table = @(Read-ErrorTable)
    $sources = @(Find-ErrorSource)
    $made = foreach ($source in $sources) {
        $known = $passed.Where({ $_.File -eq $source.File -and $_.Id -eq $source.Id }, 'First')[0]
        $id = $source.Id -match '^(?:"(\w+)"|nameof\(QueueError\.(\w+)\))$' ? $Matches[1] + $Matches[2] : $null
        $category = $source.Category -match '^ErrorCategory\.(\w+)$' ? $Matches[1] : $null
        foreach ($one in $known ? $known.Ids : @($id)) {
            foreach ($of in $known.Categories ?? @($category)) {
                @{ Id = $one; Category = $of; Where = "$($source.File): $($source.Maker)($($source.Id), $($source.Category)" }
            }
        }
    }
}

Describe 'docs/errors.md' -ForEach @{ Rows = $table; Engine = $errors; All = @($made.Id) } {
    BeforeAll {
        . $PSScriptRoot/TestServer.ps1
        $saved = $env:PGQUEUE_CONNECTION
        $env:PGQUEUE_CONNECTION = $null
        Disconnect-PqQueue
        if (-not ('ErrorTest' -as [type])) {
            Add-Type 'public static class ErrorTest { public static System.Func<string, string, string> Fail(string error) => (_, _) => "{\"error\": {\"error\": \"" + error + "\", \"message\": \"as asked\"}}"; }'
        }
    }

    AfterAll {
        $env:PGQUEUE_CONNECTION = $saved
    }

    It 'has the error that <Where>) makes' -ForEach ($made.Where({ $_ })) {
        $Id | Should -Not -BeNullOrEmpty -Because 'the test must see the id: write it as a literal, or add it to $passed'
        $Category | Should -Not -BeNullOrEmpty -Because 'the test must see the category'
        $rows.Where({ $_.Id -eq $Id }) | Should -Not -BeNullOrEmpty
        $rows.Where({ $_.Id -eq $Id }).Categories | Should -Contain $Category
    }

    It 'has the engine''s error <_>, with the category that cmdlets give it' -ForEach $errors {
        # A task's process adds by a function that answers for its worker: here one that always fails.
        $name = $_
        [AppContext]::SetData('PgQueue.AddTasks', [ErrorTest]::Fail($name))
        try {
            $record = try { Add-PqTask { 1 } -ErrorAction Stop } catch { $_ }
        }
        finally {
            [AppContext]::SetData('PgQueue.AddTasks', $null)
        }

        $record.FullyQualifiedErrorId | Should -Be "$name,PgQueue.PowerShell.AddTaskCommand"
        $rows.Where({ $_.Id -eq $name }).Categories | Should -Contain "$($record.CategoryInfo.Category)"
    }

    It 'has PowerShell''s id for values that can''t be read' {
        $record = Get-Failure { Add-PqTask { 1 } -Delay soon }
        $record.FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*'
        $rows.Where({ $_.Id -eq 'ParameterArgumentTransformationError' }).Categories | Should -Be "$($record.CategoryInfo.Category)"
    }

    It 'has nothing else' {
        $ids = $engine + 'ParameterArgumentTransformationError' + $all
        $rows.Id | Sort-Object -Unique | Where-Object { $_ -notin $ids } | Should -BeNullOrEmpty
    }

    It 'says of <Id> (<Ends>) when it comes and what to do' -ForEach $table {
        $When | Should -Match '\w'
        $Cure | Should -Match '\w{4}'
    }
}
