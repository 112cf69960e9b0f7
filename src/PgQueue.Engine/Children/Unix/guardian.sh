# All that the worker started is known by $1 in its environment, and by $2 at the beginning of a limit that it inherits.
# PGQUEUE_WORKER_FOLDER is the worker's temporary folder. Standard input is the worker's: its end is the worker's end.
trap '' INT TERM HUP QUIT TSTP
exec >/dev/null 2>&1
while read -r _; do :; done

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

rm -rf -- "$PGQUEUE_WORKER_FOLDER"
