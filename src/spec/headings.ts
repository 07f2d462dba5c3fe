/**
 * The headings of the spec, and the file that implements each one.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#table-of-contents
 *
 * A chapter of the spec is a folder, a heading is a file, and the file is named after the heading's anchor. The story of a
 * request prints a row of this table, and a refusal links to the heading of its rule. A test compares the table with the
 * files that exist and with `src/spec/requirements.tsv`, which has all rules.
 *
 *     PUSH-CHUNK-10   is a rule of   Push > Pushing a blob in chunks
 *                     at             spec.md#pushing-a-blob-in-chunks
 *                     in             src/push/pushing_a_blob_in_chunks.ts
 *
 * Next: ../store/store.ts
 *
 * @module
 */

/** One heading of the spec. */
export interface Heading {
  /** The beginning of the ids of its rules, such as `PUSH-CHUNK`. */
  readonly rules: string;
  /** The chapter above it and its own title: `Push > Pushing a blob in chunks`. */
  readonly title: string;
  /** The part of its link behind `spec.md#`. */
  readonly anchor: string;
  /** The file that implements it; the empty string if no file does. */
  readonly file: string;
}

/** The id of a rule in a text, such as `PUSH-CHUNK-10`. With an `I` before its number, the spec only implies the rule. */
export const RULE_ID: RegExp = /(?<![A-Za-z0-9_-])[A-Z]{3,}(?:-[A-Z]+)*-I?[0-9]{2}(?![0-9A-Za-z])/g;

/** The text of the spec that this registry follows: 1.1.1 and what was added to it since. */
export const SPEC = "https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md";

/** The rows of the table: the beginning of rule ids, the title, the anchor, the file. */
// deno-fmt-ignore
export const ROWS = [
  ["LEGACY-HDR",      "Overview > Legacy Docker support HTTP headers",         "legacy-docker-support-http-headers",               ""],
  ["LEGACY-ERR",      "Overview > Legacy Docker support error codes",          "legacy-docker-support-error-codes",                ""],
  ["DEF",             "Overview > Definitions",                                "definitions",                                      "src/definitions/manifest.ts"],
  ["USE",             "Overview > Use Cases",                                  "use-cases",                                        ""],
  ["REQ",             "Requirements",                                          "requirements",                                     "src/registry.ts"],
  ["PULL",            "Pull",                                                  "pull",                                             "src/pull/pull.ts"],
  ["PULL-MANIFEST",   "Pull > Pulling manifests",                              "pulling-manifests",                                "src/pull/pulling_manifests.ts"],
  ["PULL-BLOB",       "Pull > Pulling blobs",                                  "pulling-blobs",                                    "src/pull/pulling_blobs.ts"],
  ["PULL-HEAD",       "Pull > Checking if content exists in the registry",     "checking-if-content-exists-in-the-registry",       "src/pull/checking_if_content_exists_in_the_registry.ts"],
  ["PUSH",            "Push",                                                  "push",                                             ""],
  ["PUSH-BLOB",       "Push > Pushing blobs",                                  "pushing-blobs",                                    "src/push/pushing_blobs.ts"],
  ["PUSH-MONO",       "Push > Pushing a blob monolithically",                  "pushing-a-blob-monolithically",                    "src/push/pushing_a_blob_monolithically.ts"],
  ["PUSH-SINGLE",     "Push > Pushing a blob monolithically > Single POST",    "single-post",                                      "src/push/pushing_a_blob_monolithically.ts"],
  ["PUSH-CHUNK",      "Push > Pushing a blob in chunks",                       "pushing-a-blob-in-chunks",                         "src/push/pushing_a_blob_in_chunks.ts"],
  ["PUSH-CANCEL",     "Push > Cancel a blob upload",                           "cancel-a-blob-upload",                             "src/push/cancel_a_blob_upload.ts"],
  ["PUSH-MOUNT",      "Push > Mounting a blob from another repository",        "mounting-a-blob-from-another-repository",          "src/push/mounting_a_blob_from_another_repository.ts"],
  ["PUSH-MANIFEST",   "Push > Pushing manifests",                              "pushing-manifests",                                "src/push/pushing_manifests.ts"],
  ["PUSH-SUBJECT",    "Push > Pushing manifests with subject",                 "pushing-manifests-with-subject",                   "src/push/pushing_manifests_with_subject.ts"],
  ["DISC-TAGS",       "Content Discovery > Listing tags",                      "listing-tags",                                     "src/content_discovery/listing_tags.ts"],
  ["DISC-REFERRERS",  "Content Discovery > Listing referrers",                 "listing-referrers",                                "src/content_discovery/listing_referrers.ts"],
  ["MGMT",            "Content Management",                                    "content-management",                               ""],
  ["MGMT-TAG",        "Content Management > Deleting tags",                    "deleting-tags",                                    "src/content_management/deleting_tags.ts"],
  ["MGMT-MANIFEST",   "Content Management > Deleting manifests",               "deleting-manifests",                               "src/content_management/deleting_manifests.ts"],
  ["MGMT-BLOB",       "Content Management > Deleting blobs",                   "deleting-blobs",                                   "src/content_management/deleting_blobs.ts"],
  ["PROXY",           "Registry Proxying",                                     "registry-proxying",                                ""],
  ["COMPAT",          "Backwards Compatibility > Referrers tag schema",        "referrers-tag-schema",                             "src/backwards_compatibility/referrers_tag_schema.ts"],
  ["UPGRADE",         "Upgrade Procedures > Enabling the Referrers API",       "enabling-the-referrers-api",                       "src/upgrade_procedures/enabling_the_referrers_api.ts"],
  ["API",             "API",                                                   "api",                                              "src/registry.ts"],
  ["API-SUPPORT",     "API > Determining support",                             "determining-support",                              "src/api/determining_support.ts"],
  ["API-END",         "API > Endpoints",                                       "endpoints",                                        "src/api/endpoints.ts"],
  ["API-ERR",         "API > Error codes",                                     "error-codes",                                      "src/api/error_codes.ts"],
  ["API-WARN",        "API > Warnings",                                        "warnings",                                         "src/api/warnings.ts"],
] as const;

/** The beginning of the ids of a heading's rules. */
export type RulesOfHeading = typeof ROWS[number][0];

/**
 * The id of a rule in `src/spec/requirements.tsv`, such as `PUSH-CHUNK-10`, or `DEF-I02` for a rule that the text only
 * implies.
 */
export type Rule = `${RulesOfHeading}-${number}` | `${RulesOfHeading}-I${number}`;

/** Every heading that has rules, in the order of the spec. */
export const HEADINGS: readonly Heading[] = ROWS.map(([rules, title, anchor, file]) => ({
  rules,
  title,
  anchor,
  file,
}));

/**
 * Returns the heading under which a rule stands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(headingOf("PUSH-CHUNK-10").anchor, "pushing-a-blob-in-chunks");
 * assertEquals(headingOf("API-END-I02").title, "API > Endpoints");
 * ```
 */
export function headingOf(rule: Rule): Heading {
  const rules = rule.slice(0, rule.lastIndexOf("-"));
  return HEADINGS.find((heading) => heading.rules === rules)!;
}

/**
 * Returns the link to the heading under which a rule stands.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(linkTo("DISC-TAGS-09").endsWith("/967efdc/spec.md#listing-tags"));
 * ```
 */
export function linkTo(rule: Rule): string {
  return `${SPEC}#${headingOf(rule).anchor}`;
}
