# Completion of guanzhu for fish.
function __guanzhu_candidates
    set -l words (commandline -opc)
    set -l found ($words[1] candidates -- $words[2..] (commandline -ct) 2>/dev/null)
    if test -n "$found"
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c guanzhu -f -a '(__guanzhu_candidates)'
