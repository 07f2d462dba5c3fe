/** Rules about who may do what: what they allow, what is wrong with them, and the schema that says the same. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { AccessRulesError, ACTIONS, REPOSITORY_PATTERN, USER_PATTERN } from "../../src/access/access_rule.ts";
import { parseAccessRules } from "../../src/access/reading_rules.ts";
import { AccessRules } from "../../src/access/rules.ts";
import { fitsSchema } from "../json_schema.ts";

const SCHEMA = JSON.parse(Deno.readTextFileSync(new URL("../../src/access/access.schema.json", import.meta.url)));

function pulls(repositories: string[], users = ["*"]): AccessRules {
  return new AccessRules([{ users, repositories, actions: ["pull"] }]);
}

function fitting(pattern: string, names: readonly string[], user = "alice"): string[] {
  const rules = pulls([pattern]);
  return names.filter((name) => rules.allows(user, "pull", name));
}

const NAMES = [
  "a",
  "ab",
  "a/b",
  "a/b/c",
  "a/bc",
  "b",
  "b/a",
  "b/a/b",
  "alice",
  "alice/app",
  "alice/app/web",
  "alice-b/app",
];

Deno.test("a pattern without * is one repository", () => {
  assertEquals(fitting("a/b", NAMES), ["a/b"]);
  assertEquals(fitting("a", NAMES), ["a"]);
});

Deno.test("* is any part of a name between slashes, also none", () => {
  assertEquals(fitting("a/*", NAMES), ["a/b", "a/bc"]);
  assertEquals(fitting("*", NAMES), ["a", "ab", "b", "alice"]);
  assertEquals(fitting("a*", NAMES), ["a", "ab", "alice"]);
  assertEquals(fitting("*b*", NAMES), ["ab", "b"]);
  assertEquals(fitting("a/b*c", NAMES), ["a/bc"]);
  assertEquals(fitting("*/*", NAMES), ["a/b", "a/bc", "b/a", "alice/app", "alice-b/app"]);
});

Deno.test("** is any number of parts, also none", () => {
  assertEquals(fitting("**", NAMES), NAMES);
  assertEquals(fitting("a/**", NAMES), ["a", "a/b", "a/b/c", "a/bc"]);
  assertEquals(fitting("**/b", NAMES), ["a/b", "b", "b/a/b"]);
  assertEquals(fitting("b/**/b", NAMES), ["b/a/b"]);
  assertEquals(fitting("**/a/**", NAMES), ["a", "a/b", "a/b/c", "a/bc", "b/a", "b/a/b"]);
});

Deno.test("{user} is the name of the user, and nothing of it is a pattern", () => {
  assertEquals(fitting("{user}/**", NAMES), ["alice", "alice/app", "alice/app/web"]);
  assertEquals(fitting("{user}-b/*", NAMES), ["alice-b/app"]);
  for (
    const user of [
      "*",
      "**",
      "a*",
      "{user}",
      "alice/app",
      "Alice",
      "..",
      ".",
      "",
      "a b",
      "alice/",
      "{user",
      "constructor/",
    ]
  ) {
    assertEquals(fitting("{user}/**", NAMES, user), [], user);
  }
});

Deno.test("a text that is no name fits no pattern but **", () => {
  const texts = [
    "alice/../bob",
    "alice//bob",
    "alice/",
    "/alice",
    "alice/Bob",
    "alice/.",
    "alice/b%2f..",
    "alice/" + "x".repeat(300),
  ];

  for (const pattern of ["alice/**", "{user}/**", "*/**", "**/**", "alice/*"]) {
    assertEquals(fitting(pattern, texts), [], pattern);
  }
  assertEquals(fitting("**", texts), texts);
});

Deno.test("patterns with many * take no more time than short ones", () => {
  const name = Array(120).fill("a").join("/");
  const part = "a".repeat(250);

  assertEquals(fitting(Array(200).fill("**").join("/") + "/b", [name]), []);
  assertEquals(fitting("*a".repeat(100) + "b", [part]), []);
});

Deno.test("a rule is for the users that it names, with * for any characters", () => {
  const rules = new AccessRules([
    { users: ["teacher", "student-*"], repositories: ["course/**"], actions: ["pull", "push"] },
    { users: ["*"], repositories: ["{user}/**"], actions: ["delete"] },
  ]);

  const may = (user: string | undefined) => ACTIONS.filter((action) => rules.allows(user, action, "course/one"));
  assertEquals(["teacher", "student-7", "student", "teacherx", undefined].map(may), [
    ["pull", "push"],
    ["pull", "push"],
    [],
    [],
    [],
  ]);
  assertEquals(may("course"), ["delete"]);
});

Deno.test("what anonymous may do, everybody may do: each user, and clients without a name", () => {
  const rules = pulls(["public/**"], ["anonymous"]);

  for (const user of [undefined, "alice", "anonymous", "*"]) {
    assertEquals(rules.allows(user, "pull", "public/app"), true, user);
    assertEquals(rules.allows(user, "push", "public/app"), false, user);
    assertEquals(rules.allows(user, "pull", "private/app"), false, user);
  }
});

Deno.test("rules add up, in any order", () => {
  const list = [
    { users: ["alice"], repositories: ["a/**"], actions: ["pull"] },
    { users: ["*"], repositories: ["a/b"], actions: ["push"] },
  ] as const;

  for (const rules of [new AccessRules(list), new AccessRules(list.toReversed())]) {
    assertEquals(ACTIONS.map((action) => rules.allows("alice", action, "a/b")), [true, true, false]);
    assertEquals(ACTIONS.map((action) => rules.allows("bob", action, "a/b")), [false, true, false]);
  }
});

Deno.test("rules are those at the time when they were read, whatever happens to the list afterwards", () => {
  const list = [{ users: ["alice"], repositories: ["a"], actions: ["pull" as const] }];
  const rules = new AccessRules(list);
  list[0].repositories.push("**");

  assertEquals(rules.allows("alice", "pull", "b"), false);
});

Deno.test("without a rule, nobody may do anything", () => {
  const rules = parseAccessRules('{"rules": []}');

  assertEquals([rules.allowsAnything("alice"), rules.allowsAnything(undefined)], [false, false]);
});

const RULE = { users: ["*"], repositories: ["{user}/**"], actions: ["pull"] };

// What is wrong, the place and the message.
// deno-fmt-ignore
const WRONG: [document: unknown, path: string, message: string][] = [
  [[],                                                  "",                          'expected an object with "rules", got a list'],
  [null,                                                "",                          'expected an object with "rules", got null'],
  [{},                                                  "",                          'expected an object with "rules", got none with "rules"'],
  [{ rules: [], groups: {} },                           "groups",                    'groups: expected one of "$schema", "rules", got "groups"'],
  [{ rules: {} },                                       "rules",                     "rules: expected a list, got an object"],
  [{ rules: [7] },                                      "rules[0]",                  'rules[0]: expected an object with "users", "repositories", "actions", got 7'],
  [{ rules: [{ ...RULE, deny: true }] },                "rules[0].deny",             'rules[0].deny: expected one of "users", "repositories", "actions", got "deny"'],
  [{ rules: [RULE, { ...RULE, users: undefined }] },    "rules[1]",                  'rules[1]: expected an object with "users", "repositories", "actions", got none with "users"'],
  [{ rules: [{ ...RULE, users: "*" }] },                "rules[0].users",            'rules[0].users: expected a list, got "*"'],
  [{ rules: [{ ...RULE, users: [] }] },                 "rules[0].users",            "rules[0].users: expected at least one entry, got an empty list"],
  [{ rules: [{ ...RULE, users: ["a", "b:c"] }] },       "rules[0].users[1]",         'rules[0].users[1]: expected the name of a user, a pattern with *, or "anonymous", got "b:c"'],
  [{ rules: [{ ...RULE, users: [""] }] },               "rules[0].users[0]",         'rules[0].users[0]: expected the name of a user, a pattern with *, or "anonymous", got ""'],
  [{ rules: [{ ...RULE, actions: ["pull", "write"] }] }, "rules[0].actions[1]",      'rules[0].actions[1]: expected one of "pull", "push", "delete", got "write"'],
  [{ rules: [{ ...RULE, actions: ["*"] }] },            "rules[0].actions[0]",       'rules[0].actions[0]: expected one of "pull", "push", "delete", got "*"'],
  [{ rules: [{ ...RULE, users: ["anonymous"] }] },      "rules[0].repositories[0]",  'rules[0].repositories[0]: expected no {user} in a rule for "anonymous", who has no name, got "{user}/**"'],
];

function compared(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document));
}

Deno.test("rules that are wrong are refused with the place, what is wrong there, and what is allowed", () => {
  for (const [document, path, message] of WRONG) {
    const error = assertThrows(() => parseAccessRules(JSON.stringify(document)), AccessRulesError);

    assertEquals([error.path, error.message], [
      path,
      `line 1${message.startsWith("expected") ? ": " : ", "}${message}`,
    ]);
  }
});

Deno.test("a library call is refused in the same way, without a line", () => {
  for (const [document, path, message] of WRONG.slice(4)) {
    const { rules } = document as { rules: never };
    const error = assertThrows(() => new AccessRules(compared(rules) as never), AccessRulesError);

    assertEquals([error.path, error.message, error.line], [path, message, undefined]);
  }
});

const BAD_PATTERNS = [
  "",
  "/",
  "a/",
  "/a",
  "a//b",
  "A/b",
  "a**",
  "**a",
  "***",
  "{users}",
  "a b",
  "a:b",
  "{user",
  "a/{USER}",
  "a?",
  "ä",
];

Deno.test("patterns that can never fit are refused", () => {
  for (const pattern of BAD_PATTERNS) {
    const error = assertThrows(() => pulls(["good", pattern]), AccessRulesError);

    assertEquals([error.path, error.actual], ["rules[0].repositories[1]", JSON.stringify(pattern)]);
    assert(error.expected.startsWith("the name of a repository, in lower case"), error.expected);
  }
});

Deno.test("in a file, the message has the line", () => {
  const text = `{
  "$schema": "./access.schema.json",
  "rules": [
    { "users": ["a\\"]}"], "repositories": ["a"], "actions": ["pull"] },
    {
      "users": ["b"],
      "repositories": [
        "b",
        "B"
      ],
      "actions": ["pull"]
    }
  ]
}`;
  const error = assertThrows(() => parseAccessRules(text), AccessRulesError);

  assertEquals([error.line, error.path, error.actual], [9, "rules[1].repositories[1]", '"B"']);
});

Deno.test("a file that is no JSON, or says something twice, is refused with the line, if it is known", () => {
  const texts: [text: string, message: RegExp][] = [
    ['{\n "rules": [\n}', /^line 3: expected JSON, got Unexpected token '}'$/],
    ['{\n "rules": [],\n}', /^line 3: expected JSON, got /],
    ['{\n "rules": [{"users": ["a" "b"]}]\n}', /^line 2: expected JSON, got /],
    ['{\n "rules"\n: "]}\n', /^line 3: expected JSON, got /],
    ["{}\n\n{}", /^line 3: expected JSON, got /],
    ["", /^line 1: expected JSON, got Unexpected end of JSON input$/],
    ['{"rules": [], "rules": []}', /^expected every name once in an object, got "rules" twice in the document$/],
    [
      '{"rules": [{"users": [], "users": []}]}',
      /^expected every name once in an object, got "users" twice in rules\[\]$/,
    ],
  ];
  for (const [text, message] of texts) {
    assertMatch(assertThrows(() => parseAccessRules(text), AccessRulesError).message, message);
  }
});

Deno.test("the schema for editors refuses what the program refuses, and takes what it takes", () => {
  const bad = [
    ...WRONG.map(([document]) => document),
    ...BAD_PATTERNS.map((pattern) => ({ rules: [{ ...RULE, repositories: [pattern] }] })),
  ];
  const good = [
    { rules: [] },
    {
      $schema: "x",
      rules: [RULE, { users: ["anonymous", "a-*"], repositories: ["**", "a.b_c/*-d/**"], actions: ACTIONS }],
    },
  ];

  for (const document of bad) assert(!fitsSchema(SCHEMA, compared(document)), JSON.stringify(document));
  for (const document of good) {
    assert(fitsSchema(SCHEMA, document), JSON.stringify(document));
    parseAccessRules(JSON.stringify(document));
  }
});

Deno.test("the schema is published under the version of the package", () => {
  const { name, version } = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));

  assertEquals(SCHEMA.$id, `https://jsr.io/${name}/${version}/src/access/access.schema.json`);
});

Deno.test("the schema has the patterns and the actions of the program", () => {
  const { users, repositories, actions } = SCHEMA.$defs.rule.properties;

  assertEquals([users.items.pattern, repositories.items.pattern], [USER_PATTERN.source, REPOSITORY_PATTERN.source]);
  assertEquals(actions.items.enum, ACTIONS);
});
