cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
size() { wc -c < "$1" | tr -d ' '; }
type=application/vnd.oci.image.manifest.v1+json
printf '{}' > empty.json
empty="{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"$(digest empty.json)\",\"size\":2}"
artifact() { printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/vnd.example.%s","config":%s,"layers":[%s]%s}' "$type" "$1" "$empty" "$empty" "$2"; }
subject() { printf ',"subject":{"mediaType":"%s","digest":"%s","size":%s}' "$type" "$(digest "$1")" "$2"; }
put() { {curl} -X PUT -H "Content-Type: $type" --data-binary @$1 "{url}/v2/{as}/signed/manifests/$(digest $1)"; }
{curl} -X POST -H "Content-Type: application/octet-stream" --data-binary @empty.json "{url}/v2/{as}/signed/blobs/uploads/?digest=$(digest empty.json)"
artifact image > image.json
artifact sbom "$(subject image.json "$(size image.json)")" > sbom.json

## 1: the question has a tag
{curl} -X PUT -H "Content-Type: $type" --data-binary @image.json "{url}/v2/{as}/signed/manifests/v1"
put sbom.json
{curl} "{url}/v2/{as}/signed/referrers/v1"

## 2: the referrer is pushed to the list
put image.json
{curl} -X PUT -H "Content-Type: $type" --data-binary @sbom.json "{url}/v2/{as}/signed/referrers/$(digest image.json)"

## 2: the referrer is posted to the list
put image.json
{curl} -X POST -H "Content-Type: $type" --data-binary @sbom.json "{url}/v2/{as}/signed/referrers/$(digest image.json)"

## 3: the subject is only a digest
put image.json
artifact sbom ",\"subject\":\"$(digest image.json)\"" > wrong.json
put wrong.json

## 3: the subject has no size
put image.json
artifact sbom ",\"subject\":{\"mediaType\":\"$type\",\"digest\":\"$(digest image.json)\"}" > wrong.json
put wrong.json

## 4: the digest is that of a file with a line break more
put image.json
echo >> image.json
artifact sbom "$(subject image.json "$(size image.json)")" > wrong.json
put wrong.json

## 5: the size of the subject is wrong
put image.json
artifact sbom "$(subject image.json 2)" > wrong.json
put wrong.json

## 6: the question is about the referrer
put image.json
put sbom.json
{curl} "{url}/v2/{as}/signed/referrers/$(digest sbom.json)"
