#!/bin/sh
# From an empty Debian machine to stores that are served; docs/scaling.md explains each step.
#
#   sh set_up.sh packages account folders library broker database    once, as root
#   sh set_up.sh books books.toml                                     loads the books
#   sh set_up.sh store retail.toml retail.txt                         checks a store, and serves it
#   sh set_up.sh services                                             starts what serves them
set -eu

here=$(cd "$(dirname "$0")" && pwd)
code=${AVBC_CODE:-/opt/avbc} config=${AVBC_CONFIG:-/etc/avbc} redis=${AVBC_REDIS:-/etc/redis}
books_url=${AVBC_BOOKS_URL:-postgresql:///avbc?host=/var/run/postgresql}
broker=${AVBC_BROKER:-127.0.0.1:6379/0} units=${AVBC_UNITS:-/etc/systemd/system}
user=${AVBC_USER:-avbc}

packages() {
    apt-get update
    apt-get install -y --no-install-recommends postgresql redis-server python3-venv
}

account() {
    # Nobody logs in as this user, and nothing of avbc runs as root.
    useradd --system --home-dir "$code" --shell /usr/sbin/nologin "$user"
}

folders() {
    install -d -m 755 "$code"
    install -d -m 750 -g "$user" "$config" "$config/stores"
    install -m 644 "$here/shops.py" "$here/serve.py" "$here/check.py" "$code"
}

library() {
    /usr/bin/python3 -m venv "$code/venv"
    "$code/venv/bin/pip" install "$here/../..[celery,fast,postgresql]" "celery[redis]"
}

broker() {
    password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
    # Only Redis and root read the password: systemd hands it to the processes of avbc.
    (umask 027 && sed "s/PASSWORD/$password/" "$here/redis.conf" >"$redis/avbc.conf")
    chgrp redis "$redis/avbc.conf"
    grep -qs "^include $redis/avbc.conf" "$redis/redis.conf" || echo "include $redis/avbc.conf" >>"$redis/redis.conf"
    (
        umask 077
        cat >"$config/environment" <<END
BROKER_URL="redis://:$password@$broker"
BOOKS_URL="$books_url"
AVBC_STORES="$config/stores"
END
    )
    systemctl restart redis-server
}

database() {
    # The user avbc needs no password at the socket of the server on its own machine.
    runuser -u postgres -- createuser "$user"
    runuser -u postgres -- createdb --owner "$user" avbc
}

as_user() {
    set -a
    . "$config/environment"
    set +a
    runuser -u "$user" -- "$code/venv/bin/python" "$@"
}

books() {
    install -m 640 -g "$user" "$1" "$config/books.toml"
    as_user -c '
import os, sys, avbc
with avbc.SqlGateway(os.environ["BOOKS_URL"]) as books:
    books.load(sys.argv[1])
' "$config/books.toml"
}

store() {
    # The name tells which credentials are whose, so that no store takes those of another.
    [ "$(basename "$1" .toml)" = "$(basename "$2" .txt)" ] || {
        echo "name both files alike, such as retail.toml and retail.txt, also in the settings" >&2
        exit 2
    }
    # Nothing is replaced before it was checked.
    new="$config/new"
    install -d -m 750 -g "$user" "$new"
    install -m 640 -g "$user" "$1" "$2" "$new"
    as_user "$code/check.py" "$new/$(basename "$1")"
    mv "$new/$(basename "$2")" "$new/$(basename "$1")" "$config/stores"
}

units() {
    for file in "$here"/*.service; do
        sed "s|/opt/avbc|$code|g; s|/etc/avbc|$config|g; s|^User=.*|User=$user|" "$file" >"$units/$(basename "$file")"
    done
}

services() {
    units
    systemctl daemon-reload
    systemctl enable --now avbc-worker avbc-webhooks avbc-beat
}

case ${1:-} in
books) books "${2:?which file?}" ;;
store) store "${2:?which settings file?}" "${3:?which credentials file?}" ;;
"") sed -n '2,7s/^#//p' "$0" ;;
*) for step in "$@"; do "$step"; done ;;
esac
