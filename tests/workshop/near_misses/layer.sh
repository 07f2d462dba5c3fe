cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
push() { {curl} -H "Content-Type: application/octet-stream" --data-binary "@$1" "{url}/v2/{as}/layer/blobs/uploads/?digest=$(digest "$1")"; }
config() { printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$1" > config.json; }
printf 'Hello from a layer\n' > motd
tar -cf layer.tar motd
gzip -c layer.tar > layer.tar.gz

## 6: the diff_id is that of the compressed layer
push layer.tar.gz
config "$(digest layer.tar.gz)"
push config.json

## 6: the same, and the config goes first
config "$(digest layer.tar.gz)"
push config.json
push layer.tar.gz

## 1: the diff_id has no sha256: before it
push layer.tar.gz
config "$(openssl dgst -sha256 -r layer.tar)"
push config.json

## 1: the list is empty
push layer.tar.gz
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' > config.json
push config.json

## 7: the layer was packed again
push layer.tar.gz
touch -t 202001010000 motd
tar -cf layer.tar motd
config "$(digest layer.tar)"
push config.json

## 2: the config has no rootfs
push layer.tar.gz
printf '{"architecture":"amd64","os":"linux","diff_ids":["%s"]}' "$(digest layer.tar)" > config.json
push config.json

## 3: the layer is not compressed
push layer.tar

## 4: the layer is no archive
push motd

## 4: the config is not JSON
push layer.tar.gz
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s]}}' "$(digest layer.tar)" > config.json
push config.json

## 5: the digest in the address is that of the unpacked layer
{curl} -H "Content-Type: application/octet-stream" --data-binary @layer.tar.gz "{url}/v2/{as}/layer/blobs/uploads/?digest=$(digest layer.tar)"

## 7: the same, and the config goes first
config "$(digest motd)"
push config.json
push layer.tar.gz
