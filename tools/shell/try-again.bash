# Sourced by scripts that download.
# shellcheck shell=bash

# try_again COMMAND...: up to three times, since downloads sometimes fail.
try_again() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return
        echo "$1 failed (attempt $attempt of 3)" >&2
        sleep $((attempt * 5))
    done
    return 1
}
