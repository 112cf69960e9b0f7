BeforeDiscovery {
    . $PSScriptRoot/TestServer.ps1
    . $PSScriptRoot/HelpExamples.ps1
    $pages = Join-Path $PSScriptRoot '../../docs/cmdlets'
    $cmdlets = Get-Command -Module PgQueue | ForEach-Object { @{ Name = $_.Name; Cmdlet = $_ } }
    $topics = Get-ChildItem (Join-Path $PSScriptRoot '../../docs/about') -Filter *.md | ForEach-Object { @{ Name = $_.BaseName } }
    $examples = Get-ChildItem $pages -Filter *-*.md | ForEach-Object { Read-Example $_ }
}

BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    . $PSScriptRoot/HelpExamples.ps1
    $pages = Join-Path $PSScriptRoot '../../docs/cmdlets'
    $abouts = Join-Path $PSScriptRoot '../../docs/about'
    $names = (Get-Command -Module PgQueue).Name
    $markdown = '`', '**', '](', '```'

    # What a reader would see of Markdown's own marks.
    function Find-Mark([string[]] $Text) {
        $Text.Where({ $line = $_; $markdown.Where({ $line.Contains($_) }) })
    }
}

Describe 'Help of <Name>' -ForEach $cmdlets {
    BeforeAll {
        $help = Get-Help $Name -Full
        $own = $Cmdlet.Parameters.Values.Where({ $_.Name -notin [Management.Automation.Cmdlet]::CommonParameters })
    }

    It 'says what it does, in a line and at length' {
        $help.Synopsis | Should -Match '^[A-Z].*\.$' -Because "docs/cmdlets/$Name.md is its page"
        $help.Synopsis.Length | Should -BeLessThan 90
        $help.description.Text -join ' ' | Should -Match '\w'
        Find-Mark $help.Synopsis, $help.description.Text | Should -BeNullOrEmpty
    }

    It 'describes each parameter, and none that it does not have' {
        @($help.parameters.parameter.name) | Sort-Object | Should -Be @($own.Name | Sort-Object)
        $help.parameters.parameter.Where({ "$($_.description.Text)" -notmatch '\w' }).name | Should -BeNullOrEmpty -Because 'each must be described'
        Find-Mark $help.parameters.parameter.description.Text | Should -BeNullOrEmpty
    }

    It 'shows a line of syntax for each parameter set' {
        $lines = @($help.syntax.syntaxItem)
        $lines.ForEach({ ($_.parameter.name | Sort-Object) -join ' ' }) | Sort-Object | Should -Be @(
            $Cmdlet.ParameterSets.ForEach({ ($_.Parameters.Name.Where({ $_ -in $own.Name }) | Sort-Object) -join ' ' }) | Sort-Object)
        @($lines[0].parameter.name) | Sort-Object | Should -Be @($Cmdlet.ParameterSets.Where({ $_.IsDefault -or $Cmdlet.ParameterSets.Count -eq 1 }).Parameters.Name.Where({ $_ -in $own.Name }) | Sort-Object)
    }

    It 'tells of its parameters what PowerShell knows' {
        $wrong = foreach ($parameter in $help.parameters.parameter) {
            $known = $Cmdlet.Parameters[$parameter.name]
            $sets = $known.ParameterSets.Values
            $isSo = $parameter.required -eq "$($sets.IsMandatory -notcontains $false)" -and
                $parameter.pipelineInput -like '*ByValue*' -eq ($sets.ValueFromPipeline -contains $true) -and
                $parameter.pipelineInput -like '*ByPropertyName*' -eq ($sets.ValueFromPipelineByPropertyName -contains $true) -and
                $parameter.aliases -eq ($known.Aliases ? $known.Aliases -join ', ' : 'none')
            if (-not $isSo) { $parameter.name }
        }

        $wrong | Should -BeNullOrEmpty
    }

    It 'names the defaults that its parameters have' {
        $fresh = $Cmdlet.ImplementingType::new()
        $wrong = foreach ($parameter in $help.parameters.parameter.Where({ $_.name -notin 'WhatIf', 'Confirm' })) {
            $default = $fresh.($parameter.name)
            $isNamed = "$($parameter.description.Text)" -match "Default: .*\b$([regex]::Escape("$default"))\b"
            if ("$default" -and $default -isnot [switch] -and "$default" -ne '*' -and -not $isNamed) { "-$($parameter.name) is $default" }
        }

        $wrong | Should -BeNullOrEmpty
    }

    It 'shows two examples at least, each with what is seen' {
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        $help.examples.example.Where({ $_.code -notmatch $Name }).title | Should -BeNullOrEmpty -Because 'an example must be one of this cmdlet'
        $help.examples.example.Where({ "$($_.remarks.Text)".Trim() -notmatch '\w.*\.$' }).title | Should -BeNullOrEmpty -Because 'each must say what is seen'
        Find-Mark $help.examples.example.remarks.Text | Should -BeNullOrEmpty
    }

    It 'names what is piped in and out' {
        $in = @($help.inputTypes.inputType.type.name)
        $takes = @($Cmdlet.ParameterSets.Parameters).Where({ $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName }).Count -gt 0
        ($in -join ' ').Trim() -eq 'None' | Should -Be (-not $takes)
        $out = @($help.returnValues.returnValue.type.name.Trim())
        $emits = @($Cmdlet.OutputType.Name | Sort-Object -Unique)
        $out | Sort-Object | Should -Be ($emits ? $emits : 'None')
    }

    It 'links to what is there' {
        $links = @($help.relatedLinks.navigationLink.linkText)
        $links.Count | Should -BeGreaterOrEqual 2
        $files = $links.ForEach({ $_ -in $names ? (Join-Path $pages "$_.md") : (Join-Path $abouts "$_.md") })
        $page = Get-Content (Join-Path $pages "$Name.md") -Raw
        $files += [regex]::Matches($page, '\]\((?<path>[^)#:]+)(#[^)]*)?\)').ForEach({ Join-Path $pages $_.Groups['path'].Value })
        $files.Where({ -not (Test-Path $_) }) | Should -BeNullOrEmpty
    }
}

Describe 'The topic <Name>' -ForEach $topics {
    BeforeAll {
        $text = Get-Help $Name
        $lines = "$text" -split "`r?`n"
    }

    It 'is found by Get-Help, with its short description' {
        $lines[0..1] | Should -Be 'TOPIC', "    $Name"
        (Get-Help 'about_PgQueue*').Where({ $_.Name -eq $Name }).Synopsis | Should -Match '\w.*\.$'
    }

    It 'fits a console of 80 columns, and has no marks of Markdown' {
        $lines.Where({ $_.Length -gt 79 }) | Should -BeNullOrEmpty
        $lines.Where({ $_ -match '\*\*|\]\(|```' }) | Should -BeNullOrEmpty
    }
}

Describe 'All pages and topics together' {
    It 'are those that there should be' {
        (Get-ChildItem $pages -Filter *-*.md).BaseName | Sort-Object | Should -Be ($names | Sort-Object)
        (Get-ChildItem $abouts).BaseName | Sort-Object | Should -Be @(
            'about_PgQueue', 'about_PgQueue_Schedules', 'about_PgQueue_Security', 'about_PgQueue_SQL', 'about_PgQueue_Tasks', 'about_PgQueue_Workers')
    }

    It 'name no cmdlet that is not there, and about_PgQueue names all that are' {
        $mentioned = Get-ChildItem $pages, $abouts -Filter *.md |
            Select-String '\b[A-Z][a-z]+-Pq[A-Z]\w*' -AllMatches -CaseSensitive | ForEach-Object { $_.Matches.Value } | Sort-Object -Unique
        $mentioned.Where({ $_ -notin $names }) | Should -BeNullOrEmpty
        $overview = Get-Content (Join-Path $abouts about_PgQueue.md) -Raw
        $names.Where({ $overview -notmatch "\b$_\b" }) | Should -BeNullOrEmpty
    }

    It 'have statements that PowerShell can parse' {
        $wrong = foreach ($file in Get-ChildItem $pages, $abouts -Filter *.md) {
            foreach ($code in [regex]::Matches((Get-Content $file -Raw), '(?ms)^```powershell[^\n]*\n(.*?)^```').ForEach({ $_.Groups[1].Value })) {
                $problems = $null
                $null = [Management.Automation.Language.Parser]::ParseInput($code, [ref] $null, [ref] $problems)
                if ($problems) { "$($file.Name): $code" }
            }
        }

        $wrong | Should -BeNullOrEmpty
    }
}

Describe 'Examples' {
    BeforeAll {
        $server = Start-TestServer
        $queue = New-TestQueue $server
        $env:PGQUEUE_SCHEMA = $queue.Schema
        $ExampleWorkers = @()
    }

    AfterAll {
        try {
            if (Test-PqSchema trial -Connection $queue) {
                Uninstall-PqSchema trial -Connection $queue -Confirm:$false
            }

            Remove-TestQueue $queue
        }
        finally {
            Stop-TestServer
        }
    }

    BeforeEach {
        Reset-Queue
        $folder = New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory
        Push-Location $folder
    }

    AfterEach {
        Pop-Location
        Reset-Connection
        Stop-ExampleWorker
    }

    It '<Cmdlet>: <Title>' -ForEach $examples.Where({ -not $_.NoRun }) {
        $written = @(Invoke-Example $Setup $Code)
        $written.Where({ $_ -is [Management.Automation.ErrorRecord] }) | Should -BeNullOrEmpty -Because "its code is: $Code"
        if ($Text -like 'Shows nothing*') {
            $written | Should -BeNullOrEmpty
        }
        elseif ($Text -like 'Writes*') {
            $written | Should -Not -BeNullOrEmpty
        }
    }

    It 'about_PgQueue_SQL: its statements run' {
        $null = Invoke-TestSql $server "create table $($queue.Schema).orders (id integer); insert into $($queue.Schema).orders values (6)"
        foreach ($sql in Read-Sql (Join-Path $abouts about_PgQueue_SQL.md)) {
            { Invoke-TestSql $server "set search_path to $($queue.Schema); $($sql.Replace('pgqueue.', "$($queue.Schema)."))" } | Should -Not -Throw -Because $sql
        }

        $null = Invoke-TestSql $server "insert into $($queue.Schema).orders values (7)"
        (Get-PqTask -State Ready | Where-Object Script -Like '*Send-Invoice*').Spec | Should -Be '{"args": [7]}', '{"args": [6]}'
        (Get-PqTask -State Ready | Where-Object Script -EQ Sync-It).Retry.Backoff | Should -Be Exponential
    }

    It 'about_PgQueue_Security: its grants let each do what it says, and no more' {
        $roles = 'viewers', 'producers', 'operators', 'app'
        $suffix = $queue.Schema.Substring(5)
        $null = Invoke-TestSql $server ($roles.ForEach({ "create role ${_}_$suffix login password 'trusted';" }) -join ' ')
        try {
            foreach ($sql in Read-Sql (Join-Path $abouts about_PgQueue_Security.md)) {
                $null = Invoke-TestSql $server ($sql.Replace('pgqueue', $queue.Schema) -replace "\b($($roles -join '|'))\b", "`$1_$suffix")
            }

            $as = @{}
            'viewers', 'producers', 'operators' | ForEach-Object { $as[$_] = Connect-PqQueue $server -Schema $queue.Schema -Credential ([pscredential]::new("${_}_$suffix", (ConvertTo-SecureString trusted -AsPlainText))) }
            $task = Add-PqTask { 1 } -Connection $as.producers -Queue made -ClientId one -Group g -DedupeKey key
            Add-PqTask { 1 } -Connection $as.producers -After $task | Out-Null
            1..300 | Add-PqTask -Command true -Connection $as.producers -Queue many | Should -HaveCount 300
            (Get-Failure { $task | Stop-PqTask -Connection $as.producers }).FullyQualifiedErrorId | Should -BeLike 'PermissionDenied,*'
            (Get-Failure { Set-PqTask { 1 } -ClientId one -Connection $as.producers }).FullyQualifiedErrorId | Should -BeLike 'PermissionDenied,*'
            (Get-PqTask -Connection $as.viewers).Count | Should -Be 302
            (Get-Failure { Add-PqTask { 1 } -Connection $as.viewers }).FullyQualifiedErrorId | Should -BeLike 'PermissionDenied,*'
            Wait-PqTask $task -Timeout 1ms -Connection $as.viewers -ErrorAction SilentlyContinue -ErrorVariable problem
            $problem.FullyQualifiedErrorId | Should -BeLike 'WaitTimeout,*'
            Suspend-PqQueue made -Connection $as.operators
            Stop-PqTask $task -Connection $as.operators
            Restart-PqTask $task -Connection $as.operators
            Register-PqSchedule nightly -Every 1d { 1 } -Connection $as.operators | Out-Null
            $app = "$server;Username=app_$suffix;Password=trusted"
            { Invoke-TestSql $app "select count(*) from $($queue.Schema).tasks" } | Should -Throw '*permission denied*'
            { Invoke-TestSql $app "select $($queue.Schema).add_task('script', script => '1')" } | Should -Throw '*permission denied*'
            Invoke-TestSql $app "select $($queue.Schema).request_report('2026-11-01')" | Should -BeGreaterThan $task.Id
        }
        finally {
            $roles.ForEach({ Invoke-TestSql $server "drop owned by ${_}_$suffix; drop role ${_}_$suffix" })
        }
    }

    It '<Cmdlet>: <Title> is not run, for a reason' -ForEach $examples.Where({ $_.NoRun }) {
        $NoRun | Should -Match '\w+ \w+'
    }

    It 'are run, but for a few' {
        $all = Get-ChildItem $pages -Filter *-*.md | ForEach-Object { Read-Example $_ }
        $all.Where({ $_.NoRun }).Count | Should -BeLessThan ($all.Count / 10)
    }
}
