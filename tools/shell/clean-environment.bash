# Sourced by tools that test and measure: the user's environment must not change the results. Proxies, CA bundles, locale,
# Python and shell settings are removed; PATH is Swift's folder and Debian's own.
# shellcheck shell=bash

clean_environment() {
    local name swift
    swift=$(swift -print-target-info 2>/dev/null | sed -n 's,.*"runtimeResourcePath": *"\(.*\)/lib/swift",\1/bin,p') || true
    for name in $(compgen -e); do
        case $name in
            HOME | USER | LOGNAME | TERM | TMPDIR | CI | SHLVL | PWD | ETOKEN_BRIDGE_* | SWT_* | LLVM_PROFILE_FILE | SOURCE_DATE_EPOCH | DEBFULLNAME | DEBEMAIL) ;;
            *) unset "$name" ;;
        esac
    done
    while read -r _ _ name; do unset -f "$name"; done < <(declare -Fx)
    export PATH=${swift:+$swift:}/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
    hash -r
}
