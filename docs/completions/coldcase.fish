# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_coldcase_global_optspecs
    string join \n h/help V/version
end

function __fish_coldcase_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_coldcase_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_coldcase_using_subcommand
    set -l cmd (__fish_coldcase_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c coldcase -n "__fish_coldcase_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_needs_command" -s V -l version -d 'Print version'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "analyze" -d 'Diagnose a bundle and write a report'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "bundle" -d 'Look into a bundle without diagnosing it'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "redact" -d 'Write a bundle anew with secrets masked, so that it can be passed on'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "rules" -d 'Work with rules'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "test" -d 'Diagnose solved cases again and say what is no longer as their truth says'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "explain" -d 'Print the reasoning behind a diagnosis: each step, each number, each citation'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "verify" -d 'Check that every quote of a JSON report stands where it says'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "schema" -d 'Print the JSON Schema of the JSON report, or of rule files'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "serve" -d 'Answer kubectl from a bundle: a read-only Kubernetes API on this machine'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "docs" -d 'Write the generated documentation: rules, facts, command line, manual pages, completions, JSON Schema'
complete -c coldcase -n "__fish_coldcase_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -s o -l output -d 'Where the report goes; `-` is standard output [default: NAME.report.html in the current directory, or beside the bundle if that is inside it, NAME being the first bundle\'s; standard output for a summary]' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -s f -l format -d 'Format of the report [default: by the output\'s extension (.html, .md, .json, .txt, .sarif, .xml, .jsonl, .csv, .trace.json), else html]' -r -f -a "html\t'One self-contained page'
md\t'Markdown for a ticket or an issue, at most 64,000 characters'
json\t'For scripts; `coldcase schema report` describes it'
summary\t'What the terminal shows, and nothing else'
sarif\t'SARIF 2.1.0, for code scanning'
junit\t'JUnit XML, for CI: findings of medium severity and above are failures'
jsonl\t'The timeline as JSON Lines in Timesketch\'s columns'
csv\t'The timeline as CSV in Timesketch\'s columns'
trace\t'The timeline as Chrome trace events, for Perfetto'"
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l fail-on -d 'Lowest severity of a finding that makes the exit code 1' -r -f -a "info\t''
low\t''
medium\t''
high\t''
critical\t''"
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l threads -d 'Worker threads [default: one for each processor]' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l color -d 'Colour the summary; `auto` does so on a terminal unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -s q -l quiet -d 'Print no summary'
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l timings -d 'Print on standard error what each stage took and the memory it left'
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand analyze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and not __fish_seen_subcommand_from info verify help" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and not __fish_seen_subcommand_from info verify help" -f -a "info" -d 'Say what a bundle holds: layouts, objects, events, logs, journals, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and not __fish_seen_subcommand_from info verify help" -f -a "verify" -d 'Check that a native bundle still is what its collector wrote: altered, missing and added files'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and not __fish_seen_subcommand_from info verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -s f -l format -d 'Format' -r -f -a "text\t'For people'
json\t'For scripts'"
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l color -d 'Colour the labels; `auto` does so on a terminal unless NO_COLOR is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -s f -l format -d 'Format' -r -f -a "text\t'For people'
json\t'For scripts'"
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -l json -d 'The same as `--format json`'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "info" -d 'Say what a bundle holds: layouts, objects, events, logs, journals, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check that a native bundle still is what its collector wrote: altered, missing and added files'
complete -c coldcase -n "__fish_coldcase_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -s o -l output -d 'What is written: a directory, or an archive if it ends in .tar.gz, .tgz, .tar or .zip' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -s f -l format -d 'Format of what is said on standard output' -r -f -a "text\t'For people'
json\t'For scripts'"
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l seed -d 'Take the names from this text instead of a random key, for tests: whoever knows it can test guesses' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -s q -l quiet -d 'Say nothing but what was left out'
complete -c coldcase -n "__fish_coldcase_using_subcommand redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "list" -d 'List rules: id, layer, severity, role, title'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "explain" -d 'Everything that a rule says: what it means, how it decides, what to do'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "lint" -d 'Check rules: names, fields, patterns, documentation, examples'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "test" -d 'Run the examples inside rules'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "why" -d 'Why a rule fires, is quiet or cannot be decided on a bundle: each step, what it looked at and what stopped it'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "coverage" -d 'Which rules can be decided on a bundle, which cannot, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "bench" -d 'How long each rule and each pattern takes on a bundle'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "schema" -d 'JSON Schema of rule files, for editors'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "facts" -d 'What rules can ask: kinds, fields, relations'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and not __fish_seen_subcommand_from list explain lint test why coverage bench schema facts help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -l layer -d 'Only of this layer; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -l severity -d 'Only of this severity and above' -r -f -a "info\t''
low\t''
medium\t''
high\t''
critical\t''"
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -l role -d 'Only in this role' -r -f -a "cause\t''
symptom\t''
change\t''
risk\t''"
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -s f -l format -d 'Format' -r -f -a "text\t'For people'
json\t'For scripts'"
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from explain" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from lint" -l rules -d 'The same, named' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from test" -l rules -d 'The same, named' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from test" -l only -d 'Only this rule' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from test" -l junit -d 'Write the results as JUnit XML too' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -s f -l format -d 'Format' -r -f -a "text\t'For people'
json\t'For scripts'"
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from coverage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l runs -d 'Times that each is run; the fastest counts' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l top -d 'How many of the slowest to print' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from bench" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from facts" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "list" -d 'List rules: id, layer, severity, role, title'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Everything that a rule says: what it means, how it decides, what to do'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "lint" -d 'Check rules: names, fields, patterns, documentation, examples'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "test" -d 'Run the examples inside rules'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "why" -d 'Why a rule fires, is quiet or cannot be decided on a bundle: each step, what it looked at and what stopped it'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "coverage" -d 'Which rules can be decided on a bundle, which cannot, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "bench" -d 'How long each rule and each pattern takes on a bundle'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "schema" -d 'JSON Schema of rule files, for editors'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "facts" -d 'What rules can ask: kinds, fields, relations'
complete -c coldcase -n "__fish_coldcase_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l only -d 'Only cases whose folder\'s name contains this text' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l junit -d 'Write the results as JUnit XML' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l json -d 'Write the results as JSON' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l accept -d 'Write a first truth.yaml, for review, into each folder of DIR that has a bundle and none'
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -s q -l quiet -d 'Print the totals and what differs, not a line for each case'
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand test" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l rules -d 'Add rules from a directory; a rule with a known id replaces it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand explain" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -s q -l quiet -d 'Print nothing but what is wrong'
complete -c coldcase -n "__fish_coldcase_using_subcommand verify" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l listen -d 'Address and port to listen on; port 0 takes a free one' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l kubeconfig -d 'Write a kubeconfig for it here; an existing file is only replaced if this command wrote it' -r -F
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l refuse -d 'Forbid a resource (`pods`, `secrets`, `logs` for those of pods, `*` for all); may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l fail -d 'Let all requests for a resource fail with this code; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l hang -d 'Never answer requests for a resource; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l slow -d 'Milliseconds to wait before each answer' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l busy -d 'Answer the first N requests for resources with 429 and Retry-After' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l die-after -d 'End without an answer at the request after N requests for resources' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l namespace -d 'Read only what belongs to this namespace, and what belongs to none; may be given several times' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l since -d 'Leave out events and log lines before this time: RFC 3339, or how long before the capture (30m, 2h)' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l until -d 'Leave out events and log lines after this time' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l max-total-bytes -d 'Most bytes that the whole bundle may unpack to' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l max-file-bytes -d 'Most bytes of one file' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l max-files -d 'Most files' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l max-ratio -d 'Most unpacked bytes for each packed byte, after the first 64 MiB' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l max-memory -d 'Most bytes held in memory; files that can be read again from disk are not held' -r
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l allow-remote -d 'Listen on an address that other machines reach. There is no encryption and no password: whoever reaches it reads the whole bundle'
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -l strict-yaml -d 'Read all YAML with the complete reader; slower by an order of magnitude, the result is the same'
complete -c coldcase -n "__fish_coldcase_using_subcommand serve" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand docs" -s h -l help -d 'Print help'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "analyze" -d 'Diagnose a bundle and write a report'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "bundle" -d 'Look into a bundle without diagnosing it'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "redact" -d 'Write a bundle anew with secrets masked, so that it can be passed on'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "rules" -d 'Work with rules'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "test" -d 'Diagnose solved cases again and say what is no longer as their truth says'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "explain" -d 'Print the reasoning behind a diagnosis: each step, each number, each citation'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "verify" -d 'Check that every quote of a JSON report stands where it says'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "schema" -d 'Print the JSON Schema of the JSON report, or of rule files'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "serve" -d 'Answer kubectl from a bundle: a read-only Kubernetes API on this machine'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "docs" -d 'Write the generated documentation: rules, facts, command line, manual pages, completions, JSON Schema'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and not __fish_seen_subcommand_from analyze bundle redact rules test explain verify schema serve docs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "info" -d 'Say what a bundle holds: layouts, objects, events, logs, journals, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "verify" -d 'Check that a native bundle still is what its collector wrote: altered, missing and added files'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "list" -d 'List rules: id, layer, severity, role, title'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "explain" -d 'Everything that a rule says: what it means, how it decides, what to do'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "lint" -d 'Check rules: names, fields, patterns, documentation, examples'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "test" -d 'Run the examples inside rules'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "why" -d 'Why a rule fires, is quiet or cannot be decided on a bundle: each step, what it looked at and what stopped it'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "coverage" -d 'Which rules can be decided on a bundle, which cannot, and what is missing'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "bench" -d 'How long each rule and each pattern takes on a bundle'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "schema" -d 'JSON Schema of rule files, for editors'
complete -c coldcase -n "__fish_coldcase_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "facts" -d 'What rules can ask: kinds, fields, relations'
