cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
size() { wc -c < "$1" | tr -d ' '; }
push() { {curl} -H "Content-Type: application/octet-stream" --data-binary "@$1" "{url}/v2/{as}/manifest/blobs/uploads/?digest=$(digest "$1")"; }
config() { printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$(digest "$1")" > config.json; }
manifest() { printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%s}]}' "$type" "$(digest config.json)" "$(size config.json)" "$(digest layer.tar.gz)" "$(size "$1")" > manifest.json; }
printf 'Hello from a layer\n' > motd
tar -cf layer.tar motd
gzip -c layer.tar > layer.tar.gz
config layer.tar
type=application/vnd.oci.image.manifest.v1+json
manifests="{url}/v2/{as}/manifest/manifests"

## 1: the method is POST
manifest layer.tar.gz
{curl} -H "Content-Type: $type" --data-binary @manifest.json "$manifests/v1"

## 2: the tag stands where docker writes it
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "{url}/v2/{as}/manifest:v1"

## 3: there is no Content-Type
manifest layer.tar.gz
{curl} -X PUT --data-binary @manifest.json "$manifests/v1"

## 3: the Content-Type says only that it is JSON
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: application/json" --data-binary @manifest.json "$manifests/v1"

## 4: the Content-Type is that of an index
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: application/vnd.oci.image.index.v1+json" --data-binary @manifest.json "$manifests/v1"

## 5: a comma is missing
manifest layer.tar.gz
tr , ' ' < manifest.json > broken.json
{curl} -X PUT -H "Content-Type: $type" --data-binary @broken.json "$manifests/v1"

## 5: the file has another name
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifesto.json "$manifests/v1"

## 6: the config was not pushed
push layer.tar.gz
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/v1"

## 7: there is a colon before the tag
push layer.tar.gz; push config.json
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/:v1"

## 7: there is a space in the tag
push layer.tar.gz; push config.json
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/my%20tag"

## 8: the size is that of the unpacked layer
push layer.tar.gz; push config.json
manifest layer.tar
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/v1"

## 9: the diff_id is that of the compressed layer
config layer.tar.gz
push layer.tar.gz; push config.json
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/v1"

## 10: the digest stands in the place of the tag
push layer.tar.gz; push config.json
manifest layer.tar.gz
{curl} -X PUT -H "Content-Type: $type" --data-binary @manifest.json "$manifests/$(digest manifest.json)"
