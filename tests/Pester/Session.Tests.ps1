BeforeAll {
    . $PSScriptRoot/TestServer.ps1
    $server = Start-TestServer
    $queue = New-TestQueue $server

    # What a script puts out in a PowerShell of its own.
    function Invoke-Fresh {
        param([Parameter(Mandatory)][string] $Script)
        pwsh -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; `$connect = @{ ConnectionString = '$server;Application Name=fresh'; Schema = '$($queue.Schema)' }; $Script" 2>&1
    }

    function Get-ConnectionCount([string] $Name) {
        Invoke-TestSql $server "select count(*) from pg_stat_activity where application_name = '$Name'"
    }
}

AfterAll {
    Remove-TestQueue $queue
    Stop-TestServer
}

Describe 'The module beside another version of Npgsql' {
    BeforeAll {
        # As another module would bring it.
        $folder = Join-Path ([IO.Path]::GetTempPath()) "pgq-npgsql-$([guid]::NewGuid().ToString('N').Substring(0, 12))"
        $null = New-Item $folder -ItemType Directory
        Set-Content (Join-Path $folder 'Other.csproj') '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies><NoWarn>NU1603</NoWarn></PropertyGroup><ItemGroup><PackageReference Include="Npgsql" Version="9.0.3" /></ItemGroup></Project>'
        # A build leaves folders behind.
        $saved, $env:TMPDIR = $env:TMPDIR, $folder
        $log = dotnet build (Join-Path $folder 'Other.csproj') -o (Join-Path $folder 'out') -v q --nologo -nodeReuse:false -p:UseSharedCompilation=false 2>&1
        $whyNot = $LASTEXITCODE ? "another version of Npgsql could not be restored: $log" : ''
        $env:TMPDIR = $saved
        $load = "Add-Type -Path '$(Join-Path $Folder 'out/Npgsql.dll')'"
        $theirs = "`$c = [Npgsql.NpgsqlConnection]::new('$server'); `$c.Open(); `$c.Dispose(); 'theirs works'"
        $ours = "Import-Module '$ModulePath'; `$null = Connect-PqQueue @connect; `$id = (Add-PqTask { 1 } -Delay 1h).Id; 'ours works ' + (Get-PqTask `$id).State"
        $versions = '[AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq "Npgsql" }).ForEach({ "$($_.GetName().Version.Major) $([Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name)" }) | Sort-Object'
    }

    AfterAll {
        Remove-Item $Folder -Recurse -Force
    }

    It 'works with the other one loaded first' {
        if ($WhyNot) { Set-ItResult -Skipped -Because $WhyNot }
        Invoke-Fresh "$load; $theirs; $ours; $theirs; $versions" | Should -Be 'theirs works', 'ours works Scheduled', 'theirs works', '10 PgQueue', '9 Default'
    }

    It 'works with the other one loaded after it' {
        if ($WhyNot) { Set-ItResult -Skipped -Because $WhyNot }
        Invoke-Fresh "$ours; $load; $theirs; $ours; $versions" | Should -Be 'ours works Scheduled', 'theirs works', 'ours works Scheduled', '10 PgQueue', '9 Default'
    }
}

Describe 'The module in a session' {
    It 'leaves nothing when it is removed, and is what it was when it is imported again' {
        $shell = [powershell]::Create()
        try {
            $run = {
                param($script)
                $shell.Commands.Clear()
                $null = $shell.AddScript($script).AddArgument($ModulePath).AddArgument("$server;Application Name=leaving").AddArgument($queue.Schema)
                $shell.Invoke()
                "$($shell.Streams.Error)" | Should -BeNullOrEmpty
            }
            $use = 'Import-Module $args[0]; $null = Connect-PqQueue $args[1] -Schema $args[2]; $job = Add-PqTask { 1 } -Delay 1h -AsJob; $job.TaskId'
            $first = & $run $use
            Get-ConnectionCount leaving | Should -BeGreaterThan 0
            & $run 'Remove-Module PgQueue; Get-Command *-Pq*; Get-Module PgQueue' | Should -BeNullOrEmpty
            Wait-Until { (Get-ConnectionCount leaving) -eq 0 }
            & $run '$null = Wait-Job $job -Timeout 20 3>$null; "$($job.State)"; Remove-Job $job -Force' | Should -Be Disconnected

            $second = & $run $use
            $second | Should -BeGreaterThan $first
            & $run '(Get-PqConnection).Count; Get-PqTask | Group-Object State -NoElement | Out-Null; Remove-Job $job -Force' | Should -Be 1
            [Runtime.Loader.AssemblyLoadContext]::All.Where({ $_.Name -eq 'PgQueue' }) | Should -HaveCount 1
        }
        finally {
            $shell.Runspace.Dispose()
            $shell.Dispose()
        }

        Wait-Until { (Get-ConnectionCount leaving) -eq 0 }
    }

    It 'is shared by runspaces that import it at the same time, each with a connection of its own' {
        $result = Invoke-Fresh "
            `$ids = 1..20 | ForEach-Object -ThrottleLimit 8 -Parallel { Import-Module '$ModulePath'; `$connect = `$using:connect; `$null = Connect-PqQueue @connect; (Add-PqTask { param(`$n) `$n } -ArgumentList `$_ -Queue parallel).Id }
            (`$ids | Sort-Object -Unique).Count
            Import-Module '$ModulePath'
            `$env:PGQUEUE_CONNECTION = `$connect.ConnectionString; `$env:PGQUEUE_SCHEMA = `$connect.Schema
            `$env:PSModulePath = '$(Split-Path (Split-Path $ModulePath))' + [IO.Path]::PathSeparator + `$env:PSModulePath
            (1..20 | ForEach-Object -ThrottleLimit 8 -Parallel { Add-PqTask { 1 } -Queue parallel }).Count
            [AppDomain]::CurrentDomain.GetAssemblies().Where({ `$_.GetName().Name -in 'PgQueue.PowerShell', 'PgQueue.Engine', 'Npgsql' }).Count"
        $result | Should -Be 20, 20, 3
        Get-PqTask -Queue parallel | Should -HaveCount 40
    }

    It 'leaves $Error clean after what it handles itself' {
        $result = Invoke-Fresh "
            Import-Module '$ModulePath'
            `$null = Get-PqServer; `$null = Connect-PqQueue @connect; Install-PqSchema; `$null = Test-PqSchema
            `$task = Add-PqTask { 1 } -Delay 1h; `$null = Get-PqTask `$task; Get-PqTask -Queue none; Stop-PqTask `$task; `$null = Restart-PqTask `$task
            Get-PqTask 987654 -ErrorAction Ignore
            `$null = Invoke-Expression 'Get-PqTask | ConvertTo-PqJob | Stop-Job -PassThru | Remove-Job'
            Disconnect-PqQueue; Remove-Module PgQueue
            `$Error.Count"
        $result | Should -Be 0
    }
}

Describe 'An error' {
    It 'about an item lets the others go on, and is in -ErrorVariable and $Error once' {
        $good = Add-PqTask { 1 } -Delay 1h
        $Error.Clear()
        $found = 987654, $good.Id, 987655 | Get-PqTask -ErrorAction SilentlyContinue -ErrorVariable missing
        $found.Id | Should -Be $good.Id
        $missing.TargetObject | Should -Be 987654, 987655
        $missing.FullyQualifiedErrorId | Select-Object -Unique | Should -BeLike 'TaskNotFound,*'
        $Error | Should -HaveCount 2
    }

    It 'about an item ends the pipeline with -ErrorAction Stop' {
        $good = Add-PqTask { 1 } -Delay 1h
        $found = [Collections.Generic.List[object]]::new()
        { 987654, $good.Id | Get-PqTask -ErrorAction Stop | ForEach-Object { $found.Add($_) } } | Should -Throw '*987654*'
        $found | Should -HaveCount 0
    }

    It 'of the connection ends the pipeline: what was emitted is there, and no more' {
        $connection = Connect-PqQueue "$server;Application Name=cut" -Schema $queue.Schema
        try {
            $added = [Collections.Generic.List[object]]::new()
            $failure = Get-Failure {
                1..3000 | ForEach-Object {
                    if ($_ -eq 1500) {
                        $null = Invoke-TestSql $server "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'cut'"
                    }

                    $_
                } | Add-PqTask { param($n) $n } -Queue cut | ForEach-Object { $added.Add($_) }
            }
            $failure.FullyQualifiedErrorId | Should -Be 'ConnectionLost,PgQueue.PowerShell.AddTaskCommand'
            $failure.TargetObject.Server | Should -Be $connection.Server
            # By 500, or what has come within 200 ms.
            $added.Count | Should -BeIn (1..1499)
            Get-PqTask -Queue cut | Should -HaveCount $added.Count
        }
        finally {
            Disconnect-PqQueue $connection
            $null = Connect-PqQueue $server -Schema $queue.Schema
        }
    }

    It 'of the connection is one, and the script goes on where it is not to stop' {
        $result = Invoke-Fresh "
            `$ErrorActionPreference = 'Continue'
            Import-Module '$ModulePath'
            1..3 | Get-PqTask -Connection 'Host=localhost;Port=1'
            'goes on'
            `$Error.FullyQualifiedErrorId"
        $result[-2..-1] | Should -Be 'goes on', 'ServerUnreachable,PgQueue.PowerShell.GetTaskCommand'
    }
}

Describe 'The manifest' {
    BeforeAll {
        $manifest = Test-ModuleManifest $ModulePath
    }

    It 'says all that a gallery and an admin want to know' {
        foreach ($field in 'Guid', 'Author', 'CompanyName', 'Copyright', 'Description', 'PowerShellVersion', 'CompatiblePSEditions', 'LicenseUri', 'ReleaseNotes') {
            "$($manifest.$field)" | Should -Not -BeNullOrEmpty -Because $field
        }

        $manifest.PowerShellVersion | Should -Be '7.6'
        $manifest.Tags | Should -Contain PostgreSQL
        $manifest.Tags | Should -Contain PSEdition_Core
        $manifest.Tags.Where({ $_ -match '\s' }) | Should -BeNullOrEmpty
    }

    It 'names files that are there' {
        $folder = Split-Path $ModulePath
        foreach ($file in @($manifest.RootModule) + $manifest.ExportedFormatFiles + $manifest.ExportedTypeFiles) {
            [IO.Path]::IsPathRooted($file) ? $file : (Join-Path $folder $file) | Should -Exist
        }
    }
}

Describe 'The scripts' {
    It 'have nothing that PSScriptAnalyzer warns of: <_>' -ForEach 'build.ps1', 'out/PgQueue/PgQueue.psd1', 'build', 'demo', 'bench', 'tests/Pester' {
        if (-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not here: Install-PSResource PSScriptAnalyzer'
        }

        # In a session of its own: it loads types that would stay. Tests have variables that only Pester reads, and do what scripts of users do.
        $path = Join-Path $PSScriptRoot "../../$_"
        $rules = $_ -like 'tests*' ? "-ExcludeRule PSUseDeclaredVarsMoreThanAssignments, PSUseShouldProcessForStateChangingFunctions, PSReviewUnusedParameter, PSUseUsingScopeModifierInNewRunspaces, PSAvoidUsingConvertToSecureStringWithPlainText, PSAvoidUsingPlainTextForPassword, PSAvoidGlobalVars, PSUseSingularNouns, PSAvoidUsingWriteHost, PSAvoidAssignmentToAutomaticVariable, PSUseBOMForUnicodeEncodedFile" : ''
        $found = Invoke-Fresh "Invoke-ScriptAnalyzer '$path' -Recurse -Severity Warning, Error $rules | Where-Object ScriptPath -NotMatch '[\\/](node_modules|bin|obj)[\\/]' | ForEach-Object { `"`$(`$_.ScriptName):`$(`$_.Line) `$(`$_.RuleName) `$(`$_.Message)`" }"
        $found | Should -BeNullOrEmpty
    }
}
