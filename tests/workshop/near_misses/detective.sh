say() { {curl} -X POST -H "Content-Type: application/json" --data "$1" "{url}/lessons/detective"; }

## 1: the fault is not turned on
say '{ "as": "{as}", "do": "answer", "answer": "API-ERR-02" }'

## 2: nothing is put in
say '{ "as": "{as}", "do": "switch on" }'
say '{ "as": "{as}", "do": "answer", "answer": "PUT-THE-RULE-HERE" }'

## 3: the registry keeps this rule
say '{ "as": "{as}", "do": "switch on" }'
say '{ "as": "{as}", "do": "answer", "answer": "DISC-TAGS-01" }'
