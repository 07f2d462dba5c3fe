/**
 * The exercises about texts: names, tags, digests, ranges and pages. Each function takes a text from a request and returns a value,
 * and needs no registry around it.
 *
 *     parseName("library/hello")      "library/hello"
 *     parseName("library/../hello")   undefined
 *
 * Next: sections.ts
 *
 * @module
 */

import type { Exercise } from "./exercise.ts";

/** The exercises about texts, the easy ones first. */
export const EXERCISES_ABOUT_TEXTS: readonly Exercise[] = [
  {
    name: "tag",
    source: "src/definitions/tag.ts",
    function: "parseTag",
    away: ["GRAMMAR"],
    learn:
      "A tag is a text from a URL, and it becomes the name of a file. You write the regular expression that decides " +
      "which texts may do that.",
    rules: ["PULL-MANIFEST-01", "PULL-MANIFEST-02", "PULL-MANIFEST-04", "PULL-MANIFEST-05", "DEF-I03"],
    tests: ["tests/definitions/tag_test.ts"],
    hints: [
      "TAG_FORM says in words what a tag is: which characters it has, with which it begins, and how long it may be.",
      "A regular expression can say all three things at once: [a-zA-Z0-9_] for the first character, another set for the others, " +
      "and {0,127} for their number. Without ^ and $ it would also find a tag inside of another text.",
      `Test the text, and tell the type checker that it is a Tag now:
  return /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(text) ? … : undefined;`,
    ],
    afterwards:
      "src/http/placeholders.ts calls parseTag for each <tag> in a path, and refuses the request if there is none.",
  },
  {
    name: "name",
    source: "src/definitions/name.ts",
    function: "parseName",
    away: ["GRAMMAR"],
    learn:
      "The name of a repository is also a folder, so its grammar keeps every request inside the root. You write a grammar " +
      "with parts in parts, which no hostile text makes slow.",
    rules: ["PULL-MANIFEST-03", "PULL-MANIFEST-I01", "DEF-I01"],
    tests: ["tests/definitions/name_test.ts"],
    hints: [
      "Begin with one part, the text between two slashes: letters and digits, then any number of times a separator with letters " +
      "and digits behind it. A name is one part, and any number of times a slash with a part behind it.",
      "The separators are one dot, one or two underscores, or any number of hyphens: (?:\\.|_|__|-+). The length is a rule of its " +
      "own, and LONGEST_NAME has it.",
      `Put the expression together from its part, outside of the function:
  const PART = "[a-z0-9]+(?:(?:\\\\.|_|__|-+)[a-z0-9]+)*";
  const GRAMMAR = new RegExp(\`^\${PART}(?:/\${PART})*$\`);
Then a text is a Name if it is short enough and the expression finds it.`,
    ],
    afterwards:
      "A grammar that can read a text in many ways may need years for a bad one. How long does yours need for an a, 200 hyphens and a !?",
  },
  {
    name: "referrers-tag",
    source: "src/backwards_compatibility/referrers_tag_schema.ts",
    function: "referrersTag",
    learn:
      "Before there was a referrers API, clients kept a list of signatures under a tag that they made from a digest. You make " +
      "that tag, cut and cleaned as the spec says.",
    rules: ["COMPAT-05", "COMPAT-06", "COMPAT-07"],
    tests: ["tests/backwards_compatibility/referrers_tag_schema_test.ts"],
    hints: [
      "A digest has two parts with a colon between: the algorithm, and the encoded hash. The tag has both, with a hyphen between.",
      "algorithmOf is there already. COMPAT-06 and COMPAT-07 say how many characters of each part stay. Cut first, and replace " +
      "afterwards.",
      `What a tag cannot have becomes a hyphen, each character by itself:
  \`\${algorithm.slice(0, 32)}-\${encoded.slice(0, 64)}\`.replace(/[^a-zA-Z0-9._-]/g, "-")
encoded is the rest of the digest behind the algorithm and the colon.`,
    ],
    afterwards:
      "src/upgrade_procedures/enabling_the_referrers_api.ts looks under this tag for the lists of older clients.",
  },
  {
    name: "content-range",
    source: "src/definitions/range.ts",
    function: "parseContentRange",
    learn:
      "A chunk of a push says which bytes it has, and both ends count: 0-2 are three bytes. You read that header, and refuse " +
      "each other form, such as the one that HTTP has.",
    rules: ["PUSH-CHUNK-04", "PUSH-CHUNK-06"],
    tests: ["tests/definitions/range_test.ts"],
    hints: [
      "Two decimal numbers with one hyphen between, and nothing else. Then the question is how many bytes lie between the two.",
      "Number() accepts too much: it reads 0x4, 1e3 and an empty text as well. Let a regular expression with two groups of [0-9] find the " +
      "digits first, and allow only so many digits that a number can be exact.",
      `The last byte counts, so the length is one more than the difference. The comment of the function tells of 5-4:
  const [start, last] = [Number(match[1]), Number(match[2])];
  return last < start - 1 ? undefined : { start, length: … };`,
    ],
    afterwards:
      "src/push/pushing_blobs.ts compares this range with the bytes that have arrived. Try: deno task rule PUSH-CHUNK-06",
  },
  {
    name: "digest",
    source: "src/definitions/digest.ts",
    function: "parseDigest",
    away: ["GRAMMAR"],
    learn:
      "A digest can be well-formed although this registry cannot compute it. You tell such a digest from a malformed one, and " +
      "that decides between 404 and 400.",
    rules: ["PUSH-BLOB-01"],
    tests: ["tests/definitions/digest_test.ts"],
    hints: [
      "There are two questions. Has the text the general form, <algorithm>:<encoded>? And if the algorithm is one of REGISTERED, has " +
      "the encoded part the form that is registered for it?",
      "The general form: an algorithm has runs of [a-z0-9] with one of + . _ - between two runs; the encoded part has one or more of " +
      "[a-zA-Z0-9=_-]. LONGEST_DIGEST is a limit too, because a digest becomes the name of a folder.",
      `An algorithm that is not registered is fine, so only a clear "no" counts:
  if (text.length > LONGEST_DIGEST || !GRAMMAR.test(text)) return undefined;
  const [algorithm, encoded] = text.split(":");
  if (REGISTERED.get(algorithm)?.test(encoded) === false) return undefined;
GRAMMAR is yours to write: /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:…$/`,
    ],
    afterwards: "The HASHES in the same file are the algorithms that can be computed. What happens if you add one?",
  },
  {
    name: "page",
    source: "src/definitions/page.ts",
    function: "parsePage",
    learn:
      "A client asks for a list in pages: at most n entries, after the entry last. You read both from a query, and decide what " +
      "is a wrong request, and what is only a large one.",
    rules: ["DISC-TAGS-06", "DISC-TAGS-09", "DISC-TAGS-15"],
    tests: ["tests/definitions/page_test.ts"],
    hints: [
      "Either parameter may be missing. Without n the client wants the whole list, and without last it begins at its first entry: " +
      "every entry comes after the empty text.",
      "What is not a whole number from 0 is a Fault, and a Fault says what was expected and what came. A number that is too large is " +
      "no fault: LARGEST_PAGE is all that a page can have.",
      `In the right order, this needs no else:
  if (n === null) return { size: undefined, last };
  if (!/^[0-9]+$/.test(n)) throw new Fault("DISC-TAGS-06", "a whole number from 0 as n", show(n));
  return { size: Math.min(…, LARGEST_PAGE), last };`,
    ],
    afterwards:
      "The exercise tags is about the list itself. src/extensions/catalog.ts uses parsePage for another list.",
  },
  {
    name: "range",
    source: "src/definitions/range.ts",
    function: "parseRange",
    learn:
      "After a broken download a client asks for the rest of a blob, in one of the three forms that HTTP has. You read one range, " +
      "and tell a range that is wrong from one that this blob is too short for.",
    rules: ["PULL-BLOB-09"],
    tests: ["tests/definitions/range_test.ts"],
    hints: [
      "The three forms are 2-5, 2- and -3. The last one counts from the end: it means the last three bytes. There may be blanks around " +
      "it. A range that ends before it starts is invalid; one that starts behind the blob is unsatisfiable.",
      "Work with the first and the last byte, and compute the length at the end. An end that is missing is Infinity, and the end of " +
      "the blob cuts what is too long: Math.min(end, size - 1). If a suffix is longer than the blob, it means all of it.",
      `  const match = /^\\s*([0-9]*)-([0-9]*)\\s*$/.exec(text);
  if (match === null || match[1] + match[2] === "") return "invalid";
  const isSuffix = match[1] === "";
  const start = isSuffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
Then the end, in the same way; then "invalid" if end < start, and "unsatisfiable" if start > last.`,
    ],
    afterwards:
      "parseRanges, in the same file, reads several ranges and merges those that overlap. src/http/byteranges.ts sends them.",
  },
];
