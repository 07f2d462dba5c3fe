#!/usr/bin/env bash
# Makes a bundle for this machine, and uses it as in a room without a network: in a network of its own that has only loopback,
# with an empty home folder, and without another Deno.
#
#     bash tests/programs/bundle/offline.sh
#
# It ends with a line that sums up: N passed, N failed. It needs Linux, the npm registry for the bundle itself, curl and htpasswd.
set -u

if [ "${1:-}" != inside ]; then
  cd "$(dirname "$0")/../../.." || exit 1
  unshare --user --map-root-user --net true 2>/dev/null || { echo '0 passed, 0 failed, 1 skipped'; exit 0; }
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  case "$(uname -m)" in aarch64) system=linux-arm64 ;; *) system=linux-x64 ;; esac
  deno task bundle --only "$system" --to "$folder" || { echo '0 passed, 1 failed'; exit 1; }
  mkdir "$folder/home" "$folder/programs"
  tar -xzf "$folder"/*.tar.gz -C "$folder"
  for program in openssl sh dirname uname ls ip curl sha256sum cut grep htpasswd sleep cat env; do
    ln -s "$(command -v "$program")" "$folder/programs/$program"
  done
  unshare --user --map-root-user --net \
    env -i HOME="$folder/home" PATH="$folder/programs" NO_COLOR=1 "$BASH" "$PWD/tests/programs/bundle/offline.sh" inside "$folder/glassbox"
  exit
fi

cd "$2" || exit 1
ip link set lo up
passed=0 failed=0
says() { # NAME PATTERN COMMAND…
  local name=$1 pattern=$2 out
  shift 2
  out=$("$@" 2>&1)
  if grep -Eq "$pattern" <<<"$out"; then passed=$((passed + 1)); else failed=$((failed + 1)); printf 'FAILED: %s\n%s\n' "$name" "$out"; fi
}
# Starts a registry, and waits until it answers.
serve() {
  ./glassbox start --workshop "$@" >../log 2>&1 &
  for _ in {1..100}; do curl -s -o /dev/null http://127.0.0.1:5080/v2/ && return; sleep 0.1; done
  cat ../log
}
stop() { kill %% && wait; }

foo=$(printf foo | sha256sum | cut -d' ' -f1)
push="http://127.0.0.1:5080/v2/learner/hello/blobs/uploads/?digest=sha256:$foo"
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

says 'there is no network' 'Could not resolve host' curl -sS -m 5 https://registry.npmjs.org/
says 'there is no other Deno' '^$' command -v deno
says 'the preflight finds the packages' "ok +the package for --htpasswd is in Deno's cache" ./glassbox preflight
serve
says 'a blob is pushed' '^201$' status -H Content-Type:application/octet-stream --data-binary foo "$push"
says 'the page is there' '^200$' status http://127.0.0.1:5080/
says 'the lessons are there' '^ +1 +knock' ./glassbox lessons
stop
htpasswd -nbB ana secret >../passwords
serve --htpasswd ../passwords --access src/workshop/access.json
says 'a password is asked for' '^401$' status http://127.0.0.1:5080/v2/
says 'the password is right' '^200$' status -u ana:secret http://127.0.0.1:5080/v2/
stop
says 'passwords are made' '^ben +[a-z2-9-]{12}$' ./glassbox passwords --to ../more ben
says 'a sample is pushed' '^1 sample, each as announced$' ./glassbox samples hello
says 'an image becomes an archive' '^1 image: ' ./glassbox export samples/hello:latest ../hello.tar
says 'the tests of a source run' '^ok +[0-9]+ passed' ./glassbox try src/push/cancel_a_blob_upload.ts --once
says 'an exercise begins red' ' 0 of [0-9]+ tests are green' ./glassbox exercise tag --once
says 'an exercise shows its solution' 'return GRAMMAR.test' ./glassbox exercise tag --solution
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
