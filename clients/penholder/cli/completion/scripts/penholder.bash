# Completion of penholder for bash: eval "$(penholder completion bash)"
_penholder() {
    local line=${COMP_LINE:0:COMP_POINT} current cut each
    # bash takes a colon or an equals sign for the begin of a word of its own: what stands before it
    # is left out of what is offered.
    current=${line##*[[:space:]]}
    cut=${current%"${current##*[:=]}"}
    COMPREPLY=()
    while IFS= read -r each; do
        COMPREPLY+=("${each#"$cut"}")
    done < <(penholder __complete --line "$line" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _penholder penholder
