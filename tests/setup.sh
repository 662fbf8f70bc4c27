# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What scripts here that build do first, to be sourced: see that this machine has what is needed.

project=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
cd "$project" || exit 1

# What a build needs, what the tests need beside it, what the lab (which fetches the rest, and
# installs nothing) needs.
# shellcheck disable=SC2034 # for who sources this
packages_to_build=(gcc libc6-dev meson ninja-build pkgconf libxml2-dev libnl-3-dev libnl-route-3-dev
    libcap-dev libinih-dev libvirt-dev libjson-c-dev libarchive-dev check)
# shellcheck disable=SC2034
packages_to_test=(git procps python3 clang clang-format libxml2-utils libvirt-clients shellcheck valgrind
    rpm rpmlint cpio xz-utils libcap2-bin mandoc)
# What the checks "static" and "coverage" need beside all that.
# shellcheck disable=SC2034
packages_to_analyse=(clang-tidy cppcheck gcovr)
# libFuzzer is in a package that those of clang only recommend.
# shellcheck disable=SC2034
packages_to_fuzz=(clang libclang-rt-14-dev)
# shellcheck disable=SC2034
packages_for_lab=(ca-certificates libcap2-bin libxml2-utils make procps python3)

is_debian_12() { (. /etc/os-release && [ "${ID-}" = debian ] && [ "${VERSION_ID-}" = 12 ]) 2>/dev/null; }

missing_packages() {
    local package
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

# need PACKAGE...: install what is missing, or say what to install. Elsewhere than on Debian 12 say
# what is missing.
need() {
    local missing log as_root=()
    if ! is_debian_12; then
        local want=(gcc meson ninja pkg-config xmllint) absent=() tool library
        for tool in "${want[@]}"; do command -v "$tool" >/dev/null || absent+=("$tool"); done
        for library in libxml-2.0 libnl-3.0 libnl-route-3.0 libcap inih libvirt json-c libarchive check; do
            pkg-config --exists "$library" 2>/dev/null || absent+=("$library (development files)")
        done
        echo "This is not Debian 12, so nothing is installed here; the lab needs Debian 12's packages." >&2
        [ ${#absent[@]} -eq 0 ] || printf 'missing: %s\n' "${absent[@]}" >&2
        exit 1
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    echo "installing ${missing[*]}"
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" \
            apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        echo "These packages are missing; install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    rm -f "$log"
}

# build DIRECTORY [MESON-OPTION...]
build() {
    local directory=$1; shift
    [ -d "$directory" ] ||
        meson setup "$directory" -Dprefix=/usr -Dlibdir="lib/$(gcc -print-multiarch)" -Dwerror=true "$@" ||
        return
    ninja -C "$directory"
}

# stage BUILD: what the RPM would install, for the lab, as its path.
stage() {
    rm -rf "$1/stage"
    DESTDIR=$(realpath "$1")/stage meson install -C "$1" --no-rebuild
}
