cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
printf 'Hello, ' > one.txt
printf 'chunks' > two.txt
cat one.txt two.txt > whole.txt
uploads="{url}/v2/{as}/chunks/blobs/uploads/"
session="{url}$({curl} -s -X POST "$uploads" | sed -n 's/^[Ll]ocation: //p' | tr -d '\r')"
chunk() { {curl} -X PATCH -H "Content-Type: application/octet-stream" -H "Content-Range: $1" --data-binary "@$2" "${3:-$session}"; }

## 1: the range has a unit
chunk "bytes=0-6" one.txt

## 1: the range is as in the rest of HTTP
chunk "bytes 0-6/13" one.txt

## 2: the end does not count
chunk 0-7 one.txt

## 3: a byte is left out
chunk 0-6 one.txt
chunk 8-13 two.txt

## 3: the second chunk begins at 0 again
chunk 0-6 one.txt
chunk 0-5 two.txt

## 3: the first byte has the number 1
chunk 1-7 one.txt

## 4: the header is Range
{curl} -X PATCH -H "Content-Type: application/octet-stream" -H "Range: 0-6" --data-binary @one.txt "$session"

## 5: a letter of the session is missing
chunk 0-6 one.txt "${session%?}"

## 5: the session is closed already
chunk 0-12 whole.txt
{curl} -X PUT "$session?digest=$(digest whole.txt)"
chunk 0-6 one.txt

## 6: the chunk goes to the address that opens sessions
chunk 0-6 one.txt "$uploads"

## 6: the method of a chunk is POST
{curl} -H "Content-Range: 0-6" --data-binary @one.txt "$session"

## 7: the PUT has no digest
chunk 0-6 one.txt
chunk 7-12 two.txt
{curl} -X PUT "$session"

## 8: the digest is that of the last chunk
chunk 0-6 one.txt
chunk 7-12 two.txt
{curl} -X PUT "$session?digest=$(digest two.txt)"

## 9: there is one chunk
chunk 0-12 whole.txt
{curl} -X PUT "$session?digest=$(digest whole.txt)"

## 10: everything is in one POST
{curl} -H "Content-Type: application/octet-stream" --data-binary @whole.txt "$uploads?digest=$(digest whole.txt)"
