/**
 * The exercises about sections: functions that answer a row of the table of endpoints. Each gets a call, with the request and the
 * store, and the values of the path, and it returns the answer or throws the refusal.
 *
 *     DELETE /v2/library/hello/manifests/latest   ──▶   deleteTag(call, { name, tag })   ──▶   202 Accepted
 *
 * The imports of the learner's file stay, so they show what there is to work with.
 *
 * Next: exercises.ts
 *
 * @module
 */

import type { Exercise } from "./exercise.ts";

/** The exercises about sections, the easy ones first. */
export const EXERCISES_ABOUT_SECTIONS: readonly Exercise[] = [
  {
    name: "head",
    source: "src/pull/checking_if_content_exists_in_the_registry.ts",
    function: "checkBlobExists",
    learn:
      "Before a client pushes a layer it asks whether the registry has it, and a 404 is a useful answer. You write a first section " +
      "with parts that are there, and see how little a section does itself.",
    rules: ["PULL-HEAD-01", "PULL-HEAD-02", "PULL-HEAD-03", "PULL-HEAD-04", "API-01"],
    tests: ["tests/pull/checking_if_content_exists_in_the_registry_test.ts"],
    hints: [
      "Look at its neighbour, checkManifestExists. A blob is found in the same way, with another function.",
      "expectBlob finds a blob or throws the 404. answerWith makes the answer of the content, with all headers.",
      `HEAD is a use of the blob: the client may need it in a moment, and the garbage collection must know that. The fourth argument of
expectBlob is the function that finds the blob, and useBlob notes the use:
  return answerWith(call, expectBlob(call, name, digest, …))!;`,
    ],
    afterwards:
      "src/http/content.ts has answerWith: conditions, ranges, and the headers that GET and HEAD have in common.",
  },
  {
    name: "cancel",
    source: "src/push/cancel_a_blob_upload.ts",
    function: "cancelUpload",
    learn:
      "An upload session belongs to one request at a time, and it can be gone when the request comes. You end a session, and " +
      "refuse one that is not there with a 404 that names the rule.",
    rules: ["PUSH-CANCEL-01", "PUSH-CANCEL-I01"],
    tests: ["tests/push/cancel_a_blob_upload_test.ts"],
    hints: [
      "withSession gives you the session while nobody else works on it. It returns what your action returns, or undefined if there is " +
      "no such session.",
      "dropSession ends the session and throws its bytes away. sessionUnknown makes the refusal, and you throw it. The answer to a " +
      "cancel has no body: 204.",
      `dropSession returns nothing, so the action has to return something else than undefined:
  const isCancelled = await withSession(call.store, name, id, async (session) => {
    await dropSession(call.store, session);
    return true;
  });
Then throw sessionUnknown(name, id, "PUSH-CANCEL-01"), or answer with STATUS_CODE.NoContent.`,
    ],
    afterwards:
      "src/store/uploads.ts has withSession. If two requests use one session at the same time, which one waits?",
  },
  {
    name: "delete-tag",
    source: "src/content_management/deleting_tags.ts",
    function: "deleteTag",
    learn:
      "A tag is a pointer, so deleting it leaves the manifest and the other tags as they are. You do it in turn with other " +
      "requests, under the condition that the client may have set, and tell the story what was changed.",
    rules: ["MGMT-01", "MGMT-03", "MGMT-TAG-01", "MGMT-TAG-I01", "API-END-I13", "API-01"],
    tests: ["tests/content_management/deleting_tags_test.ts"],
    hints: [
      "Success is 202. If the tag was not there, the code depends on the repository: it has other content and only not this tag, or it " +
      "does not exist at all.",
      "changeRepository runs an action in which no other request changes this repository. removeTag returns false if there was no tag. " +
      "resolveTag tells where the tag points to, for the condition (expectPreconditions) and for the story: notes.tags = [{ tag, before }].",
      `The action, in the order that RFC 9110 wants: a condition counts only if the request would succeed without it.
  const wasThere = await changeRepository(store, name, async () => {
    const current = resolveTag(store, name, tag);
    if (current !== undefined && isConditional(request)) expectPreconditions(request, current);
    notes.tags = [{ tag, before: current }];
    return await removeTag(store, name, tag);
  });
If it was not there: MANIFEST_UNKNOWN if repositoryExists, NAME_UNKNOWN if not, and the rule is API-END-I13.`,
    ],
    afterwards:
      "src/content_management/deleting_manifests.ts deletes by digest: then all tags that point there go, too.",
  },
  {
    name: "mount",
    source: "src/push/mounting_a_blob_from_another_repository.ts",
    function: "mountBlob",
    away: ["sourcesOf"],
    learn:
      "If another repository has a layer, nobody has to send it again: a mount is a second name for the same file. You write a " +
      "request that has two good answers, and whose refusal tells nothing about other repositories.",
    // deno-fmt-ignore
    rules: [
      "PUSH-MOUNT-01", "PUSH-MOUNT-02", "PUSH-MOUNT-03", "PUSH-MOUNT-06", "PUSH-MOUNT-07", "PUSH-MOUNT-08",
      "PUSH-MOUNT-I02", "PUSH-MOUNT-I03",
    ],
    tests: ["tests/push/mounting_a_blob_from_another_repository_test.ts"],
    hints: [
      "There are three cases: this repository has the blob already; another one has it; nobody has it, and then the answer is a new " +
      "upload session, whatever the reason is.",
      "keepBlob returns the blob of this repository, if it is there. linkBlob gives it a second name and returns whether that was " +
      "possible. The parameter from names the other repository; without it, the blob may come from any (listRepositories).",
      `A function that yields the repositories to try makes the section short:
  async function* sourcesOf({ query, store }: Call): AsyncGenerator<Name> {
    const from = query.get("from");
    if (from === null) return yield* listRepositories(store);
    const source = parseName(from);
    if (source !== undefined) yield source;
  }
Try linkBlob(call.store, source, name, digest) with each. If none has it, return openUploadFor(call, { name, algorithm: … }).`,
    ],
    afterwards:
      "ls -li shows one inode under both names. src/disk/changes.ts copies the bytes if a disk has no hard links.",
  },
  {
    name: "tags",
    source: "src/content_discovery/listing_tags.ts",
    function: "listTags",
    learn:
      "A list in pages must not lose a tag, nor tell of a next page that is not there. You collect one page, look whether there is " +
      "one more tag, and tell an empty list from a repository that does not exist.",
    // deno-fmt-ignore
    rules: [
      "DISC-TAGS-01", "DISC-TAGS-02", "DISC-TAGS-03", "DISC-TAGS-04", "DISC-TAGS-05", "DISC-TAGS-06", "DISC-TAGS-07",
      "DISC-TAGS-08", "DISC-TAGS-09", "DISC-TAGS-10", "DISC-TAGS-11", "DISC-TAGS-14", "DISC-TAGS-15",
      "DISC-TAGS-I01", "DISC-TAGS-I02",
    ],
    tests: ["tests/content_discovery/listing_tags_test.ts"],
    hints: [
      "Begin without pages: the answer is JSON with the name and the tags. listStoredTags returns the tags after last, in order. Then " +
      "let parsePage read the query.",
      "If the page is full and there is one more tag, the answer has a Link (linkAfter makes it). If there is no tag at all, look whether " +
      "the repository exists; if not, that is NAME_UNKNOWN. refuseFaults makes a refusal of a Fault: UNSUPPORTED, with the status 400.",
      `Compare before you push. So a page of n=0 ends at once, and the last page has no link:
  const { size, last } = refuseFaults("UNSUPPORTED", () => parsePage(query), STATUS_CODE.BadRequest);
  for (const tag of await listStoredTags(store, name, last)) {
    if (tags.length === size) return withoutSniffing(Response.json({ name, tags }, { headers: linkAfter(call, name, tags) }));
    tags.push(tag);
  }
The source also gives way to other requests in a long list: LongWork.`,
    ],
    afterwards: "deno task bench compares pages of tags with those of other registries.",
  },
  {
    name: "chunk",
    source: "src/push/pushing_a_blob_in_chunks.ts",
    function: "uploadChunk",
    learn:
      "A chunk goes behind the bytes that are there, and the client may forget it as soon as it has the answer. You put the parts of " +
      "a PATCH in the right order: the session, the bytes, the disk, the answer.",
    // deno-fmt-ignore
    rules: [
      "PUSH-CHUNK-03", "PUSH-CHUNK-04", "PUSH-CHUNK-05", "PUSH-CHUNK-06", "PUSH-CHUNK-08", "PUSH-CHUNK-09",
      "PUSH-CHUNK-10", "PUSH-CHUNK-13", "PUSH-CHUNK-14", "PUSH-CHUNK-15", "PUSH-CHUNK-16", "PUSH-CHUNK-17",
      "PUSH-CHUNK-18", "PUSH-CHUNK-19", "PUSH-CHUNK-20", "PUSH-CHUNK-21", "PUSH-CHUNK-22", "PUSH-CHUNK-23",
      "PUSH-CHUNK-I01", "PUSH-CHUNK-I02", "PUSH-CHUNK-I04", "PUSH-CHUNK-I07", "PUSH-CHUNK-I08", "USE-I02",
    ],
    tests: ["tests/push/pushing_a_blob_in_chunks_test.ts"],
    hints: [
      "The session belongs to one request at a time: withSession. Inside of it, receive does the work with the body: it checks the " +
      "Content-Range and appends the bytes.",
      "session.file.save() puts the bytes on the disk, and returns false if somebody has removed the session meanwhile. Only afterwards " +
      "is session.file.size a promise that you may give to the client.",
      `The action returns the new size, or undefined if the session is gone:
  await receive(call, session, "PUSH-CHUNK-13");
  return await session.file.save() ? session.file.size : undefined;
undefined is sessionUnknown(name, id, "PUSH-CHUNK-09"). Everything else is 202 with the sessionHeaders.`,
    ],
    afterwards:
      "closeUpload in src/push/pushing_a_blob_monolithically.ts makes a blob of the session. The exercise content-range is what " +
      "receive reads first.",
  },
  {
    name: "referrers",
    source: "src/content_discovery/listing_referrers.ts",
    function: "listReferrers",
    learn:
      "A client has an image and asks what belongs to it: signatures, SBOMs, attestations. You answer with an image index, filtered " +
      "and in pages of bytes, for a subject that need not be there.",
    // deno-fmt-ignore
    rules: [
      "DISC-REFERRERS-01", "DISC-REFERRERS-02", "DISC-REFERRERS-04", "DISC-REFERRERS-05", "DISC-REFERRERS-06",
      "DISC-REFERRERS-07", "DISC-REFERRERS-08", "DISC-REFERRERS-09", "DISC-REFERRERS-10", "DISC-REFERRERS-11",
      "DISC-REFERRERS-12", "DISC-REFERRERS-13", "DISC-REFERRERS-14", "DISC-REFERRERS-15", "DISC-REFERRERS-I01",
      "DISC-REFERRERS-I02", "DISC-REFERRERS-I03", "MGMT-MANIFEST-I01", "MGMT-TAG-I01",
    ],
    slow: ["DISC-REFERRERS-11"],
    tests: ["tests/content_discovery/listing_referrers_test.ts"],
    hints: [
      "Begin without filter and pages: all referrers of the subject, as an index. allReferrers yields lists of them, and text is the " +
      "descriptor of each as JSON already.",
      "A filter is each artifactType of the query that is not empty (fits compares), and a filter that took effect is told in " +
      "OCI-Filters-Applied. A page ends before it has more than LARGEST_LIST bytes: referrer.size, and one more for the comma. It has one " +
      "referrer at least.",
      `The page, with a label to leave both loops:
  search:
  for await (const referrers of await allReferrers(store, name, subject, last)) {
    for (const referrer of referrers) {
      if (referrer.digest <= last || !fits(referrer, types)) continue;
      size += referrer.size + 1;
      if (page.length > 0 && size > LARGEST_LIST) { rest = page.at(-1)!.digest; break search; }
      page.push(referrer);
    }
  }
With a rest, Link is linkToRest(call, name, subject, types, rest). The body is the text of an index around the texts of the page.`,
    ],
    afterwards: "src/store/referrers.ts: how the list stays right while images are pushed and deleted.",
  },
];
