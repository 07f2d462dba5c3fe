/**
 * What a request does, as far as that matters for the action that it is a part of.
 *
 *     GET   /v2/                                              greets
 *     HEAD  /v2/library/hello/blobs/sha256:9b4e…       404    checks
 *     POST  /v2/library/hello/blobs/uploads/           202    writes; it opens the session 0f9c…
 *     PUT   /v2/library/hello/blobs/uploads/0f9c…      201    writes; the content is sha256:9b4e…
 *     PUT   /v2/library/hello/manifests/latest         201    writes a manifest, and that is the end of a push
 *
 * All of it can be seen in a single story. What several of them are together is a guess, and this file makes none.
 *
 * Next: action_words.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";

/** What a request does. */
export type Doing = "greets" | "logs in" | "reads" | "checks" | "writes" | "deletes" | "lists" | "does something else";

// Each row of the table of endpoints is in one of the two lists. What is in neither does something else.
const DOES: Readonly<Record<string, Doing>> = {
  "GET end-1": "greets",
  "HEAD end-1": "greets",
  "GET end-2": "reads",
  "GET end-3": "reads",
  "HEAD end-2": "checks",
  "HEAD end-3": "checks",
  "DELETE end-9": "deletes",
  "DELETE end-10": "deletes",
  "GET end-8a": "lists",
  "GET end-8b": "lists",
  "GET end-12a": "lists",
  "GET end-12b": "lists",
  "GET catalog": "lists",
};
const PUSHES = new Set([
  "end-4a",
  "end-4b",
  "end-4c",
  "end-5",
  "end-6",
  "end-7a",
  "end-7b",
  "end-11",
  "end-13",
  "end-14",
]);

/** Returns what a request does. */
export function doingOf({ method, endpoint, url }: StoryData): Doing {
  if (endpoint === undefined) return /^\/token(?:$|\?)/.test(url) ? "logs in" : "does something else";
  // A row of GET answers HEAD as well if there is no row of HEAD.
  return PUSHES.has(endpoint)
    ? "writes"
    : DOES[`${method} ${endpoint}`] ?? DOES[`GET ${endpoint}`] ?? "does something else";
}

/** Returns the client: its host and its User-Agent. Two programs of one kind on one machine are one client here. */
export function clientOf({ peer, userAgent = "" }: StoryData): string {
  return `${peer?.host ?? ""} ${userAgent}`;
}

/** Returns the session that a request opens or uses. */
export function sessionOf({ session, status, answerHeaders }: StoryData): string | undefined {
  return session ??
    (status === 202 ? /\/blobs\/uploads\/([^/?]+)/.exec(answerHeaders?.Location ?? "")?.[1] : undefined);
}

/** Returns the digest of the content that a request is about. */
export function digestIn({ reference, answerHeaders }: StoryData): string | undefined {
  return answerHeaders?.["Docker-Content-Digest"] ?? (reference?.includes(":") ? reference : undefined);
}

/** Returns true if a request is about a manifest. */
export function isManifest({ endpoint = "" }: StoryData): boolean {
  return ["end-3", "end-7a", "end-7b", "end-9"].includes(endpoint);
}

/** Returns true if a request has pushed a manifest. */
export function isManifestPush({ endpoint, status }: StoryData): boolean {
  return (endpoint === "end-7a" || endpoint === "end-7b") && status < 300;
}

/** Returns true if a reference is a tag, and no digest. */
export function isTag(reference: string | undefined): reference is string {
  return reference !== undefined && !reference.includes(":");
}

/** Returns true if an action ends with this request: nothing more is expected after it. */
export function isEnd(story: StoryData, doing: Doing): boolean {
  const { status, endpoint, reference, answerHeaders = {} } = story;
  if (isManifestPush(story)) return isTag(reference) || "OCI-Tag" in answerHeaders || "OCI-Subject" in answerHeaders;
  if (doing === "lists") return status === 200 && !endpoint?.startsWith("end-12") && !("Link" in answerHeaders);
  return doing === "does something else" || (doing === "deletes" && status < 300);
}
