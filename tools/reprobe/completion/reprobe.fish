# SPDX-License-Identifier: Apache-2.0
# fish's completion of reprobe: `reprobe completion words` knows what fits.
function __reprobe_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in ($words[1] completion words (count $words) $words $word 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (string replace -r '^--.*=' '' -- $word)
            case ':directories*'
                __fish_complete_directories (string replace -r '^--.*=' '' -- $word)
            case ':commands*'
                complete -C (string replace -r '^--.*=' '' -- $word)
            case '*'
                echo $line
        end
    end
end
complete -c reprobe -f -a '(__reprobe_complete)'
