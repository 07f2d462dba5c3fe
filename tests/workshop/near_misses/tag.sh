cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
type=application/vnd.oci.image.manifest.v1+json
manifest() { printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":2},"layers":[],"annotations":{"version":"%s"}}' "$type" "$(digest config.json)" "$1"; }
printf '{}' > config.json
manifest 1 > first.json
manifest 2 > second.json
tag() { {curl} -X PUT -H "Content-Type: $type" --data-binary "@$1" "{url}/v2/{as}/tag/manifests/$2"; }
config() { {curl} -H "Content-Type: application/octet-stream" --data-binary @config.json "{url}/v2/{as}/tag/blobs/uploads/?digest=$(digest config.json)"; }

## 1: the tag does not lead to the old one
config
tag first.json latest
tag second.json latest
{curl} "{url}/v2/{as}/tag/manifests/latest"

## 2: the digest is that of the config
config
tag first.json latest
tag second.json latest
{curl} "{url}/v2/{as}/tag/manifests/$(digest config.json)"

## 3: the manifest is the same
config
tag first.json latest
tag first.json latest

## 4: the tag is another one
config
tag first.json v1
tag second.json v2

## 5: there is no Content-Type
config
{curl} -X PUT --data-binary @first.json "{url}/v2/{as}/tag/manifests/latest"

## 6: the config was not pushed
tag first.json latest

## 7: there is a space in the tag
config
tag first.json the%20latest
