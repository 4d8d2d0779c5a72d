#!/usr/bin/env bash
# The whole loop on real servers that run here, on loopback: probe, collect, learn, verify on photographs not learned
# from. nginx's image filter (from Debian), thumbor and Synapse (from PyPI, in .venv-servers).
#   scripts/loop.sh                  the photographs of ../shared, if there, and two of scikit-learn's package
#   scripts/loop.sh PHOTOGRAPH...    your own
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
. "$ROOT/scripts/setup.sh"

case "${1:-}" in
-h | --help)
    sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac

ensure_venv
ensure_installed "dev,oracles,survey,collect,web,keyring"
SERVERS="$ROOT/.venv-servers"
[ -x "$SERVERS/bin/python" ] || patiently "making .venv-servers" "$(find_python)" -m venv "$SERVERS"
if ! [ -x "$SERVERS/bin/thumbor" ] || ! "$SERVERS/bin/python" -c 'import synapse' 2>/dev/null; then
    install=("$SERVERS/bin/python" -m pip install --quiet "thumbor>=7.7" "matrix-synapse>=1.120")
    patiently "installing thumbor and Synapse" "${install[@]}" || patiently "trying once more" "${install[@]}" ||
        fail "pip could not install the servers (its last lines are above)"
fi
need libnginx-mod-http-image-filter nginx /usr/lib/nginx/modules/ngx_http_image_filter_module.so
install_missing

photographs=("$@")
if [ ${#photographs[@]} -eq 0 ]; then
    "$PYTHON" "$ROOT/scripts/photograph.py" || fail "no photographs; give some of yours: scripts/loop.sh PHOTOGRAPH..."
    photographs=("$ROOT"/.cache/photograph/*.jpg)
    shared="${UNDERSTUDY_SHARED:-$ROOT/../shared}/photos"
    for name in m4_q92_420 m5_q96_444 m6_q85_prog m7_q90_422 m8_q75 p14_dog_orient6 p15_orient6 p10_displayp3; do
        [ -f "$shared/$name.jpg" ] && photographs+=("$shared/$name.jpg")
    done
    for name in p01_kodim01 p03_kodim05; do
        [ -f "$shared/$name.png" ] && photographs+=("$shared/$name.png")
    done
fi
exec "$PYTHON" "$ROOT/tests/servers/loop.py" --programs "$SERVERS/bin" "${photographs[@]}" </dev/null
