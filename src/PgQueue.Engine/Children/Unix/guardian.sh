# All that the worker started is known by $1 in its environment, and by $2 at the beginning of a limit that it inherits.
# $3: the worker's temporary folder, if there is one yet.
# Standard input is the worker's: it may name the folder, and its end is the worker's end.
trap '' INT TERM HUP QUIT TSTP
exec >/dev/null 2>&1
folder=$3
while read -r line; do folder=$line; done

# What is found may start more before it is killed: look until nothing is left.
rounds=0
while [ "$rounds" -lt 200 ]; do
    found=$(grep -lsF -e "$1" /proc/[0-9]*/environ; grep -lsE "^Max realtime timeout +$2" /proc/[0-9]*/limits)
    alive=
    for file in $found; do
        process=${file%/*}
        if ! grep -qs '^State:[[:space:]]*[ZX]' "$process/status"; then
            alive=yes
            kill -9 "${process#/proc/}"
        fi
    done
    [ -n "$alive" ] || break
    rounds=$((rounds + 1))
done

[ -z "$folder" ] || rm -rf -- "$folder"
