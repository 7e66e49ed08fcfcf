#!/bin/sh
# Runs programs for Windows one after the other: session.sh FOLDER SECONDS. FOLDER/root is Wine's.
# FOLDER/programs has a line for each program: a name, then the words that start it. Each may take
# so many SECONDS.
#
# The folders of this machine are seen in Wine's root too, in a mount namespace that ends with this
# script, and so does the process namespace, with all processes that Wine has left.
set -eu
case ${1:-} in
--inside) shift ;;
*)
    [ "$(id -u)" = 0 ] && user= || user=--map-root-user
    exec unshare $user --mount --pid --fork --kill-child --mount-proc /bin/sh "$0" --inside "$@"
    ;;
esac
root=$1/root programs=$1/programs log=$1/server.log seconds=$2

mount --make-rprivate /
for folder in /*; do
    case $folder in
    /usr | /bin | /sbin | /lib*) continue ;;
    esac
    [ -d "$folder" ] && [ ! -L "$folder" ] || continue
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done

export WINESERVER=/usr/lib/wine/wineserver64

# The first process of Wine's server, by what it runs: it goes into the background when it is ready.
find_server() {
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe" || true) in
        */wineserver64) echo "$process" && return ;;
        esac
    done
    echo /proc/none
}

# Programs hang if the server ends before them, and are ended then.
watch_server() {
    while [ -e "$server/exe" ]; do sleep 0.2; done
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe" || true) in
        */wine64*) kill -KILL "${process#/proc/}" || true ;;
        esac
    done
}

start_server() {
    unshare --root="$root" "$WINESERVER" --persistent 2>"$log" || { cat "$log" >&2; exit 1; }
    server=$(find_server)
    watch_server &
}

start_server
while read -r name program; do
    tries=2
    while [ "$tries" -gt 0 ]; do
        tries=$((tries - 1))
        begin=$(date +%s%3N)
        code=0
        timeout --kill-after=5 "$seconds" \
            unshare --root="$root" --wd="$PWD" /usr/lib/wine/wine64 $program 2>&1 </dev/null || code=$?
        end=$(date +%s%3N)
        # Was it the server's end, that may take a moment to be seen.
        [ "$code" = 0 ] || sleep 1
        if [ -e "$server/exe" ]; then
            tries=0
        else
            echo "SERVER ended with $name: $(tail -1 "$log")"
            start_server
        fi
    done
    echo "ENDED $name $code $((end - begin))"
done <"$programs"

# It writes the registry before it ends.
unshare --root="$root" "$WINESERVER" --kill
wait
echo COMPLETE
