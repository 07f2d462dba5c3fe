/**
 * Why: what a client wants with a request, and what the answer means for it, in a sentence or two.
 *
 *     HEAD  /v2/library/hello/blobs/sha256:9b4e0fd27c1a…   404   0.4 ms   end-2
 *           The client asks whether the repository has this blob. It has not, so a client that pushes sends it now: this 404 is
 *           normal.
 *
 * A story says what happened. A reader who does not know the protocol takes this 404 for a fault, and it is the usual beginning of
 * a push. So one table has a sentence for each kind of request: the row of the table of endpoints, the answer, and what changed.
 * `--log lesson` prints the sentence, and a page can show it.
 *
 * The table is plain data, and this file needs nothing of the registry. So a browser can load it, too.
 *
 * Next: actions.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";

/** What an answer is for the client: it has what it wanted; a refusal that belongs to its work; or somebody has made a mistake. */
export type Meaning = "done" | "normal" | "fault";

/** Why a client sent a request, and what the answer means for it. */
export interface Why {
  /** The sentence. A digest in it is whole. */
  readonly sentence: string;
  /** What the answer is for the client. */
  readonly meaning: Meaning;
}

// What a row may ask of a story, besides its endpoint, its method and its answer.
const CIRCUMSTANCES: Readonly<Record<string, (story: StoryData) => boolean>> = {
  "": () => true,
  "by tag": ({ reference = "" }) => !reference.includes(":"),
  "not found": ({ refusal }) => refusal?.details.some(({ rule }) => rule === "PULL-HEAD-04") ?? false,
  "stored": ({ changes }) =>
    changes.some(({ sign, path }) => (sign === "+" || sign === "~") && !path.includes("/_uploads/")),
  "second name": ({ changes }) => changes.some(({ sign }) => sign === "="),
  "no bytes": ({ bytesIn }) => bytesIn === 0,
  "with a range": ({ headers }) => headers?.["Content-Range"] !== undefined,
  "after chunks": ({ heading }) => heading === "Push > Pushing a blob in chunks",
  "tag is new": (story) => tagChange(story)?.sign === "+",
  "tag moved": (story) => tagChange(story)?.sign === "~",
  "with a subject": ({ answerHeaders }) => answerHeaders?.["OCI-Subject"] !== undefined,
  "more pages": ({ answerHeaders }) => answerHeaders?.Link !== undefined,
  "filtered": ({ answerHeaders }) => answerHeaders?.["OCI-Filters-Applied"] !== undefined,
  "with a warning": ({ warnings }) => warnings !== undefined,
  // The digest in the URL is one, and the content has another one.
  "other bytes": ({ refusal }) => refusal?.details.every(({ rule }) => rule !== "PUSH-BLOB-01") ?? false,
  "no login": ({ headers }) => headers?.Authorization === undefined,
  "from a page": ({ headers = {} }) => "Origin" in headers || "Sec-Fetch-Site" in headers,
  "no row": ({ endpoint }) => endpoint === undefined,
  "a token": ({ endpoint, url }) => endpoint === undefined && /^\/token(?:$|\?)/.test(url),
};

function tagChange({ changes }: StoryData): StoryData["changes"][number] | undefined {
  return changes.find(({ path }) => path.includes("/_tags/"));
}

/**
 * A row of the table of sentences: the endpoint (`end-8` is both `end-8a` and `end-8b`), the method, the answer (a status, the first
 * digit of one such as `4xx`, or a code of the spec), the circumstance, the meaning, and the sentence. `*` stands for any. A word in
 * braces stands for a value: `{digest}` is what the tag points to now, `{before}` what it pointed to before, `{subject}` the subject
 * of a manifest, `{tags}` the tags that the query has set.
 */
export type Sentence = readonly [
  endpoint: string,
  method: string,
  answer: string,
  circumstance: string,
  meaning: Meaning,
  text: string,
];

/** The table. The first row that fits a story is the one about it. */
// deno-fmt-ignore
export const SENTENCES: readonly Sentence[] = [
  ["end-1", "*", "200", "", "done",
    "The client asks whether this is a registry that speaks this API. It is, so the client goes on."],

  ["end-2", "HEAD", "200", "", "done",
    "The client asks whether the repository has this blob. It has, so a client that pushes need not send it."],
  ["end-2", "HEAD", "404", "not found", "normal",
    "The client asks whether the repository has this blob. It has not, so a client that pushes sends it now: this 404 is normal."],
  ["end-2", "GET", "200", "", "done",
    "The client downloads a blob: a layer or a config that a manifest names. It computes the digest of what it gets, and compares."],
  ["end-2", "GET", "206", "", "done",
    "The client downloads a part of a blob. It goes on after a break, or it needs no more than this part."],
  ["end-2", "*", "304", "", "done",
    "The client has this blob already, and asks whether it is still the right one. It is, so the registry sends nothing."],
  ["end-2", "*", "307", "", "done",
    "The client wants a blob, and another server has the same files. The registry tells the client the address there."],
  ["end-2", "GET", "BLOB_UNKNOWN", "", "fault",
    "The client wants to download a blob that the repository does not have. What other repositories have does not count."],
  ["end-2", "GET", "416", "", "fault",
    "The client asks for bytes that the blob does not have. Content-Range says how long the blob is."],

  ["end-3", "HEAD", "200", "by tag", "done",
    "The client asks which digest the tag points to, and need not download the manifest for that. If it has that digest, it is done."],
  ["end-3", "HEAD", "200", "", "done",
    "The client asks whether the repository has this manifest. It has."],
  ["end-3", "HEAD", "404", "not found", "normal",
    "The client asks whether the repository has this manifest. It has not. Before a push this 404 is normal; a pull ends here."],
  ["end-3", "GET", "200", "by tag", "done",
    "This is the first step of a pull: the client gets the manifest of a tag, and finds the digests of the config and the layers in it."],
  ["end-3", "GET", "200", "", "done",
    "The client downloads a manifest by its digest: the one that a tag points to, or an image of an index. It can check every byte."],
  ["end-3", "*", "304", "", "done",
    "The client has this manifest already, and asks whether it is still the right one. It is, so the registry sends nothing."],
  ["end-3", "*", "307", "", "done",
    "The client wants a manifest, and another server has the same files. The registry tells the client the address there."],
  ["end-3", "GET", "MANIFEST_UNKNOWN", "by tag", "fault",
    "The client wants to pull a tag that the repository does not have, or that cannot be one. So the pull ends here."],
  ["end-3", "GET", "MANIFEST_UNKNOWN", "", "fault",
    "The client wants to pull a manifest that the repository does not have under this digest. So the pull ends here."],

  ["end-11", "POST", "201", "second name", "done",
    "The client knows that another repository has this blob, and asks to mount it. The registry gives the file a second name: " +
    "nothing is sent, and nothing is stored twice."],
  ["end-11", "POST", "201", "stored", "done",
    "The client knows that another repository has this blob, and asks to mount it. Files have no second names here, so the registry " +
    "copies it: nothing is sent."],
  ["end-11", "POST", "201", "", "done",
    "The client asks to mount a blob of another repository. This repository has the blob already, so there is nothing to do."],
  ["end-11", "POST", "202", "", "done",
    "The client asks to mount a blob of another repository. The registry does not find it there, so it opens an upload session, and " +
    "the client sends the blob. That is normal."],

  ["end-4b", "POST", "201", "stored", "done",
    "The client sends a whole blob with one request. The bytes have the digest that the URL names, so the registry keeps them."],
  ["end-4b", "POST", "201", "", "done",
    "The client sends a whole blob with one request. The repository has this blob already, and keeps the file that it has."],
  ["end-4c", "POST", "202", "", "done",
    "The client wants to send a blob whose digest is of another algorithm, and opens an upload session. Location is its URL."],
  ["end-4", "POST", "202", "", "done",
    "The client wants to send a blob, and opens an upload session. Location is the URL to send the bytes to."],

  ["end-5", "PATCH", "202", "no bytes", "done",
    "This request has no bytes, and changes nothing. Some clients send one before the first chunk."],
  ["end-5", "PATCH", "202", "with a range", "done",
    "The client sends the next chunk of a blob. Range in the answer says how much has arrived, and the session waits for more."],
  ["end-5", "PATCH", "202", "", "done",
    "The client sends the bytes of a blob as one stream. They are no blob yet: the client has not named their digest."],
  ["end-5", "PATCH", "416", "", "fault",
    "This chunk does not begin where the bytes in the session end. The session stays as it is, and the client can send the right chunk."],

  ["end-6", "PUT", "201", "no bytes", "done",
    "The client has sent all bytes before, and names their digest now. The bytes have this digest, so the session becomes the blob."],
  ["end-6", "PUT", "201", "after chunks", "done",
    "The client sends the last chunk, and names the digest of the whole. All bytes have this digest, so the session becomes the blob."],
  ["end-6", "PUT", "201", "", "done",
    "The client sends the whole blob, and names its digest. The bytes have this digest, so the session becomes the blob."],
  ["end-6", "PUT", "416", "", "fault",
    "The last chunk does not begin where the bytes in the session end. The session stays as it is, and the client can go on."],
  ["end-6", "PUT", "DIGEST_INVALID", "other bytes", "fault",
    "The bytes do not have the digest that the URL names: the client is wrong, or they were damaged on their way. No blob comes of them."],
  ["end-4b", "POST", "DIGEST_INVALID", "other bytes", "fault",
    "The bytes do not have the digest that the URL names: the client is wrong, or they were damaged on their way. Nothing is stored."],

  ["end-7b", "PUT", "201", "", "done",
    "The client pushes a manifest by its digest, and sets tags with the same request: {tags}."],
  ["end-7", "PUT", "201", "with a subject", "done",
    "The client pushes a manifest about another one, such as a signature. The registry adds it to the referrers of {subject}."],
  ["end-7", "PUT", "201", "tag moved", "done",
    "This is the last step of a push, and it moves the tag. It pointed to {before}, and points to {digest} now. The old manifest stays."],
  ["end-7", "PUT", "201", "tag is new", "done",
    "This is the last step of a push. The blobs are here, the manifest makes an image of them, and the tag is a new name for it."],
  ["end-7", "PUT", "201", "by tag", "done",
    "This is the last step of a push. The tag points to this manifest already, so it stays."],
  ["end-7", "PUT", "201", "stored", "done",
    "The client pushes a manifest by its digest. It has no tag: an index that comes later may name it, or somebody knows its digest."],
  ["end-7", "PUT", "201", "", "done",
    "The client pushes a manifest by its digest. The repository has it already."],
  ["end-7", "PUT", "MANIFEST_BLOB_UNKNOWN", "", "fault",
    "The manifest names content that the repository does not have. A client pushes the content first, and the manifest last."],
  ["end-7", "PUT", "DIGEST_INVALID", "other bytes", "fault",
    "The manifest does not have the digest that the URL names. A single changed byte, such as a line end, makes another digest."],
  ["end-7", "PUT", "412", "", "fault",
    "The client pushes on a condition, and it does not hold: somebody else has set the tag meanwhile. So nothing changes."],
  ["end-7", "PUT", "MANIFEST_INVALID", "", "fault",
    "The client pushes something that is no manifest as the spec wants it. So nothing changes."],

  ["end-8", "*", "200", "more pages", "done",
    "The client lists the tags of a repository, page by page. There are more, and Link leads to the next page."],
  ["end-8", "*", "200", "", "done",
    "The client lists the tags of a repository. This is the last page, or the only one."],
  ["end-8", "*", "NAME_UNKNOWN", "", "fault",
    "The client lists the tags of a repository that has no content. A repository is there as soon as something is pushed to it."],

  ["end-9", "DELETE", "202", "by tag", "done",
    "The client removes a tag. The manifest stays, and can be pulled by its digest: {before}."],
  ["end-9", "DELETE", "202", "", "done",
    "The client removes a manifest, and with it each tag that points to it. Its blobs stay until somebody collects the garbage."],
  ["end-9", "DELETE", "404", "", "fault",
    "The client wants to remove a tag or a manifest that is not there. Perhaps somebody else has removed it before."],
  ["end-10", "DELETE", "202", "with a warning", "done",
    "The client removes a blob, and a manifest still needs it. A pull of that image fails now: see the warning."],
  ["end-10", "DELETE", "202", "", "done",
    "The client removes a blob from this repository. Other repositories keep theirs."],
  ["end-10", "DELETE", "404", "", "fault",
    "The client wants to remove a blob that is not there. Perhaps somebody else has removed it before."],

  ["end-12", "*", "200", "filtered", "done",
    "The client asks what was said about a manifest, and only about one kind, such as signatures. The list may be empty."],
  ["end-12", "*", "200", "more pages", "done",
    "The client asks what was said about a manifest. There is too much for one answer, and Link leads to the next page."],
  ["end-12", "*", "200", "", "done",
    "The client asks what was said about a manifest: signatures, lists of contents, notes. The list may be empty."],

  ["end-13", "*", "204", "", "done",
    "The client asks how much of an upload has arrived. Range says it, and the client goes on from there."],
  ["end-14", "DELETE", "204", "", "done",
    "The client gives up an upload. The registry throws away what has arrived."],
  ["*", "*", "BLOB_UPLOAD_UNKNOWN", "", "fault",
    "The client speaks of an upload session that is not there: it has ended, it has expired, or it belongs to another repository."],

  ["catalog", "*", "200", "more pages", "done",
    "The client lists the repositories of the registry, page by page. There are more, and Link leads to the next page."],
  ["catalog", "*", "200", "", "done",
    "The client lists the repositories of the registry. This is the last page, or the only one."],

  ["*", "*", "401", "no login", "normal",
    "The registry asks who the client is. A client that knows a password sends its request again with it, so this first 401 is normal."],
  ["*", "*", "401", "", "fault",
    "The client says who it is, and the registry does not believe it: the password is wrong, or the token is too old or for something else."],
  ["*", "*", "DENIED", "from a page", "fault",
    "A web page of another site sent this request, and the registry takes none from it. Its user may not even know of it."],
  ["*", "*", "DENIED", "", "fault",
    "The registry understands the request, and this client may not do that. To send it again does not help."],
  ["*", "*", "405", "", "fault",
    "The address is right, and this registry does not do that there. Allow says what it does."],
  ["*", "*", "NAME_INVALID", "", "fault",
    "This text cannot be the name of a repository. Such a name has small letters and digits, and a / between its parts."],
  ["*", "*", "DIGEST_INVALID", "", "fault",
    "The client names a digest that cannot be one, or one that this registry cannot compute."],
  ["*", "*", "408", "", "fault",
    "The client sends its bytes so slowly that the registry waits no longer."],
  ["*", "*", "413", "", "fault",
    "The client sends more bytes than the registry takes."],
  ["*", "*", "SIZE_INVALID", "", "fault",
    "The body has another length than the client has said, or it broke off. An upload can go on from where it is."],
  ["*", "*", "TOOMANYREQUESTS", "", "fault",
    "The registry has too much to do, or this client has asked too often. Retry-After says when to try again."],
  ["*", "*", "UNSUPPORTED", "no row", "fault",
    "This address has no row in the spec's table of endpoints."],
  ["*", "*", "2xx", "a token", "done",
    "The client sends its password once, and gets a token for some minutes. Its next requests have the token."],
  ["*", "*", "2xx", "", "done",
    "A wrapper around the registry, and not the registry itself, answers here."],
  ["*", "*", "507", "", "fault",
    "The disk of the registry is full. The client can push again when there is room."],
  ["*", "*", "5xx", "", "fault",
    "The registry itself has failed. The client can do nothing about it but to try again later."],
  ["*", "*", "*", "", "fault",
    "The registry refuses this request. What it expected, and what it got, say why."],
];

/**
 * Returns the row of the table about a story. Its text has placeholders; {@linkcode whyOf} fills them in.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const story = { version: 1, id: "a-1", time: "", method: "GET", url: "/v2/", milliseconds: 0, bytesIn: 0, changes: [] } as const;
 * const [endpoint, , answer] = sentenceFor({ ...story, status: 200, endpoint: "end-1" });
 * assertEquals([endpoint, answer], ["end-1", "200"]);
 * ```
 */
export function sentenceFor(story: StoryData): Sentence {
  const { method, status, refusal } = story;
  const family = story.endpoint?.replace(/[a-c]$/, "");
  const answers = ["*", String(status), `${String(status)[0]}xx`, refusal?.code];
  return SENTENCES.find(([endpoint, asked, answer, circumstance]) =>
    (endpoint === "*" || endpoint === story.endpoint || endpoint === family) &&
    (asked === "*" || asked === method) && answers.includes(answer) && CIRCUMSTANCES[circumstance](story)
  )!;
}

/** Returns why a client sent a request, and what the answer means for it. */
export function whyOf(story: StoryData): Why {
  const [, , , , meaning, text] = sentenceFor(story);
  const { digest, before } = tagChange(story) ?? {};
  const { "OCI-Subject": subject, "OCI-Tag": tags } = story.answerHeaders ?? {};
  const values: Readonly<Record<string, string | undefined>> = { digest, before, subject, tags };
  return { meaning, sentence: text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "another one") };
}
