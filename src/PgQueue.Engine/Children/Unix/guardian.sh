# $1: what is in the environment of all that the worker started. $2: the worker's temporary folder, if there is one yet.
# Standard input is the worker's: it may name the folder, and its end is the worker's end.
trap '' INT TERM HUP QUIT TSTP
exec >/dev/null 2>&1
folder=$2
while read -r line; do folder=$line; done

# What is found may start more before it is killed: look until nothing is left.
rounds=0
while [ "$rounds" -lt 200 ]; do
    found=$(grep -lsF -e "$1" /proc/[0-9]*/environ)
    [ -n "$found" ] || break
    for file in $found; do
        pid=${file#/proc/}
        kill -9 "${pid%/environ}"
    done
    rounds=$((rounds + 1))
done

[ -z "$folder" ] || rm -rf -- "$folder"
