cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
printf 'Hello, ' > one.txt
printf 'tunnel' > two.txt
cat one.txt two.txt > whole.txt
uploads="{url}/v2/{as}/resume/blobs/uploads/"
session="{url}$({curl} -s -X POST "$uploads" | sed -n 's/^[Ll]ocation: //p' | tr -d '\r')"
chunk() { {curl} -X PATCH -H "Content-Type: application/octet-stream" -H "Content-Range: $1" --data-binary "@$2" "$session"; }
break_off() { {curl} -m 0.2 -X PATCH -H "Content-Type: application/octet-stream" -H "Content-Range: 0-12" -H "Content-Length: 13" --data-binary @one.txt "$session"; }

## 1: the chunk begins at the last byte that is there
break_off
{curl} "$session"
tail -c 7 whole.txt > rest.txt
chunk 6-12 rest.txt

## 2: everything is sent again
break_off
chunk 0-12 whole.txt

## 3: nobody asked how far it came
break_off
chunk 7-12 two.txt
{curl} -X PUT "$session?digest=$(digest whole.txt)"

## 4: nothing broke
chunk 0-6 one.txt
{curl} "$session"
chunk 7-12 two.txt
{curl} -X PUT "$session?digest=$(digest whole.txt)"

## 5: the rest was not sent
break_off
{curl} "$session"
{curl} -X PUT "$session?digest=$(digest whole.txt)"

## 6: the session is another one
break_off
{curl} "${session%?}"

## 7: the rest goes to the address that opens sessions
break_off
session="$uploads"
chunk 7-12 two.txt
