cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
size() { wc -c < "$1" | tr -d ' '; }
image=application/vnd.oci.image.manifest.v1+json
type=application/vnd.oci.image.index.v1+json
printf '{}' > empty.json
empty="{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"$(digest empty.json)\",\"size\":2}"
artifact() { printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/vnd.example.%s","config":%s,"layers":[%s]%s}' "$image" "$1" "$empty" "$empty" "$2"; }
put() { {curl} -X PUT -H "Content-Type: $1" --data-binary @$2 "{url}/v2/{as}/old/manifests/$3"; }
list() { printf '{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%s%s}]}' "$type" "$image" "$(digest "$1")" "$2" "$3" > list.json; }
sbom=',"artifactType":"application/vnd.example.sbom"'
artifact image > image.json
artifact sbom ",\"subject\":{\"mediaType\":\"$image\",\"digest\":\"$(digest image.json)\",\"size\":$(size image.json)}" > sbom.json
tag=$(digest image.json | tr : -)
begin() {
  {curl} -X POST -H "Content-Type: application/json" --data '{ "as": "{as}", "do": "switch on" }' "{url}/lessons/without-referrers"
  {curl} -X POST -H "Content-Type: application/octet-stream" --data-binary @empty.json "{url}/v2/{as}/old/blobs/uploads/?digest=$(digest empty.json)"
  put "$image" image.json v1
  put "$image" sbom.json "$(digest sbom.json)"
  {curl} "{url}/v2/{as}/old/referrers/$(digest image.json)"
}

## 1: the switch is off
{curl} "{url}/v2/{as}/old/referrers/$(digest image.json)"

## 2: the list is pushed to the digest of the image
begin
list sbom.json "$(size sbom.json)" "$sbom"
put "$type" list.json "$(digest image.json)"

## 3: the Content-Type is that of an image
begin
list sbom.json "$(size sbom.json)" "$sbom"
put "$image" list.json "$tag"

## 4: the tag points to the referrer
begin
put "$image" sbom.json "$tag"

## 5: the list has the image in it
begin
list image.json "$(size image.json)" ''
put "$type" list.json "$tag"

## 6: the entry has no artifactType
begin
list sbom.json "$(size sbom.json)" ''
put "$type" list.json "$tag"

## 7: the size is wrong
begin
list sbom.json 2 "$sbom"
put "$type" list.json "$tag"
