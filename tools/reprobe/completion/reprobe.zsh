#compdef reprobe
# SPDX-License-Identifier: Apache-2.0
# zsh's completion of reprobe: `reprobe completion words` knows what fits.
_reprobe() {
    local line text
    local -a lines open whole
    lines=("${(@f)$(${~words[1]} completion words $((CURRENT - 1)) "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
    for line in $lines; do
        text=${line%%$'\t'*}
        case $text in
        :files) compset -P '--*=' ; _files; return ;;
        :directories) compset -P '--*='; _files -/; return ;;
        :commands) compset -P '--*='; _command_names -e; return ;;
        esac
        text=${text//:/\\:}:${line#*$'\t'}
        if [[ $text == *[=/.]:* || $text == *\\::* ]]; then open+=($text); else whole+=($text); fi
    done
    _describe -t open reprobe open -S '' -- whole
}
if [[ $funcstack[1] == _reprobe ]]; then _reprobe "$@"; else compdef _reprobe reprobe; fi
