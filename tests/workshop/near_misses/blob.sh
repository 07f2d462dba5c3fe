cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
printf 'Hello, blob' > hello.txt
uploads="{url}/v2/{as}/blob/blobs/uploads/"
octets="Content-Type: application/octet-stream"

## 1: the method is PUT
{curl} -T hello.txt "$uploads?digest=$(digest hello.txt)"

## 1: the method is GET
{curl} "$uploads?digest=$(digest hello.txt)"

## 2: there is no digest
{curl} --data-binary @hello.txt "$uploads"

## 2: the parameter has another name
{curl} --data-binary @hello.txt "$uploads?Digest=$(digest hello.txt)"

## 3: the digest has no sha256: before it
{curl} -H "$octets" --data-binary @hello.txt "$uploads?digest=$(openssl dgst -sha256 -r hello.txt | cut -d ' ' -f 1)"

## 3: the digest is what sha256sum prints
{curl} -H "$octets" --data-binary @hello.txt "$uploads?digest=$(digest hello.txt)%20%20-"

## 3: the digest has capital letters
{curl} -H "$octets" --data-binary @hello.txt "$uploads?digest=sha256:$(digest hello.txt | cut -d : -f 2 | tr a-f A-F)"

## 4: the file has another name
{curl} -H "$octets" --data-binary @helo.txt "$uploads?digest=$(digest hello.txt)"

## 5: echo adds a line break
{curl} -H "$octets" --data-binary @hello.txt "$uploads?digest=$(echo 'Hello, blob' | digest /dev/stdin)"

## 6: the body is the name of the file
{curl} -H "$octets" --data-binary hello.txt "$uploads?digest=$(digest hello.txt)"

## 6: -d takes out the line break
echo 'two lines' > lines.txt
{curl} -H "$octets" -d @lines.txt "$uploads?digest=$(digest lines.txt)"

## 7: the blob was never pushed
{curl} "{url}/v2/{as}/blob/blobs/$(digest hello.txt)"

## 8: the repository is another one
{curl} -H "$octets" --data-binary @hello.txt "{url}/v2/{as}/blobs/blobs/uploads/?digest=$(digest hello.txt)"
