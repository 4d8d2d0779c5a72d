# Sourced by ./demo, ./check and .ci/run: finds a Python, makes .venv, installs the package into it.
# The caller has set ROOT (the checkout) and `set -euo pipefail`.

VENV="$ROOT/.venv"
PYTHON="$VENV/bin/python"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_DEFAULT_TIMEOUT="${PIP_DEFAULT_TIMEOUT:-120}" PIP_NO_INPUT=1

fail() { # MESSAGE: one line on standard error, then the end
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))'

find_python() { # prints the first supported Python; UNDERSTUDY_PYTHON names one
    local name
    for name in ${UNDERSTUDY_PYTHON:-python3 python3.13 python3.12 python3.14 python3.11 python}; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$supported" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "needs Python 3.11, 3.12, 3.13 or 3.14; found $(python3 --version 2>/dev/null || echo none). Install one, or name it: UNDERSTUDY_PYTHON=/path/to/python3.12 $0"
}

patiently() { # TEXT COMMAND...: runs it quietly; says what it does and for how long; its output only if it fails
    local text="$1" log status=0 start=$SECONDS
    shift
    log="$(mktemp)"
    "$@" >"$log" 2>&1 </dev/null &
    local job=$!
    trap 'kill "$job" 2>/dev/null || true; rm -f "$log"; exit 130' INT TERM
    if [ -t 1 ]; then
        while kill -0 "$job" 2>/dev/null; do
            printf '\r%s … %ds ' "$text" $((SECONDS - start))
            sleep 0.5
        done
    else
        printf '%s … ' "$text"
    fi
    wait "$job" || status=$?
    trap - INT TERM
    if [ "$status" -ne 0 ]; then
        printf 'failed\n'
        tail -n 30 "$log" >&2
        rm -f "$log"
        return "$status"
    fi
    rm -f "$log"
    if [ -t 1 ]; then printf '\r%s … done in %ds \n' "$text" $((SECONDS - start)); else printf 'done in %ds\n' $((SECONDS - start)); fi
}

ensure_venv() { # makes .venv; one of another place, or that does not start, is made anew
    if [ -x "$PYTHON" ] && "$PYTHON" -c "$supported" 2>/dev/null && "$PYTHON" -m pip --version >/dev/null 2>&1 &&
        [ "$("$PYTHON" -c 'import sys; print(sys.prefix)')" = "$VENV" ]; then
        return
    fi
    local python
    python="$(find_python)"
    rm -rf "$VENV"
    patiently "making .venv with $("$python" --version)" "$python" -m venv "$VENV" || {
        rm -rf "$VENV"
        fail "python -m venv failed; on Debian: apt-get install python3-venv"
    }
}

ensure_torch() { # the torch that the tests were written with, before anything asks for it
    "$PYTHON" -c 'import torch; raise SystemExit(torch.__version__.split("+")[0] != "2.13.0")' 2>/dev/null && return
    local install=("$PYTHON" -m pip install --quiet torch==2.13.0)
    patiently "installing torch, for the channel's tests" "${install[@]}" ||
        patiently "trying once more" "${install[@]}" ||
        fail "pip could not install torch 2.13.0 (its last lines are above); is a package index in reach?"
}

ensure_installed() { # EXTRAS: installs the checkout, editable, with those extras; once a pyproject.toml
    local extras="$1" stamp
    for stamp in "$VENV/.understudy-"*"$extras"; do # with no extras, any earlier installation will do
        if cmp -s "$ROOT/pyproject.toml" "$stamp" && "$PYTHON" -c 'import understudy' 2>/dev/null; then
            return
        fi
    done
    # Two tries: a package index that hiccups once should not end a first run.
    local install=("$PYTHON" -m pip install --quiet --editable "$ROOT${extras:+[$extras]}")
    patiently "installing understudy${extras:+ with $extras} (numba and numpy are the large parts)" "${install[@]}" ||
        patiently "trying once more" "${install[@]}" ||
        fail "pip could not install the package (its last lines are above); is a package index in reach?"
    cp "$ROOT/pyproject.toml" "$VENV/.understudy-${extras:-core}"
}

MISSING=() # Debian packages
need() { # PACKAGE COMMAND|LIBRARY|FILE...: notes the package where one of them is not here
    local package="$1" name
    shift
    LIBRARIES="${LIBRARIES-$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)}"
    for name in "$@"; do
        case "$LIBRARIES" in *"$name"*) continue ;; esac
        [ -e "$name" ] || PATH="$PATH:/sbin:/usr/sbin" command -v "$name" >/dev/null || { MISSING+=("$package"); return; }
    done
}

install_missing() { # what `need` noted; where that is not allowed here, says what to install, and ends
    [ ${#MISSING[@]} -gt 0 ] || return 0
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    local install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
    if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
        patiently "asking Debian for its packages" "${install[@]}" update || true
        patiently "installing ${MISSING[*]}" "${install[@]}" install --no-install-recommends "${MISSING[@]}" || true
        MISSING=()
    else
        fail "what ours is compared with is missing here; sudo apt-get install ${MISSING[*]}"
    fi
}
