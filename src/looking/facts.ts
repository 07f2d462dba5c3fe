/**
 * Facts: what {@linkcode look} finds at an address, as plain data.
 *
 *     look(disk, "library/hello:v1")      { kind: "tag", address: "library/hello/_tags/v1", digest: "sha256:7d1a…",
 *                                           formats: [{ name: "Tag", what: "A name for people. …" }], faults: [], … }
 *
 * The page and the terminal show the same facts, and JSON carries them: sizes are bytes, times are ISO texts, and a field that
 * has nothing to say is absent. All texts that a client has sent are here as they are. The code that shows them makes them harmless.
 *
 * `kind` says which facts these are:
 *
 *     address                                             kind
 *     library                                             folder        repositories below it
 *     library/hello                                       repository    its tags and its content
 *     library/hello/_tags   …/_referrers   …/_uploads     tags, subjects, uploads
 *     library/hello/_tags/v1                              tag           and the manifest that it points to
 *     library/hello/sha256:7d1a…/manifest.json            manifest      an image, an index, another artifact
 *     …/manifest.json#/layers/0                           field         a part of a JSON document
 *     …/manifest.json!/etc/motd                           file          as a container of this image sees it: layers, stacked
 *     library/hello/sha256:9b4e…/layer.tar.gz             blob          with `layer`, if it is one
 *     library/hello/sha256:9b4e…/layer.tar.gz!/etc/motd   file          in this layer alone
 *     library/hello/_referrers/sha256:7d1a…               referrers
 *     library/hello/_uploads/0f9c…                        upload
 *     what is not there                                   missing       and what is nearby
 *     what is no address                                  invalid
 *
 * Next: address.ts
 *
 * @module
 */

import type { ContentFacts } from "../archive/content_kind.ts";
import type { ContentsTableFacts } from "../archive/contents_table.ts";
import type { LayerFacts, Whiteout } from "../archive/layer.ts";
import type { PackingFacts } from "../archive/packing.ts";
import type { LimitMet, ProblemList } from "../archive/source.ts";
import type { TarEntry } from "../archive/tar_entry.ts";
import type { TarKind } from "../archive/tar_kind.ts";
import type { Format } from "./formats.ts";

/** Everything that can be at an address. */
export type Facts =
  | FolderFacts
  | RepositoryFacts
  | TagsFacts
  | SubjectsFacts
  | UploadsFacts
  | TagFacts
  | ManifestFacts
  | FieldFacts
  | BlobFacts
  | FileFacts
  | ReferrersFacts
  | UploadFacts
  | MissingFacts
  | InvalidFacts;

/** A place that can be looked at, and its text for people. */
export interface PlaceLink {
  /** Its address. On the page it stands behind `/at/`. */
  readonly address: string;
  /** Its text. */
  readonly text: string;
}

/** Something that is wrong. */
export interface Wrong {
  /** The address where it is wrong. */
  readonly address: string;
  /** A sentence. */
  readonly text: string;
}

/** A command that a person may type next. */
export interface NextCommand {
  /** The command, such as `deno task look library/hello:v1`. */
  readonly command: string;
  /** Its purpose in a few words. */
  readonly text: string;
}

/** A part of a list. */
export interface Rows<Row> {
  /** The rows of this part. */
  readonly rows: readonly Row[];
  /** The number of all rows; absent if nobody has counted them. */
  readonly total?: number;
  /** Where the next part is: the same facts with `after` set to this, at this address. Absent at the end. */
  readonly next?: { readonly address: string; readonly after: string };
}

/** The facts that every address has. */
export interface CommonFacts<Kind extends string = string> {
  /** Which facts these are. */
  readonly kind: Kind;
  /** The address as a path on disk, with the whole digest. What was typed may have been shorter. */
  readonly address: string;
  /** The places above it, from the root on. */
  readonly way: readonly PlaceLink[];
  /** Its formats, from the table of formats; the first one says most. */
  readonly formats: readonly Format[];
  /** Everything that is wrong, as far as a look shows it. (`deno task verify` also computes digests.) */
  readonly faults: readonly Wrong[];
  /** The limits that were met: sentences that say what is not shown. */
  readonly limits: readonly string[];
  /** The commands that a person may type next. */
  readonly next: readonly NextCommand[];
}

/** A folder of repositories, or the root. */
export interface FolderFacts extends CommonFacts<"folder"> {
  /** The folder; empty for the root. */
  readonly name: string;
  /** The repositories below it, in all depths. */
  readonly repositories: Rows<RepositoryRow>;
}

/** A repository in a list. */
export interface RepositoryRow extends PlaceLink {
  /** The number of its tags. */
  readonly tags: number;
  /** The number of its blobs and manifests together. */
  readonly contents: number;
  /** The number of its upload sessions. */
  readonly uploads: number;
}

/** A repository. */
export interface RepositoryFacts extends CommonFacts<"repository"> {
  /** Its name. */
  readonly name: string;
  /** The first tags, or those after `after`. */
  readonly tags: Rows<TagRow>;
  /** The first manifests and blobs, or those after `after`, if that is a digest. */
  readonly contents: Rows<ContentRow>;
  /** The size of the blobs and manifests together; absent if there were too many to look at. */
  readonly size?: number;
  /** The blobs that no manifest needs; absent if there were too many manifests to read. */
  readonly loose?: readonly ContentRow[];
  /** The number of subjects that have referrers. */
  readonly subjects: number;
  /** The upload sessions. */
  readonly uploads: Rows<UploadRow>;
  /** The repositories below it, such as `library/hello/dev`. */
  readonly below: Rows<RepositoryRow>;
}

/** The tags of a repository. */
export interface TagsFacts extends CommonFacts<"tags"> {
  /** The repository. */
  readonly name: string;
  /** The tags. */
  readonly tags: Rows<TagRow>;
}

/** The subjects of a repository: manifests that others refer to. */
export interface SubjectsFacts extends CommonFacts<"subjects"> {
  /** The repository. */
  readonly name: string;
  /** The subjects, each with the number of its referrers. */
  readonly subjects: Rows<
    PlaceLink & { readonly digest: string; readonly referrers: number; readonly isThere: boolean }
  >;
}

/** The upload sessions of a repository. */
export interface UploadsFacts extends CommonFacts<"uploads"> {
  /** The repository. */
  readonly name: string;
  /** The sessions. */
  readonly uploads: Rows<UploadRow>;
}

/** A tag in a list. */
export interface TagRow extends PlaceLink {
  /** The digest that it points to; absent if its file has no digest. */
  readonly digest?: string;
  /** The address of the manifest that it points to. */
  readonly to?: string;
  /** The media type of that manifest; absent if the manifest is not there. */
  readonly mediaType?: string;
  /** The formats of the tag itself, for those of cosign and of the referrers tag. */
  readonly formats: readonly Format[];
  /** The time of its last change. */
  readonly changed?: string;
}

/** A manifest or blob in a list. */
export interface ContentRow extends PlaceLink {
  /** Its digest. */
  readonly digest: string;
  /** True if it is a manifest. */
  readonly isManifest: boolean;
  /** The name of its file, such as `layer.tar.gz`; absent if there is none. */
  readonly file?: string;
  /** Its size in bytes. */
  readonly size: number;
  /** The number of names that the file has in repositories that the person may see: they share these bytes. */
  readonly names: number;
  /** The media type of a manifest. */
  readonly mediaType?: string;
}

/** An upload session in a list. */
export interface UploadRow extends PlaceLink {
  /** Its id. */
  readonly id: string;
  /** The number of bytes so far. */
  readonly size: number;
  /** The time of its last use. */
  readonly used?: string;
}

/** A tag, and the manifest that it points to. */
export interface TagFacts extends CommonFacts<"tag"> {
  /** The repository. */
  readonly name: string;
  /** The tag. */
  readonly tag: string;
  /** The digest that it points to. */
  readonly digest?: string;
  /** The time of its last change. */
  readonly changed?: string;
  /** The manifest that it points to, or what is wrong with it. */
  readonly target?: ManifestFacts | MissingFacts;
  /** The subject that its name speaks of, such as the `sha256:…` of `sha256-….sig`. */
  readonly about?: PlaceLink;
}

/** A pointer to content, and whether the content is here. */
export interface DescriptorFacts {
  /** Its place in the document, as a JSON pointer, such as `/layers/0`. */
  readonly pointer: string;
  /** The media type, as the descriptor says it. */
  readonly mediaType: string;
  /** The digest. */
  readonly digest: string;
  /** The size, as the descriptor says it. */
  readonly size: number;
  /** The address of the content; absent if it is not here. */
  readonly address?: string;
  /** The size of the content, if it is here. */
  readonly actualSize?: number;
  /** The number of names that its file has in repositories that the person may see. */
  readonly names?: number;
  /** The formats of the content, as far as the descriptor tells. */
  readonly formats: readonly Format[];
  /** The platform, such as `linux/arm64/v8`. */
  readonly platform?: string;
  /** The type of artifact, if the descriptor has one. */
  readonly artifactType?: string;
  /** The annotations. */
  readonly annotations: readonly TextRow[];
  /** The content itself, if the descriptor has it in `data` and it is text. */
  readonly data?: string;
  /** Other addresses of the content. */
  readonly urls?: readonly string[];
}

/** A name and a text, such as an annotation or a label. */
export interface TextRow {
  /** The name. */
  readonly name: string;
  /** The text. */
  readonly text: string;
  /** A sentence about the name, if it is a known one. */
  readonly what?: string;
  /** The place that the text names, if it is here: the base image, for example. */
  readonly link?: PlaceLink;
}

/** A layer of an image. */
export interface LayerRow extends DescriptorFacts {
  /** Its number, from 0 for the lowest. */
  readonly number: number;
  /** The digest of the unpacked layer, as the config says it. */
  readonly diffId?: string;
  /** The step that made it, from the history of the config. */
  readonly made?: HistoryRow;
}

/** A step of an image's history. */
export interface HistoryRow {
  /** The command, such as `RUN apt-get update`, shortened by what the builder puts in front. */
  readonly command?: string;
  /** The command as the config has it. */
  readonly createdBy?: string;
  /** The comment, such as `buildkit.dockerfile.v0`. */
  readonly comment?: string;
  /** The time. */
  readonly created?: string;
  /** The number of the layer that it made; absent if it made none. */
  readonly layer?: number;
}

/** The config of an image, for people. */
export interface ImageConfigFacts {
  /** The platform, such as `linux/amd64`. */
  readonly platform: string;
  /** The time when the image was made. */
  readonly created?: string;
  /** Its author. */
  readonly author?: string;
  /** The user, the working folder, the signal that stops it. */
  readonly user?: string;
  /** The working folder. */
  readonly workingDir?: string;
  /** The signal that stops a container. */
  readonly stopSignal?: string;
  /** The program that a container runs, and its arguments. */
  readonly entrypoint?: readonly string[];
  /** The arguments, or the program if there is no entrypoint. */
  readonly cmd?: readonly string[];
  /** The environment. */
  readonly env: readonly TextRow[];
  /** The labels. */
  readonly labels: readonly TextRow[];
  /** The ports, such as `80/tcp`. */
  readonly ports: readonly string[];
  /** The volumes. */
  readonly volumes: readonly string[];
  /** The digests of the unpacked layers. */
  readonly diffIds: readonly string[];
  /** The steps that made the image. */
  readonly history: readonly HistoryRow[];
}

/** A manifest that refers to another one, and the manifests that refer to it in turn. */
export interface ReferrerNode extends PlaceLink {
  /** Its digest. */
  readonly digest: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Its type of artifact. */
  readonly artifactType?: string;
  /** Its formats. */
  readonly formats: readonly Format[];
  /** Its annotations. */
  readonly annotations: readonly TextRow[];
  /** The manifests that refer to it. */
  readonly referrers: readonly ReferrerNode[];
}

/** Something that two manifests have both. */
export interface SharedRow extends PlaceLink {
  /** The digest of the other manifest; absent if it is only known that another repository has the same file. */
  readonly digest?: string;
  /** The digests of the blobs that both have. */
  readonly blobs: readonly string[];
  /** The size of these blobs, in bytes. */
  readonly size: number;
  /** The tags of the other manifest. */
  readonly tags: readonly string[];
}

/** A manifest. */
export interface ManifestFacts extends CommonFacts<"manifest"> {
  /** The repository. */
  readonly name: string;
  /** Its digest. */
  readonly digest: string;
  /** Its size in bytes. */
  readonly size: number;
  /** The media type under which it was pushed. */
  readonly mediaType: string;
  /** Its shape; absent if it cannot be read as a manifest. */
  readonly shape?: "image" | "index";
  /** Its type of artifact. */
  readonly artifactType?: string;
  /** The tags that point to it. */
  readonly tags: readonly string[];
  /** The time when it was pushed, or pushed again. */
  readonly pushed?: string;
  /** The platform of an image, as its config or an index says it. */
  readonly platform?: string;
  /** The config. */
  readonly config?: DescriptorFacts;
  /** The config's content, if it is that of an image. */
  readonly image?: ImageConfigFacts;
  /** The layers, the lowest first. */
  readonly layers: readonly LayerRow[];
  /** The children of an index. */
  readonly children: Rows<ChildRow>;
  /** The manifest that it refers to. */
  readonly subject?: DescriptorFacts;
  /** The manifests that refer to it. */
  readonly referrers: readonly ReferrerNode[];
  /** The annotations. */
  readonly annotations: readonly TextRow[];
  /** What speaks of it without being a referrer: tags of cosign, and attestations of BuildKit. */
  readonly claims: readonly ClaimRow[];
  /** The indexes of the repository that have it as a child. */
  readonly parents: readonly ParentRow[];
  /** What it shares with other manifests, the largest first. */
  readonly shared: readonly SharedRow[];
  /** The document itself. */
  readonly json: JsonFacts;
}

/** An index that has a manifest as a child. */
export interface ParentRow extends PlaceLink {
  /** Its digest. */
  readonly digest: string;
  /** The tags that point to it. */
  readonly tags: readonly string[];
}

/** A manifest that speaks of another one without being its referrer. */
export interface ClaimRow extends PlaceLink {
  /** Its digest. */
  readonly digest: string;
  /** The way in which it speaks of the other one: by its tag, or by an annotation in the same index. */
  readonly by: "tag" | "index";
  /** Its formats. */
  readonly formats: readonly Format[];
}

/** A child of an index. */
export interface ChildRow extends DescriptorFacts {
  /** If it is an attestation of BuildKit: the digest of the image that it belongs to. It is no platform. */
  readonly about?: string;
}

/** A JSON document, with each field explained. */
export interface JsonFacts {
  /** The document as it is on disk, up to a limit; bytes that are no UTF-8 became U+FFFD. */
  readonly text: string;
  /** True if `text` is all of it. */
  readonly isWhole: boolean;
  /** Its fields, in the order of the document, each object and list before what is in it. Empty if it is no JSON. */
  readonly fields: readonly FieldRow[];
  /** Why it cannot be read, and where: line and column count from 1. */
  readonly broken?: { readonly text: string; readonly line?: number; readonly column?: number };
}

/** A field of a JSON document. */
export interface FieldRow {
  /** The JSON pointer, such as `/layers/0/digest`; empty for the document itself. */
  readonly pointer: string;
  /** The name or the number; empty for the document itself. */
  readonly name: string;
  /** The number of objects and lists around it. */
  readonly depth: number;
  /** The type of its value. */
  readonly type: "object" | "list" | "text" | "number" | "boolean" | "null";
  /** Its value, if that is no object or list. A long text is cut. */
  readonly value?: string | number | boolean | null;
  /** The number of fields or items. */
  readonly length?: number;
  /** A sentence about it. */
  readonly what?: string;
  /** The place in the specification. */
  readonly spec?: string;
  /** The place that its value names, if it is here. */
  readonly link?: PlaceLink;
}

/** A part of a JSON document, by its JSON pointer. */
export interface FieldFacts extends CommonFacts<"field"> {
  /** The repository. */
  readonly name: string;
  /** The digest of the document. */
  readonly digest: string;
  /** The JSON pointer. */
  readonly pointer: string;
  /** The part, and what is in it. */
  readonly fields: readonly FieldRow[];
  /** The same as JSON text. */
  readonly text: string;
  /** The content that it points to, if it is a descriptor. */
  readonly descriptor?: DescriptorFacts;
}

/** A blob. */
export interface BlobFacts extends CommonFacts<"blob"> {
  /** The repository. */
  readonly name: string;
  /** Its digest. */
  readonly digest: string;
  /** The name of its file. */
  readonly file: string;
  /** Its size in bytes. */
  readonly size: number;
  /** The number of names that its file has in repositories that the person may see. */
  readonly names: number;
  /** The time when it was pushed, or last asked for before a push. */
  readonly used?: string;
  /** The places in manifests that point to it. Empty if nothing needs it; absent if there were too many manifests to read. */
  readonly neededBy?: readonly NeedRow[];
  /** Other repositories that have it. If `names` is more than 1, some of them share the file. */
  readonly elsewhere: readonly PlaceLink[];
  /** The bytes, for those that are no layer. */
  readonly content?: ContentBytes;
  /** The document, if it is JSON. */
  readonly json?: JsonFacts;
  /** The config of an image, if it is one. */
  readonly image?: ImageConfigFacts;
  /** The claim inside, if it is an attestation or a signature. */
  readonly statement?: StatementFacts;
  /** The archive, if it is a layer. */
  readonly layer?: LayerListing;
}

/** A pointer to a blob. */
export interface NeedRow extends PlaceLink {
  /** The digest of the manifest that it is in. */
  readonly digest: string;
  /** Its JSON pointer, such as `/layers/0`. */
  readonly pointer: string;
  /** The media type that it says. */
  readonly mediaType: string;
  /** The tags of the manifest. */
  readonly tags: readonly string[];
}

/** The first bytes of something. */
export interface ContentBytes {
  /** What the bytes are. */
  readonly is: ContentFacts;
  /** The size of the whole, in bytes. */
  readonly size: number;
  /** The text, if it is text: up to the first MiB. */
  readonly text?: string;
  /** True if `text` is all of it. */
  readonly isWhole: boolean;
  /** The first 4 KiB, as base64. */
  readonly head: string;
}

/** A layer as an archive. */
export interface LayerListing {
  /** How it is packed. */
  readonly packing: PackingFacts;
  /** The number of entries. */
  readonly entries: number;
  /** The number of files, folders and links in the tree. */
  readonly nodes: number;
  /** The bytes of its files. */
  readonly size: number;
  /** What it removes from the layers below. */
  readonly whiteouts: number;
  /** The digest of the unpacked bytes, if somebody asked for it. */
  readonly diffId?: string;
  /** Its first entries: those of its outermost folder. */
  readonly top: Rows<EntryRow>;
  /** The table of contents of eStargz or zstd:chunked. */
  readonly table?: ContentsTableFacts;
  /** What is wrong in it. */
  readonly problems: ProblemList;
  /** The limit that ended the reading. */
  readonly limitMet?: LimitMet;
  /** All of it, if `whole` was asked for. */
  readonly whole?: LayerFacts;
}

/** A file, a folder or a link, in a list. */
export interface EntryRow extends PlaceLink {
  /** Its kind. */
  readonly kind: TarKind;
  /** The bytes of the file, or of all files below the folder. */
  readonly size: number;
  /** The number of files below a folder. */
  readonly files?: number;
  /** The permissions, as `ls -l` shows them, such as `rwxr-xr-x`; absent for a folder that only paths imply. */
  readonly mode?: string;
  /** The owner and group, such as `0:0`. */
  readonly owner?: string;
  /** The time of its last change. */
  readonly modified?: string;
  /** Where a link leads to. */
  readonly target?: string;
  /** Whether it removes something from the layers below. */
  readonly whiteout?: Whiteout;
  /** In stacked layers: the number of the layer that it comes from. */
  readonly layer?: number;
  /** In stacked layers: true if an earlier layer had something else there. */
  readonly isReplacement?: boolean;
  /** In stacked layers: the number of the last layer that changed it, or something below it. */
  readonly touched?: number;
}

/** A file, folder or link in a layer, or in the stacked layers of an image. */
export interface FileFacts extends CommonFacts<"file"> {
  /** The repository. */
  readonly name: string;
  /** The digest of the layer that it is in. */
  readonly digest: string;
  /** True if the layers are stacked: the file is what a container sees. */
  readonly isStacked: boolean;
  /** The path, such as `etc/motd`; empty for the outermost folder. */
  readonly path: string;
  /** The path that the address names, if symbolic links led from there to `path`. */
  readonly asked?: string;
  /** Its row. */
  readonly row: EntryRow;
  /** The place that a link leads to, if there is something. */
  readonly leadsTo?: PlaceLink;
  /** Its entry in the archive; absent for a folder that only paths imply. */
  readonly entry?: TarEntry;
  /** Its first bytes, if it is a file. A hard link has those of the file that it leads to. */
  readonly content?: ContentBytes;
  /** What is in it, if it is a folder. */
  readonly entries?: Rows<EntryRow>;
  /** In stacked layers: every layer that has or removes this path, the lowest first. */
  readonly layers?:
    readonly (PlaceLink & { readonly layer: number; readonly size: number; readonly whiteout?: Whiteout })[];
  /** The image that was taken, if the address named an index. */
  readonly platform?: string;
}

/** The claim in an attestation or a signature. Nothing of it is verified. */
export interface StatementFacts {
  /** A sentence: nobody has checked the signature. */
  readonly warning: string;
  /** The envelope around it, with the number of its signatures. */
  readonly envelope?: { readonly payloadType: string; readonly signatures: number; readonly keys: readonly string[] };
  /** The type of the statement, such as `https://in-toto.io/Statement/v1`. */
  readonly type?: string;
  /** The type of the claim, such as `https://slsa.dev/provenance/v1`. */
  readonly predicateType?: string;
  /** The formats of the claim. */
  readonly formats: readonly Format[];
  /** The things that it speaks of. */
  readonly subjects: readonly { readonly name?: string; readonly digest?: string; readonly link?: PlaceLink }[];
  /** The program that built it, as it says itself. */
  readonly builder?: string;
  /** The kind of the build. */
  readonly buildType?: string;
  /** The sources and base images that went into it. */
  readonly materials: readonly { readonly uri: string; readonly digest?: string }[];
  /** Who signed, as the certificate in the bundle would say; only that there is one. */
  readonly certificate?: boolean;
  /** The number of entries in a public log that the bundle names. */
  readonly logEntries?: number;
  /** The decoded payload, as JSON with its fields. */
  readonly payload?: JsonFacts;
  /** Why it could not be decoded. */
  readonly broken?: string;
}

/** The referrers of a manifest. */
export interface ReferrersFacts extends CommonFacts<"referrers"> {
  /** The repository. */
  readonly name: string;
  /** The digest of the subject. */
  readonly digest: string;
  /** The subject, if it is here. */
  readonly subject?: PlaceLink;
  /** The referrers. */
  readonly referrers: readonly ReferrerNode[];
}

/** An upload session. */
export interface UploadFacts extends CommonFacts<"upload"> {
  /** The repository. */
  readonly name: string;
  /** Its id. */
  readonly id: string;
  /** The number of bytes so far: the offset of the next chunk. */
  readonly size: number;
  /** The time of its last use. */
  readonly used?: string;
  /** True if a request appends bytes at this moment. */
  readonly isGrowing: boolean;
  /** The first bytes. */
  readonly content: ContentBytes;
}

/** What is not there. */
export interface MissingFacts extends CommonFacts<"missing"> {
  /** A sentence that says what is not there. */
  readonly text: string;
  /** What is nearby, the nearest first. */
  readonly near: readonly PlaceLink[];
}

/** A text that is no address. */
export interface InvalidFacts extends CommonFacts<"invalid"> {
  /** What an address would be. */
  readonly expected: string;
  /** What came instead. */
  readonly actual: string;
}
