## 1: the path has another version
{curl} "{url}/v1/"

## 1: the path has a capital letter
{curl} "{url}/V2/"

## 2: the method is POST
{curl} -X POST "{url}/v2/"

## 3: there is something behind the path
{curl} "{url}/v2/hello"
