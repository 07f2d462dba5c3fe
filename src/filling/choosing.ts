/**
 * Choosing: which images of a source are pushed, into which repositories, and under which tags.
 *
 *     hello.tar   index.json: v1 ─▶ sha256:7d1a…, v2 ─▶ sha256:e8b2…, and a signature of sha256:7d1a…
 *
 *     all of it, as its index says           hello: v1, v2, the signature
 *     --image v1                             hello: v1, the signature
 *     --image v1, as library/hello:stable    library/hello: stable, the signature
 *
 * Referrers come with the image that they are about, and so do the lists of them under the referrers tag (COMPAT-05). An image that
 * was not chosen stays away, with its referrers.
 *
 * Next: exporting.ts
 *
 * @module
 */

import { referrersTag } from "../backwards_compatibility/referrers_tag_schema.ts";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { Tag } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import { type Files, FillError } from "./files.ts";
import { INDEX_FILE, type Listed } from "./layout.ts";
import { isManifest, type Manifests, type Planned } from "./plan.ts";
import { nameOfFile } from "./references.ts";

/** An image, and where it is in a registry. */
export interface ImageInRegistry {
  /** The repository. */
  readonly name: string;
  /** Its tag, if it has one. */
  readonly tag?: string;
  /** Its digest. */
  readonly digest: string;
  /** The digest of the index that the source names, if the source has just this one image of it. */
  readonly index?: string;
}

/** What the images are called in the registry. If it is one image, it gets just this tag, or none. */
export interface Naming {
  /** The repository for all of them. */
  readonly name?: Name;
  /** The tag of the one image. */
  readonly tag?: Tag;
  /** True if it is one image. */
  readonly isOne: boolean;
}

/** What is pushed to one repository. */
export interface Plan {
  /** The manifests, each after those that it needs. */
  readonly manifests: Map<Digest, Planned>;
  /** The tags, and what they point to. */
  readonly tags: Map<Tag, Digest>;
}

/**
 * Returns what is pushed to each repository, and the images among that. `image` is what the source calls the image to take; without it,
 * all of them are taken.
 *
 * @throws {FillError} if the source has no such image, or several.
 */
export async function planAll(
  files: Files,
  listed: readonly Listed[],
  manifests: Manifests,
  { name: givenName, tag: givenTag, isOne }: Naming,
  image: string | undefined,
): Promise<{ plans: Map<Name, Plan>; images: ImageInRegistry[] }> {
  const work = new LongWork();
  const subjects = new Map<Listed, Digest>();
  for (const one of listed) {
    if (work.isLong()) await work.giveWay();
    const subject = await subjectOf(manifests, one);
    if (subject !== undefined) subjects.set(one, subject);
  }
  // Referrers, and the lists of them under the referrers tag (COMPAT-05), come with what they are about.
  const isAttached = (one: Listed) => subjects.has(one) || REFERRERS_TAG.test(one.reference.tag ?? "");
  const wanted = chosen(files, listed, listed.filter((one) => !isAttached(one)), { image, tag: givenTag, isOne });
  const nameOf = namesFor(files, listed, givenName);

  const plans = new Map<Name, Plan>();
  const images: ImageInRegistry[] = [];
  const add = async (name: Name, { descriptor, text }: Listed, tag: Tag | undefined) => {
    const plan = plans.get(name) ?? { manifests: new Map(), tags: new Map() };
    plans.set(name, plan);
    const taken = await manifests.takenOf(descriptor);
    const { digest } = taken;
    await manifests.addTo(plan.manifests, taken);
    if (tag !== undefined && (plan.tags.get(tag) ?? digest) !== digest) {
      throw new FillError(
        files.label,
        INDEX_FILE,
        `has two images that would be ${name}:${tag}; one of them is ${text}`,
      );
    }
    if (tag !== undefined) plan.tags.set(tag, digest);
    const index = taken === descriptor ? {} : { index: descriptor.digest };
    images.push({ name, ...(tag === undefined ? {} : { tag }), digest, ...index });
  };
  for (const one of wanted) {
    if (work.isLong()) await work.giveWay();
    await add(nameOf(one), one, isOne ? givenTag : one.reference.tag);
    if (isOne) break;
  }

  let left = listed.filter((one) => isAttached(one) && !wanted.includes(one));
  for (let before = Infinity; left.length < before;) {
    before = left.length;
    const later: Listed[] = [];
    for (const one of left) {
      if (work.isLong()) await work.giveWay();
      const { tag } = one.reference;
      const itsPlans = [...plans].filter(([, plan]) => isAbout(one, subjects.get(one), plan));
      for (const [name] of itsPlans) await add(name, one, isOne && !REFERRERS_TAG.test(tag ?? "") ? undefined : tag);
      if (itsPlans.length === 0) later.push(one);
    }
    left = later;
  }
  // They are about something that is not in the source.
  if (image === undefined && !isOne) { for (const one of left) await add(nameOf(one), one, one.reference.tag); }
  return { plans, images };
}

// The form of the tag under which clients list the referrers of a manifest (COMPAT-05 to -07).
const REFERRERS_TAG = /^[a-z0-9]+(?:[._-][a-z0-9]+)*-[0-9a-f]{64}$/;

async function subjectOf(manifests: Manifests, { descriptor }: Listed): Promise<Digest | undefined> {
  if (!isManifest(descriptor)) return undefined;
  return (await manifests.get(descriptor))?.manifest.subject?.digest;
}

function isAbout({ reference }: Listed, subject: Digest | undefined, { manifests }: Plan): boolean {
  if (subject !== undefined) return manifests.has(subject);
  return [...manifests.keys()].some((digest) => referrersTag(digest) === reference.tag);
}

// Returns the images to take, or the only one.
function chosen(
  files: Files,
  listed: readonly Listed[],
  images: readonly Listed[],
  { image, tag, isOne }: { image: string | undefined; tag: Tag | undefined; isOne: boolean },
): readonly Listed[] {
  const several = images.length === 0 ? listed : images;
  const fits = ({ descriptor: { digest }, text, reference }: Listed) => [digest, text, reference.tag].includes(image);
  const found = image === undefined ? several : listed.filter(fits);
  const what = listed.length === 0 ? "has no image at all" : `has these: ${someOf(listed)}`;
  if (found.length === 0) {
    throw new FillError(files.label, undefined, image === undefined ? what : `has no image ${image}; it ${what}`);
  }
  if (!isOne || areOne(found)) return found;
  const named = found.filter(({ reference }) => tag !== undefined && reference.tag === tag);
  if (named.length > 0 && areOne(named)) return named;
  throw new FillError(files.label, undefined, `has several images; say which one with --image. It ${what}`);
}

function areOne(listed: readonly Listed[]): boolean {
  return listed.every(({ descriptor: { digest } }) => digest === listed[0].descriptor.digest);
}

const MOST_NAMED = 20;

function someOf(listed: readonly Listed[]): string {
  const texts = listed.slice(0, MOST_NAMED).map(({ text }) => text).join(", ");
  return listed.length > MOST_NAMED ? `${texts}, and ${listed.length - MOST_NAMED} more` : texts;
}

// Returns a function that names the repository of an image.
function namesFor(files: Files, listed: readonly Listed[], given: Name | undefined): (one: Listed) => Name {
  const known = [...new Set(listed.map(({ reference }) => reference.name).filter((name) => name !== undefined))];
  const usual = known.length === 1 ? known[0] : nameOfFile(files.label);
  return ({ reference, text }) => {
    const name = given ?? reference.name ?? usual;
    if (name !== undefined) return name;
    throw new FillError(files.label, undefined, `does not say to which repository ${text} belongs; give its NAME`);
  };
}
