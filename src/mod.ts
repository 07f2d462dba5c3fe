/**
 * Glassbox as a library: everything that another program may import.
 *
 * ```ts
 * import { createRegistry } from "./mod.ts";
 *
 * const registry = createRegistry({ root: "images", onStory: (story) => console.log(story.url, story.status) });
 * // Deno.serve(registry);
 * ```
 *
 * A registry is a function from `Request` to `Promise<Response>`. The functions for housekeeping take the disk of a registry: a
 * program can verify the disk, collect its garbage, expire its uploads, clear what a killed process left behind, and draw its
 * tree. A registry inside another program does none of that by itself. The program of Glassbox expires and clears at its start and
 * each hour.
 *
 * The names below are in groups: what most programs need comes first. The page has a module of its own, `page_mod.ts`, because it takes as
 * long to load as everything else.
 *
 * Next: page_mod.ts
 *
 * @module
 */

// A registry as a function, and its options.
export {
  createRegistry,
  type Registry,
  type RegistryOptions,
  SMALLEST_MANIFEST_LIMIT,
  type Wrapper,
} from "./registry.ts";
export * from "./options.ts";
export type { Peer } from "./http/peer.ts";

// A registry that listens, for a test: with a clock, snapshots, stories and switches.
export { StartedRegistry, type StartOptions, startRegistry, type WaitOptions } from "./serving/start_registry.ts";
export { Clock } from "./serving/clock.ts";
export type { Certificate } from "./serving/certificate.ts";

// Disks: where a registry keeps everything.
export { localDisk } from "./disk/local_disk.ts";
export type { LocalDiskOptions } from "./disk/root.ts";
export type { RunningHashes } from "./disk/running_hashes.ts";
export type { Step, StepKind } from "./disk/watching.ts";
export { type MemoryDisk, memoryDisk, type MemoryDiskOptions, type Snapshot } from "./disk/memory_disk.ts";
export type { Bytes, Change, Disk, FileInfo, Folder, GrowingFile, KnownOfFiles, WhenSent } from "./disk/disk.ts";
export { BusyError, LinkedFolderError } from "./disk/disk.ts";

// Disks around a disk: one that tells each operation, and one that fails.
export type { DiskOperation, DiskOperationName } from "./disk/around.ts";
export { type DiskMoment, watched } from "./disk/watched.ts";
export { type DiskErrorCode, type DiskFailure, failing } from "./disk/failing.ts";

// Stories: what each request was and changed.
export {
  dataOf,
  formatJson,
  formatLine,
  type RequestAndAnswer,
  type Story,
  type StoryChange,
  type StoryData,
} from "./story.ts";
export { formatStory, type StoryFormat } from "./stories/lines.ts";
export type { StoryListener } from "./stories/told_story.ts";
export { type Meaning, type Sentence, sentenceFor, SENTENCES, type Why, whyOf } from "./stories/why.ts";
export { describeAction, sumOf } from "./stories/action_words.ts";
export { Actions, type Added } from "./stories/actions.ts";
export type { Action, ActionKind, NewAndShared, Subject } from "./stories/action.ts";

// Filling: images from files into a registry, and out of it.
export { addImage, fill, type Filled, type FillOptions, type Progress } from "./filling/fill.ts";
export type { ImageInRegistry } from "./filling/choosing.ts";
export { FillError, NoSuchImage, type Source } from "./filling/files.ts";
export { type Exported, exportImage, type ExportOptions } from "./filling/exporting.ts";
export { ClientError } from "./client/client.ts";

// Wrappers: from registry to registry. With the first line, a program writes its own.
export { compose, type Question, questionOf, refuse } from "./composing/composing.ts";
export { readOnly } from "./composing/read_only.ts";
export { immutableTags } from "./composing/immutable_tags.ts";
export { only } from "./composing/only.ts";
export { under } from "./composing/under.ts";
export { union } from "./composing/union.ts";
export { type Trace, traced, type TraceOptions } from "./composing/traced.ts";
export { type AnnouncedWarning, LONGEST_WARNING, withWarnings } from "./composing/with_warnings.ts";
export {
  type BucketOptions,
  limited,
  type LimitOptions,
  parseRate,
  type RequestRate,
  type TakeToken,
  tokenBuckets,
} from "./composing/limited.ts";

// Access: a wrapper for users, their passwords and tokens, and the rules about them.
export { access, type AccessOptions, type AccessWrapper, type TokenOptions, type Visible } from "./composing/access.ts";
export { AccessRules, rulesForUsers } from "./access/rules.ts";
export { type AccessAction, type AccessRule, AccessRulesError } from "./access/access_rule.ts";
export { parseAccessRules } from "./access/reading_rules.ts";
export type { Users, Verdict } from "./access/credentials.ts";

// Redirects: other servers send the content.
export type { ElsewhereOptions, Places, Redirect, Wanted } from "./http/elsewhere.ts";
export { redirectTo } from "./composing/redirecting.ts";

// Switches: bugs, quirks and faults of other registries.
export { createSwitches, type Switches, type SwitchOptions, type SwitchState } from "./composing/switches/switches.ts";
export { SWITCHES } from "./composing/switches/table.ts";
export { type Profile, PROFILES, type ProfileSwitch } from "./composing/switches/profiles.ts";
export { type OverHttpOptions, switchesOverHttp } from "./composing/switches/over_http.ts";
export type { SwitchInfo, SwitchKind } from "./composing/switches/switch.ts";
export {
  parseSwitch,
  SwitchError,
  type SwitchParameter,
  type SwitchParameters,
  type SwitchValue,
} from "./composing/switches/parameters.ts";

// Housekeeping: what somebody has to do with the disk of a registry from time to time.
export { type Finding, verify, type VerifyOptions } from "./housekeeping/verify.ts";
export { collectGarbage, type CollectOptions, type Removal } from "./housekeeping/collect_garbage.ts";
export { expireUploads } from "./housekeeping/expire_uploads.ts";
export { clearLeftOvers, type ClearOptions, type LeftOver } from "./housekeeping/clear_left_overs.ts";
export { type BlobTree, drawTree, type ManifestTree, type RepositoryTree } from "./housekeeping/draw_tree.ts";

// The words of the spec: refusals, the values in paths, and the rules.
export { type Detail, ERROR_CODES, type ErrorCode, type RefusalOptions, RegistryError } from "./api/error_codes.ts";
export { type Digest, HASHES, type Hashes, type RunningHash } from "./definitions/digest.ts";
export type { Name } from "./definitions/name.ts";
export type { SessionId } from "./definitions/session.ts";
export type { ByteRange } from "./definitions/range.ts";
export { ROWS, type Rule, type RulesOfHeading } from "./spec/headings.ts";
export { STATUS_CODE, type StatusCode } from "@std/http";
