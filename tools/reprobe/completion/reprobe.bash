# SPDX-License-Identifier: Apache-2.0
# bash's completion of reprobe: `reprobe completion words` knows what fits.
_reprobe() {
    local line=${COMP_LINE:0:COMP_POINT} words word text cut=
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    word=${words[-1]}
    # bash replaces only what stands behind the last of these.
    [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && cut=${word%"${word##*:}"}
    [[ $COMP_WORDBREAKS == *=* && ${word#"$cut"} == *=* ]] && cut=${word%"${word##*=}"}
    COMPREPLY=()
    while IFS=$'\t' read -r text _; do
        case $text in
        :files) compopt -o default ;;
        :directories) compopt -o dirnames ;;
        :commands) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
        *)
            COMPREPLY+=("${text#"$cut"}")
            [[ $text == *[:=/.] ]] && compopt -o nospace
            ;;
        esac
    done < <("${words[0]/#\~/$HOME}" completion words $((${#words[@]} - 1)) "${words[@]}" 2>/dev/null)
}
complete -F _reprobe reprobe
