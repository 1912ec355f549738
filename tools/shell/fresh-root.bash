# Sourced by tools/fresh-debian and tools/check-package: creates a Debian 12 in a folder, and runs commands in it.
# shellcheck shell=bash

source "${BASH_SOURCE%/*}/try-again.bash"

# can_make_roots: fails and says why if this machine cannot do it; installs debootstrap if needed.
can_make_roots() {
    ((EUID == 0)) || { echo "this needs root (debootstrap, mount): run it as root or with sudo" >&2; return 1; }
    unshare --mount --pid --fork true 2>/dev/null \
        || { echo "this system does not allow new mount and process namespaces: run it outside the container, or in one with CAP_SYS_ADMIN" >&2; return 1; }
    command -v debootstrap >/dev/null && return
    command -v apt-get >/dev/null || { echo "debootstrap is not installed: install it" >&2; return 1; }
    DEBIAN_FRONTEND=noninteractive try_again sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap' >/dev/null
}

# debian_mirror NAME DEFAULT: the URL that this machine uses for the Debian archive NAME (debian, debian-security).
debian_mirror() {
    local found
    found=$(sed -n "s,^URIs: *\([^ ]*/$1\)/\? *$,\1,p; s,^deb \(\[[^]]*\] \)\?\([^ ]*/$1\)/\? .*,\2,p" \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 1q) || true
    echo "${found:-$2}"
}

# make_root FOLDER [DEBOOTSTRAP-OPTION...]: a minimal Debian 12. Its apt downloads as this machine does: from the same mirror,
# through the same proxy, with the same certificate authorities.
make_root() {
    local folder=$1 mirror security file
    shift
    mirror=$(debian_mirror debian http://deb.debian.org/debian)
    security=$(debian_mirror debian-security http://deb.debian.org/debian-security)
    bootstrap() { rm -rf --one-file-system "$folder" && debootstrap --variant=minbase "$@" bookworm "$folder" "$mirror" >"$folder.log" 2>&1; }
    try_again bootstrap "$@" || { tail "$folder.log" >&2; return 1; }
    rm "$folder.log"

    printf 'deb %s %s main\n' "$mirror" bookworm "$mirror" bookworm-updates "$security" bookworm-security >"$folder/etc/apt/sources.list"
    {
        echo 'Acquire::Retries "5";'
        echo 'APT::Install-Recommends "false";'
        apt-config dump 2>/dev/null | grep -iE '^Acquire::(http|https)::Proxy(::[^ ]+)? "[^"]' || true
        [[ -z ${http_proxy:-} ]] || echo "Acquire::http::Proxy \"$http_proxy\";"
        [[ -z ${https_proxy:-} ]] || echo "Acquire::https::Proxy \"$https_proxy\";"
        for file in "${SSL_CERT_FILE:-}" "${CURL_CA_BUNDLE:-}" /etc/ssl/certs/ca-certificates.crt; do
            [[ -r $file ]] || continue
            cp "$file" "$folder/etc/apt/authorities.pem"
            echo 'Acquire::https::CAInfo "/etc/apt/authorities.pem";'
            break
        done
    } >"$folder/etc/apt/apt.conf.d/90-as-outside"
    # It need not survive a power failure: no fsync.
    echo force-unsafe-io >"$folder/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # Installing a server does not start it.
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod 0755 "$folder/usr/sbin/policy-rc.d"
}

# in_root FOLDER [--bind PATH] [--read-only PATH] [--over PATH OTHER] [NAME=VALUE...] COMMAND...: runs a command in the Debian of FOLDER,
# in its own mount and process namespaces, on this machine's network. The environment is HOME, PATH and LANG, and the
# given variables. PATHs are mounted at the same place inside; --over mounts the folder OTHER at PATH.
in_root() {
    # --kill-child: nothing that the command starts outlives it, even if this script is killed.
    unshare --mount --pid --fork --kill-child bash -c "$(declare -f enter_root); enter_root \"\$@\"; exit \$?" enter_root "$@"
}

enter_root() {
    set -euo pipefail
    local root=$1 device
    shift
    cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 %s\n' "$(hostname)" >"$root/etc/hosts"
    find "$root/tmp" -mindepth 1 -delete

    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || mount --rbind /sys "$root/sys"
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mkdir -m 1777 "$root/run/lock"
    mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        : >"$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s fd/0 "$root/dev/stdin"
    ln -s fd/1 "$root/dev/stdout"
    ln -s fd/2 "$root/dev/stderr"

    while [[ ${1:-} == --* ]]; do
        mkdir -p "$root$2"
        case $1 in
            --bind) mount --bind "$2" "$root$2"; shift 2 ;;
            --read-only)
                mount --bind "$2" "$root$2"
                mount -o remount,bind,ro "$root$2"
                shift 2
                ;;
            --over) mount --bind "$3" "$root$2"; shift 3 ;;
        esac
    done

    cd "$root"
    # pivot_root fails if the current root is not a mount point; chroot alone does then.
    ! pivot_root . . 2>/dev/null || umount --lazy .
    chroot . /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}
