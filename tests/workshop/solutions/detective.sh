{curl} -X POST -H "Content-Type: application/json" --data '{ "as": "{as}", "do": "switch on" }' "{url}/lessons/detective"

rule=none case="{url}/v2/{as}/case" type=application/vnd.oci.image.manifest.v1+json

digest() { printf 'sha256:'; printf %s "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1; }

code() { curl -s -o answer.txt -w '%{http_code}' "$@"; }

header() { curl -s -o answer.txt -w "%header{$name}" "$@"; }

[ "$(code -X POST -H "Content-Type: application/octet-stream" --data-binary 'a lie' "$case/blobs/uploads/?digest=$(digest 'the truth')")" = 400 ] || rule=PUSH-SINGLE-03

code "$case/manifests/nothing"; grep -q '"errors"' answer.txt || rule=API-ERR-02

code -X POST -H "Content-Type: application/octet-stream" --data-binary '{}' "$case/blobs/uploads/?digest=$(digest '{}')"

[ "$(code --head "$case/blobs/$(digest '{}')")" = 200 ] || rule=PULL-HEAD-01

session="{url}$(name=Location header -X POST "$case/blobs/uploads/")"

[ "$(code -X PATCH -H "Content-Range: 0-4" --data-binary 01234 "$session")" = 202 ] || rule=PUSH-CHUNK-09

[ "$(name=Range header -X PATCH -H "Content-Range: 5-9" --data-binary 56789 "$session")" = 0-9 ] || rule=PUSH-CHUNK-10

image="{\"schemaVersion\":2,\"mediaType\":\"$type\",\"config\":{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"$(digest '{}')\",\"size\":2},\"layers\":[]}"

push() { code -X PUT -H "Content-Type: $type" --data-binary "$image" "$case/manifests/$1"; }

push v1; [ "$(name=Content-Type header "$case/manifests/v1")" = "$type" ] || rule=PULL-MANIFEST-09

code -X DELETE "$case/manifests/v1"; [ "$(code "$case/manifests/$(digest "$image")")" = 200 ] || rule=DEF-I03

push v2; code -X DELETE "$case/manifests/$(digest "$image")"; [ "$(code "$case/manifests/v2")" = 404 ] || rule=MGMT-MANIFEST-I01

{curl} -X POST -H "Content-Type: application/json" --data '{ "as": "{as}", "do": "answer", "answer": "'$rule'" }' "{url}/lessons/detective"
