# A task of the chaos run. It keeps the ledger by itself, so that nothing that is tested has a hand in it: a line when it
# starts, several a second while it runs, and one at its end.
#   task.sh <ledger> <pipe that never says anything> <milliseconds> <attempts that fail> <plain|flood|stray> [<S B E letters>]
LC_ALL=C
ledger=$1 milliseconds=$3 failing=$4 trick=$5
exec 9<>"$2"

say() {
    echo "$1 ${CHAOS_KEY:-$PGQUEUE_TASK_ID} ${PGQUEUE_TASK_RUN:-0} $$ $PPID $PGQUEUE_CHILD $EPOCHREALTIME" >>"$ledger"
}

# Says so five times a second. Waits without a process of its own for that.
work() {
    local now=${EPOCHREALTIME/./} left
    local end=$((now + milliseconds * 1000))
    while ((left = end - now, left > 0)); do
        ((left < 200000)) || left=200000
        printf -v left '0.%06d' "$left"
        read -rt "$left" -u 9
        now=${EPOCHREALTIME/./}
        ((now >= end)) || say "$1"
    done
}

case $trick in
    # What a task left behind, in a session of its own.
    left) work G; exit 0 ;;
    stray) setsid bash "$0" "$1" "$2" 10000 0 left >/dev/null 2>&1 </dev/null & ;;
esac

say S
case $trick in
    flood) yes 'more than anybody wants to read of one task, again and again and again and again' | head -c 12000000 ;;
esac
work B
if ((${PGQUEUE_TASK_ATTEMPT:-1} <= failing)); then
    say F
    exit 7
fi
say E
