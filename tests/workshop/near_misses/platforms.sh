cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
size() { wc -c < "$1" | tr -d ' '; }
image=application/vnd.oci.image.manifest.v1+json
type=application/vnd.oci.image.index.v1+json
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' > config.json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[]}' "$image" "$(digest config.json)" "$(size config.json)" > amd64.json
put() { {curl} -X PUT -H "Content-Type: $1" --data-binary @$2 "{url}/v2/{as}/platforms/manifests/$3"; }
index() { printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s%s}]}' "$type" "$1" "$(digest amd64.json)" "$2" "$3" > index.json; }
platform=',"platform":{"os":"linux","architecture":"amd64"}'
{curl} -X POST -H "Content-Type: application/octet-stream" --data-binary @config.json "{url}/v2/{as}/platforms/blobs/uploads/?digest=$(digest config.json)"

## 1: the index comes before its images
index "$image" "$(size amd64.json)" "$platform"
put "$type" index.json v1

## 2: the Content-Type is that of an image
put "$image" amd64.json "$(digest amd64.json)"
index "$image" "$(size amd64.json)" "$platform"
put "$image" index.json v1

## 2: there is no Content-Type
put "$image" amd64.json "$(digest amd64.json)"
index "$image" "$(size amd64.json)" "$platform"
{curl} -X PUT --data-binary @index.json "{url}/v2/{as}/platforms/manifests/v1"

## 3: the size is wrong
put "$image" amd64.json "$(digest amd64.json)"
index "$image" 1 "$platform"
put "$type" index.json v1

## 3: the entry has the media type of an index
put "$image" amd64.json "$(digest amd64.json)"
index "$type" "$(size amd64.json)" "$platform"
put "$type" index.json v1

## 4: the child is asked for as a blob
put "$image" amd64.json "$(digest amd64.json)"
index "$image" "$(size amd64.json)" "$platform"
put "$type" index.json v1
{curl} "{url}/v2/{as}/platforms/manifests/v1"
{curl} "{url}/v2/{as}/platforms/blobs/$(digest amd64.json)"

## 5: the entry has no platform
put "$image" amd64.json "$(digest amd64.json)"
index "$image" "$(size amd64.json)" ''
put "$type" index.json v1
