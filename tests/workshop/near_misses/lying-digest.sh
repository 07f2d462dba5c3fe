cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
printf 'the real bytes' > real.txt
printf 'other bytes' > other.txt
push() { {curl} -H "Content-Type: application/octet-stream" --data-binary "@$1" "{url}/v2/{as}/lying-digest/blobs/uploads/?digest=$2"; }

## 1: the lie is no digest
push real.txt sha256:123

## 2: the truth is about another digest
push other.txt "$(digest real.txt)"
push other.txt "$(digest other.txt)"

## 3: the same lie again
push other.txt "$(digest real.txt)"
push other.txt "$(digest real.txt)"

## 4: there is no lie
printf 'honest bytes' > honest.txt
push honest.txt "$(digest honest.txt)"

## 5: there is no digest
{curl} --data-binary @other.txt "{url}/v2/{as}/lying-digest/blobs/uploads/"
