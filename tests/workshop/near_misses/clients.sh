cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
printf '{}' > empty.json
push() { {curl} -A "$2" -X POST -H "Content-Type: application/octet-stream" --data-binary @empty.json "{url}/v2/{as}/$1/blobs/uploads/?digest=$(digest empty.json)"; }
put() { {curl} -A "$2" -X PUT -H "Content-Type: application/vnd.oci.image.manifest.v1+json" --data-binary "$(printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example.%s","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[]}' "$3" "$(digest empty.json)")" "{url}/v2/{as}/$1/manifests/v1"; }
push clients-1 one/1.0
put clients-1 one/1.0 note

## 1: the same client pushes twice
push clients-2 one/1.0
put clients-2 one/1.0 note

## 2: the second client pushes other bytes
push clients-2 two/1.0
put clients-2 two/1.0 letter

## 3: the second client only pulls
{curl} -A two/1.0 "{url}/v2/{as}/clients-1/manifests/v1"
