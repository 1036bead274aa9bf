# Completion of penholder for fish: penholder completion fish > ~/.config/fish/completions/penholder.fish
function __penholder_complete
    set -l words (commandline -opc)
    penholder __complete -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c penholder -e
complete -c penholder -f -a '(__penholder_complete)'
