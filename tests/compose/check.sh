#!/bin/sh
# Runs docker-compose.yml for real, from a clean copy of HEAD, and tells its story:
# a key is registered and synced, two workers share the work, every service is restarted meanwhile,
# and in the end every quantity equals the simulated exchanges' own statement. Removes all it made.
#   tests/compose/check.sh                       DOCKER_BUILD="docker build --network host" ...
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
user=compose@example.org

if docker compose version >/dev/null 2>&1; then tool="docker compose"; else tool=docker-compose; fi
compose() { (cd "$work" && $tool --project-name coffer-check --profile sandbox "$@"); }
manage() { compose exec -T web python manage.py "$@"; }
say() { echo "== $*"; }
finish() {
  status=$?
  [ $status = 0 ] || compose logs --tail 40 || true
  compose down --volumes >/dev/null 2>&1 || true
  rm -rf "$work"
  [ $status = 0 ] && say "all is well" || say "FAILED"
}
trap finish EXIT
trap 'exit 130' INT TERM

healthy() { # waits until every container but migrate says it is healthy
  for _ in $(seq 120); do
    states=$(compose ps -q | xargs docker inspect --format \
      '{{index .Config.Labels "com.docker.compose.service"}} {{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}}' | grep -v '^migrate ')
    echo "$states" | grep -qv ' healthy$' || return 0
    sleep 1
  done
  echo "$states" >&2
  return 1
}

say "building"
git -C "$root" archive HEAD | tar -x -C "$work"
(umask 077 && "$work/bin/make-env" > "$work/.env")
port=$($python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'COFFER_IMAGE=coffer-check\nSANDBOX=1\nSANDBOX_SPEED=20\nPORT=%s\n' "$port" >> "$work/.env"
(cd "$work" && ${DOCKER_BUILD:-docker build} --build-arg WITH_SANDBOX=1 --tag coffer-check . >/dev/null)

say "starting, with two workers"
compose up --detach --scale worker=2
healthy
$python - "$port" <<'P'
import json, sys, urllib.request
answer = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/readyz", timeout=10)
assert json.load(answer)["ready"], answer.status
P

say "registering the demo keys"
echo "a long and quiet word" | manage create_user "$user" --password-stdin
manage sandbox --list-keys --json > "$work/keys.json"
for exchange in binance kraken; do
  set --
  for pair in $($python - "$work/keys.json" "$exchange" <<'P'
import json, sys
keys = json.load(open(sys.argv[1]))
key = next(k for k in keys if (k["exchange"], k["purpose"]) == (sys.argv[2], "read-only"))
print(*(f"{name}={value}" for name, value in key["credentials"].items()))
P
  ); do set -- "$@" --credential "$pair"; done
  manage connect "$user" "$exchange" --environment sandbox "$@"
done
manage sync --user "$user" # leaves the work to the workers

for service in worker redis db beat web sandbox; do
  say "restarting $service while the history arrives"
  compose restart "$service" >/dev/null 2>&1
  healthy
done

say "waiting for the workers, then comparing with the exchanges' statements"
for _ in $(seq 120); do
  manage holdings "$user" --json > "$work/holdings.json"
  manage sync --user "$user" --json > "$work/synced.json"
  if $python "$root/tests/compose/compare.py" "$work" 2> "$work/difference"; then equal=1 && break; fi
  sleep 3
done
[ "${equal:-0}" = 1 ] || { cat "$work/difference" >&2; exit 1; }

say "who did how much"
compose exec -T worker python -m celery --quiet --app config inspect stats --json > "$work/stats.json"
$python - "$work/stats.json" <<'P'
import json, sys
stats = json.load(open(sys.argv[1]))
done = {name: sum(worker["total"].values()) for name, worker in stats.items()}
print(done)
assert len(done) == 2, done
assert all(done.values()), done
P
