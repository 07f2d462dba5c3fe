cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
size() { wc -c < "$1" | tr -d ' '; }
push() { {curl} -X POST -H "Content-Type: application/octet-stream" --data-binary "@$1" "{url}/v2/{as}/delete/blobs/uploads/?digest=$(digest "$1")"; }
manifests="{url}/v2/{as}/delete/manifests"
printf '{}' > empty.json
printf 'Read me' > note.txt
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example.note","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"text/plain","digest":"%s","size":%s}]}' "$(digest empty.json)" "$(digest note.txt)" "$(size note.txt)" > manifest.json
push empty.json
push note.txt
{curl} -X PUT -H "Content-Type: application/vnd.oci.image.manifest.v1+json" --data-binary @manifest.json "$manifests/v1"

## 1: the digest is deleted first
{curl} -X DELETE "$manifests/$(digest manifest.json)"

## 2: the manifest is asked for by its tag, which is gone
{curl} -X DELETE "$manifests/v1"
{curl} "$manifests/v1"

## 3: the manifest is deleted as if it were a blob
{curl} -X DELETE "$manifests/v1"
{curl} "$manifests/$(digest manifest.json)"
{curl} -X DELETE "{url}/v2/{as}/delete/blobs/$(digest manifest.json)"

## 4: the blob is deleted by hand
{curl} -X DELETE "$manifests/v1"
{curl} -X DELETE "{url}/v2/{as}/delete/blobs/$(digest note.txt)"

## 5: nobody collects
{curl} -X DELETE "$manifests/v1"
{curl} "$manifests/$(digest manifest.json)"
{curl} -X DELETE "$manifests/$(digest manifest.json)"

## 5: the garbage collector spares what is new
{curl} -X DELETE "$manifests/v1"
{curl} "$manifests/$(digest manifest.json)"
{curl} -X DELETE "$manifests/$(digest manifest.json)"
cd "$HOME"
deno task gc
