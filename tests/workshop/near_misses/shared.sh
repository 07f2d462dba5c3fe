cd "$(mktemp -d)"
digest() { printf 'sha256:'; openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
push() { {curl} -X POST -H "Content-Type: application/octet-stream" --data-binary @base.txt "{url}/v2/{as}/$1/blobs/uploads/?digest=$(digest base.txt)"; }
printf 'a base' > base.txt
push base

## 1: the name of the other repository is only its end
{curl} -X POST "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt)&from=base"

## 2: the other repository does not have the blob
{curl} -X POST "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt)&from={as}/bases"

## 2: the digest is another one
printf 'another base' > another.txt
{curl} -X POST "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest another.txt)&from={as}/base"

## 3: the method is PUT
{curl} -X PUT "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt)&from={as}/base"

## 3: the method is GET, because -X POST was forgotten
{curl} "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt)&from={as}/base"

## 3: the method is HEAD
{curl} --head "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt)&from={as}/base"

## 4: the parameter is digest and not mount
{curl} -X POST "{url}/v2/{as}/shared/blobs/uploads/?digest=$(digest base.txt)&from={as}/base"

## 5: the digest has no algorithm
{curl} -X POST "{url}/v2/{as}/shared/blobs/uploads/?mount=$(digest base.txt | cut -d : -f 2)&from={as}/base"

## 6: the repository has a copy of its own
push copy
{curl} -X POST "{url}/v2/{as}/copy/blobs/uploads/?mount=$(digest base.txt)&from={as}/base"

## 7: the bytes are sent again
push copy
