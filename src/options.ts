/**
 * The options: every setting of a registry, of the program around it, and of its housekeeping, each defined once.
 *
 *     maxBlobSize   "bytes"   no limit   --max-blob-size SIZE   the largest blob, such as 10GiB
 *     ^ its name    ^ type and unit      ^ its flag             ^ its sentence
 *
 * The types of the settings, the flags of the program, and the text of `--help` all come from these tables.
 *
 * Next: story.ts
 *
 * @module
 */

/** The types of an option's value. A list of words means one of them. A flag for `texts` may be there several times. */
// deno-fmt-ignore
export type OptionType = "switch" | "number" | "bytes" | "milliseconds" | "text" | "texts" | "url" | "host" | "hosts" | readonly string[];

/** One option. */
export interface Option {
  /** The type and unit of its value. */
  readonly type: OptionType;
  /** Its value if nobody sets it; `undefined` if that depends on something else. */
  readonly default: boolean | number | string | readonly string[] | undefined;
  /** The default in words, for `--help`. */
  readonly usual?: string;
  /** The least and the most that a number or a time may be. */
  readonly range?: readonly [least: number, most: number];
  /** The name of the value in `--help`, such as `SIZE`. A switch has none. */
  readonly argument?: string;
  /** The commands that have the flag, with blanks between. */
  readonly commands: string;
  /** Its purpose, for `--help`. */
  readonly sentence: string;
}

/** The options of a registry. The flag of `maxBlobSize` is `--max-blob-size`, and so on. */
// deno-fmt-ignore
export const REGISTRY_OPTIONS = {
  readOnly:        { type: "switch",       default: false,           commands: "serve",        sentence: "serve pulls only" },
  noDelete:        { type: "switch",       default: false,           commands: "serve",        sentence: "refuse to delete tags, manifests and blobs" },
  allowSparse:     { type: "switch",       default: false,           commands: "serve verify import", sentence: "take manifests that point to content which was never pushed" },
  maxManifestSize: { type: "bytes",        default: 8 * 1024 ** 2,   commands: "serve",        sentence: "the largest manifest, such as 8MiB; at least 4MiB", argument: "SIZE", usual: "8MiB" },
  maxBlobSize:     { type: "bytes",        default: Infinity,        commands: "serve",        sentence: "the largest blob, such as 10GiB", argument: "SIZE", usual: "no limit" },
  maxUploads:      { type: "number",       default: Infinity,        commands: "serve",        sentence: "the most upload sessions at a time", argument: "NUMBER", usual: "no limit" },
  uploadTtl:       { type: "milliseconds", default: 24 * 3_600_000,  commands: "serve",        sentence: "how long an unfinished upload is kept, such as 30m; at least 1m", argument: "TIME", usual: "24h", range: [60_000, Infinity] },
  origin:          { type: "url",          default: "",              commands: "serve",        sentence: "what Location headers begin with, such as https://registry.example", argument: "URL", usual: "nothing" },
  allowHost:       { type: "hosts",        default: [],              commands: "serve",        sentence: "other hosts that web browsers may use, with commas between", argument: "HOSTS", usual: "none" },
  redirectRanges:  { type: "switch",       default: false,           commands: "serve",        sentence: "with --redirect-blobs, redirect requests for a range as well" },
  accelRedirect:   { type: "text",         default: "",              commands: "serve",        sentence: "let an nginx in front send blobs: the prefix for X-Accel-Redirect", argument: "PREFIX", usual: "none" },
} as const satisfies Readonly<Record<string, Option>>;

/** The options of the program that serves a registry, and of its housekeeping. */
// deno-fmt-ignore
export const PROGRAM_OPTIONS = {
  root:            { type: "text",         default: "testdata",      commands: "serve verify gc tree look diff import export samples", sentence: "the folder of the registry", argument: "FOLDER", usual: "testdata" },
  host:            { type: "host",         default: "127.0.0.1",     commands: "serve",        sentence: "the address to listen on", argument: "ADDRESS", usual: "127.0.0.1" },
  port:            { type: "number",       default: 5080,            commands: "serve",        sentence: "the port to listen on; 0 for any that is free", argument: "NUMBER", usual: "5080", range: [0, 65535] },
  log:             { type: ["story", "lesson", "line", "json", "none"], default: undefined, commands: "serve", sentence: "story, lesson (a story that says why), line, json or none", argument: "FORM", usual: "story on a terminal, line elsewhere" },
  threads:         { type: "number",       default: undefined,       commands: "serve",        sentence: "how many threads serve; one on port 0", argument: "NUMBER", usual: "as many as processors, at most 4", range: [1, 64] },
  http:            { type: ["deno", "node"], default: "deno",        commands: "serve",        sentence: "the HTTP server: deno is fast, node takes requests that offer Upgrade", argument: "SERVER", usual: "deno" },
  durability:      { type: ["sync", "none"], default: "sync",        commands: "serve gc import samples", sentence: "sync: what is acknowledged survives a power cut; none: it may not", argument: "KIND", usual: "sync" },
  disk:            { type: ["fast", "slow", "memory"], default: undefined, commands: "serve", sentence: "fast; slow: other threads wait for it, as over a network; memory: gone at the end", argument: "KIND", usual: "measured at the start" },
  drain:           { type: "milliseconds", default: 30_000,          commands: "serve",        sentence: "how long running requests may go on after SIGTERM", argument: "TIME", usual: "30s" },
  htpasswd:        { type: "text",         default: undefined,       commands: "serve",        sentence: "ask for a password; the file is one of the htpasswd program, with bcrypt", argument: "FILE" },
  anonymous:       { type: ["pull", "none"], default: "none",        commands: "serve",        sentence: "with --htpasswd, what others may do: pull or none", argument: "MAY", usual: "none" },
  access:          { type: "text",         default: undefined,       commands: "serve",        sentence: "rules in JSON: who may pull, push and delete where", argument: "FILE" },
  token:           { type: "switch",       default: false,           commands: "serve",        sentence: "with --htpasswd, give out tokens in place of passwords, at /token" },
  tokenTtl:        { type: "milliseconds", default: 300_000,         commands: "serve",        sentence: "with --token, how long a token is valid; at least 1m", argument: "TIME", usual: "5m", range: [60_000, Infinity] },
  tokenKey:        { type: "text",         default: undefined,       commands: "serve",        sentence: "with --token, the key that signs; at least 32 bytes", argument: "FILE", usual: "one in the root" },
  tlsCert:         { type: "text",         default: undefined,       commands: "serve",        sentence: "serve HTTPS with this certificate; needs --tls-key", argument: "FILE" },
  tlsKey:          { type: "text",         default: undefined,       commands: "serve",        sentence: "the key of the certificate", argument: "FILE" },
  redirectBlobs:   { type: "text",         default: undefined,       commands: "serve",        sentence: "where to send pulls of blobs, such as https://cdn.example/{path}", argument: "TEMPLATE" },
  immutableTags:   { type: "text",         default: undefined,       commands: "serve",        sentence: "tags that stay once they are set, such as v*,release-*", argument: "PATTERN" },
  prefix:          { type: "text",         default: undefined,       commands: "serve",        sentence: "show only repositories whose names begin with it, such as team/", argument: "PREFIX" },
  rate:            { type: "text",         default: undefined,       commands: "serve",        sentence: "the most requests of one client, such as 100/s, /m, /h or /d", argument: "N/TIME", usual: "no limit" },
  warning:         { type: "texts",        default: [],              commands: "serve",        sentence: "what each answer warns of; may be repeated", argument: "TEXT", usual: "none" },
  import:          { type: "texts",        default: [],              commands: "serve",        sentence: "first take images from a layout or archive; with --read-only and no --root, into memory", argument: "FILE", usual: "none" },
  switch:          { type: "texts",        default: [],              commands: "serve",        sentence: "misbehave, such as cut:after=1000,times=1; may be repeated", argument: "SWITCH", usual: "none" },
  profile:         { type: "text",         default: undefined,       commands: "serve",        sentence: "behave like another registry, such as ecr", argument: "NAME", usual: "none" },
  page:            { type: "switch",       default: false,           commands: "serve",        sentence: "serve the page at / also where --host is not loopback" },
  noPage:          { type: "switch",       default: false,           commands: "serve",        sentence: "serve no page at /" },
  workshop:        { type: "switch",       default: false,           commands: "serve",        sentence: "lessons at /lessons, samples to push at /samples, and switches to turn on and off at /switches" },
  lessons:         { type: "text",         default: undefined,       commands: "serve",        sentence: "with --workshop, lessons of your own, in files of JSON", argument: "FOLDER" },
  as:              { type: "text",         default: undefined,       commands: "lessons",      sentence: "the learner, which is the beginning of the repositories' names", argument: "NAME", usual: "learner, or the one who has logged in" },
  registry:        { type: "url",          default: "http://127.0.0.1:5080", commands: "lessons", sentence: "the registry, which was started with --workshop", argument: "URL", usual: "http://127.0.0.1:5080" },
  user:            { type: "text",         default: undefined,       commands: "lessons",      sentence: "the user, if the registry asks for a password; you type it later", argument: "NAME" },
  quarantine:      { type: "switch",       default: false,           commands: "verify",       sentence: "move corrupt content aside, so that it is never served" },
  untagged:        { type: "switch",       default: false,           commands: "gc",           sentence: "also remove manifests that no tag, index or subject reaches" },
  grace:           { type: "milliseconds", default: 3_600_000,       commands: "gc",           sentence: "spare what was used within this time", argument: "TIME", usual: "1h" },
  dryRun:          { type: "switch",       default: false,           commands: "gc",           sentence: "print what would be removed, and remove nothing" },
  after:           { type: "text",         default: undefined,       commands: "look",         sentence: "begin lists behind this row, such as a tag", argument: "ROW", usual: "at their first rows" },
  image:           { type: "text",         default: undefined,       commands: "import",       sentence: "take only the image with this name, tag or digest in SOURCE", argument: "NAME", usual: "all" },
  to:              { type: "text",         default: "samples",       commands: "samples",      sentence: "what the names of the repositories begin with, such as learner/ana", argument: "PREFIX", usual: "samples" },
  list:            { type: "switch",       default: false,           commands: "samples",      sentence: "print the names of all samples, and push none" },
  json:            { type: "switch",       default: false,           commands: "verify gc tree look diff import export samples lessons", sentence: "print one JSON object per line" },
} as const satisfies Readonly<Record<string, Option>>;

/** The values of a table of options. */
export type ValuesOf<Table extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Table]: ValueOf<Table[Name]["type"]> | MaybeUndefined<Table[Name]["default"]>;
};

/** The value of an option of this type. */
export type ValueOf<Type extends OptionType> = Type extends "switch" ? boolean
  : Type extends "number" | "bytes" | "milliseconds" ? number
  : Type extends "hosts" | "texts" ? readonly string[]
  : Type extends readonly string[] ? Type[number]
  : string;

/** `undefined` for an option without a default of its own. */
export type MaybeUndefined<Default> = undefined extends Default ? undefined : never;

/** The values of a registry's options. Sizes are in bytes, times in milliseconds. */
export type Settings = ValuesOf<typeof REGISTRY_OPTIONS>;

/** The values of the program's options. Sizes are in bytes, times in milliseconds. */
export type ProgramSettings = ValuesOf<typeof PROGRAM_OPTIONS>;

/** Returns the defaults of a table of options. */
export function defaultsOf<Table extends Readonly<Record<string, Option>>>(table: Table): ValuesOf<Table> {
  return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, option.default])) as ValuesOf<Table>;
}

/** A speed: a number of bytes in a time. */
export interface Rate {
  /** The bytes. */
  readonly bytes: number;
  /** The time, in milliseconds. */
  readonly milliseconds: number;
}

/** The slowest body that a registry waits for, if nobody sets another rate. Every line in use today is faster. */
export const SLOWEST: Rate = { bytes: 1024, milliseconds: 60_000 };
